/// What generated files may not carry.
enum GeneratedRules {
    /// Lines at the top that say where the file is from.
    static let headerLinesMax = 10
    /// Words in a row that make a comment or a string literal prose.
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

    /// The length of the longest run of plain words, each parted from the next by one space.
    private static func longestRun(_ line: String) -> Int {
        var longest = 0
        var current = 0
        for word in line.split(separator: " ", omittingEmptySubsequences: true) {
            let isPlain =
                word.contains(where: \.isLetter)
                && word.allSatisfy { $0.isLetter || ",.;:'()-/".contains($0) }
            current = isPlain ? current + 1 : 0
            longest = max(longest, current)
        }
        return longest
    }
}
