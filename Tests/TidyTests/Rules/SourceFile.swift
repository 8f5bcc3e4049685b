/// A file under the house rules, read once and cut into lines.
struct SourceFile: Sendable {
    /// The path from the package's root, such as `Sources/Primitives/Hex.swift`.
    let path: String
    /// The lines as they are, without line ends.
    let lines: [String]
    /// The same lines with comments and string literals blanked; the lines themselves where the file is not Swift.
    let code: [String]
    /// The same lines with everything but comments blanked; empty lines where the file is not Swift.
    let comments: [String]
    /// The same lines with everything but string literals blanked; empty lines where the file is not Swift.
    let strings: [String]

    /// - Parameters:
    ///   - path: from the package's root; its folders and suffix decide which rules apply.
    ///   - text: the whole file.
    init(path: String, text: String) {
        self.path = path
        let bytes = Array(text.utf8)
        self.lines = SourceFile.split(bytes)
        guard path.hasSuffix(".swift") else {
            self.code = lines
            self.comments = lines.map { _ in "" }
            self.strings = comments
            return
        }
        let kinds = Lexer.kinds(of: bytes)
        func only(_ kind: Lexer.Kind) -> [String] {
            SourceFile.split(
                zip(bytes, kinds).map { byte, found in
                    found == kind || byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " ")
                })
        }
        self.code = only(.code)
        self.comments = only(.comment)
        self.strings = only(.string)
    }

    /// The name after the last slash.
    var name: String { String(path.split(separator: "/").last ?? "") }

    /// Whether this is Swift source.
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// Whether `brume-modelgen` wrote it.
    var isGenerated: Bool { path.contains("/Generated/") }

    /// The target's folder below Sources, such as `Gateway` or `Services/STS/Service`; empty elsewhere.
    var targetFolder: String {
        let parts = path.split(separator: "/")
        guard parts.first == "Sources", parts.count > 2 else { return "" }
        return parts[1] == "Services" ? parts[1..<min(4, parts.count - 1)].joined(separator: "/") : String(parts[1])
    }

    /// Whether it is part of what users run: under Sources, or the benchmarks.
    var isProduct: Bool { isSwift && (path.hasPrefix("Sources/") || path.hasPrefix("Bench/")) }

    /// Whether it is part of a program with a command line, where printing is the job.
    var isCommandLine: Bool {
        ["brume", "brume-modelgen", "Bench"].contains(targetFolder) || path.hasPrefix("Bench/")
    }

    /// A finding in the line at `index`, counted from 0; `message` says what is wrong and what to do instead.
    func finding(at index: Int, _ message: String) -> Finding {
        Finding(path: path, line: index + 1, message: message)
    }

    private static func split(_ bytes: [UInt8]) -> [String] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}
