/// What generated files may not carry.
enum GeneratedRules {
    /// Lines at the top that say where the file is from.
    static let headerLinesMax = 10
    /// Uncapitalised words in a row that make a comment or a string literal prose.
    static let proseWordsMin = 12

    /// Generated files hold facts of an interface, names and limits, never its documentation's sentences.
    @Sendable static func prose(_ file: SourceFile) -> [Finding] {
        guard file.isGenerated else { return [] }
        return file.lines.indices.dropFirst(headerLinesMax).compactMap { index in
            let words = max(longestRun(file.comments[index]), longestRun(file.strings[index]))
            guard words >= proseWordsMin else { return nil }
            return file.finding(at: index, "\(words) words in a row: prose of the model does not belong here")
        }
    }

    /// The longest run of words of a sentence, each parted from the next by one space.
    ///
    /// A capitalised word goes on with a run but does not count: lists of names are facts.
    private static func longestRun(_ line: String) -> Int {
        var longest = 0
        var current = 0
        for word in line.split(separator: " ") {
            guard word.contains(where: \.isLetter), word.allSatisfy({ $0.isLetter || ",.;:'()-/".contains($0) }) else {
                current = 0
                continue
            }
            if word.first?.isUppercase == false { current += 1 }
            longest = max(longest, current)
        }
        return longest
    }
}
