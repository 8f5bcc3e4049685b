/// Words that do not belong in the code, or in any file of the project.
enum ForbiddenWords {
    /// A word in code, where it is wrong, and what to do instead.
    private struct Word {
        let pattern: String
        let advice: String
        /// Whether the rule concerns this file.
        let concerns: @Sendable (SourceFile) -> Bool
    }

    private static let codeWords: [Word] = [
        Word(pattern: "try!", advice: "throws out of the process; handle the error", concerns: \.isProduct),
        Word(pattern: "as!", advice: "ends the process on a wrong type; use as? with an answer", concerns: \.isProduct),
        Word(pattern: "fatalError(", advice: "use preconditionFailure with a sentence", concerns: \.isProduct),
        Word(pattern: "public", advice: "this is an application: package at most", concerns: \.isProduct),
        Word(pattern: "print(", advice: "only the command line prints; use the log port", concerns: \.isLibrary),
        Word(pattern: "debugPrint(", advice: "only the command line prints; use the log port", concerns: \.isLibrary),
        Word(pattern: "Date()", advice: "time is injected; take a clock", concerns: \.takesTimeFromOutside),
        Word(pattern: "Date.now", advice: "time is injected; take a clock", concerns: \.takesTimeFromOutside),
        Word(pattern: "@testable", advice: "tests see package declarations in a release build", concerns: \.isSwift),
    ]

    /// Notes to oneself, and words that mean something only on one machine or to one author.
    ///
    /// Each is joined from two parts so that this file may stand under its own rule.
    private static let textWords: [(word: String, advice: String)] = [
        ("FIX" + "ME", "finish it, or write down the limit in docs/limits.md"),
        ("TO" + "DO", "finish it, or write down the limit in docs/limits.md"),
        ("XX" + "X:", "finish it, or write down the limit in docs/limits.md"),
        ("/wo" + "rk/", "a path of one machine"),
        ("/ro" + "ot/", "a path of one machine"),
        ("/tmp/mi" + "ni", "a path of one machine"),
        ("HELP" + "ERS.md", "not part of this project"),
        ("the le" + "ad ", "readers do not know who that is; name the part of the code"),
        ("this work" + "place", "readers do not know it; name the condition"),
        ("sub" + "agent", "readers do not know it"),
        ("next is" + "sue", "readers cannot see it; describe the limit in docs/limits.md"),
    ]

    /// No forced unwrapping and none of the words above in code.
    @Sendable static func inCode(_ file: SourceFile) -> [Finding] {
        guard file.isSwift else { return [] }
        let words = codeWords.filter { $0.concerns(file) }
        var findings: [Finding] = []
        for (index, line) in file.code.enumerated() {
            for word in words where containsWord(word.pattern, in: line) {
                findings.append(file.finding(at: index, "\(word.pattern) \(word.advice)"))
            }
            if file.isProduct, forcesUnwrap(line) {
                let advice = "forced unwrap; use guard let, or precondition with a sentence"
                findings.append(file.finding(at: index, advice))
            }
        }
        return findings
    }

    /// No notes to oneself and no words of one machine in any file.
    @Sendable static func inText(_ file: SourceFile) -> [Finding] {
        file.lines.enumerated().flatMap { index, line in
            textWords.filter { containsWord($0.word, in: line) }.map { word, advice in
                file.finding(at: index, "\(word.trimmed): \(advice)")
            }
        } + chapters(file)
    }

    /// A file that needs chapters is two files.
    private static func chapters(_ file: SourceFile) -> [Finding] {
        file.comments.enumerated().filter { $0.element.contains("MARK:") }.map { index, _ in
            file.finding(at: index, "a file with chapters is two files; split it by subject")
        }
    }

    /// Whether a line has the pattern, not as the middle of a longer name or as a member of something.
    static func containsWord(_ pattern: String, in line: String) -> Bool {
        let line = Array(line.utf8)
        let wanted = Array(pattern.utf8)
        guard line.count >= wanted.count, let first = wanted.first, let last = wanted.last else { return false }
        for start in 0...(line.count - wanted.count) where line[start] == first {
            guard line[start..<(start + wanted.count)].elementsEqual(wanted) else { continue }
            let before = start > 0 ? line[start - 1] : 0
            let after = start + wanted.count < line.count ? line[start + wanted.count] : 0
            let beginsInName = isNameByte(first) && (isNameByte(before) || before == UInt8(ascii: "."))
            let endsInName = isNameByte(last) && isNameByte(after)
            if !beginsInName, !endsInName { return true }
        }
        return false
    }

    /// Whether `!` follows an expression: `value!`, `call()!`, `list[0]!`, but not `a != b` or `!flag`.
    static func forcesUnwrap(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        for index in bytes.indices.dropFirst() where bytes[index] == UInt8(ascii: "!") {
            let before = bytes[index - 1]
            let follows = index + 1 < bytes.count ? bytes[index + 1] : 0
            let endsExpression = isNameByte(before) || before == UInt8(ascii: ")") || before == UInt8(ascii: "]")
            guard endsExpression, follows != UInt8(ascii: "=") else { continue }
            let word = bytes[..<index].reversed().prefix(while: isNameByte).reversed()
            if !["try", "as"].contains(String(decoding: word, as: UTF8.self)) { return true }
        }
        return false
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }
}

extension SourceFile {
    /// Whether it is product code without a command line.
    var isLibrary: Bool { isProduct && !isCommandLine }

    /// Whether it is product code that must be given a clock; Telemetry stamps what happens now.
    var takesTimeFromOutside: Bool { isProduct && targetFolder != "Telemetry" }
}

extension String {
    /// Without spaces at both ends.
    var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
