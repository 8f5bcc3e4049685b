/// How long files, lines and functions may be: what a reader can hold in the head, and what fits a screen.
enum SizeRules {
    /// Lines of a hand-written file.
    static let fileLinesMax = 500
    /// Characters of a line.
    static let lineColumnsMax = 120
    /// Lines of a function, from its first word to its closing brace.
    static let functionLinesMax = 70

    /// Hand-written Swift and Python files stay under ``fileLinesMax``.
    @Sendable static func fileLength(_ file: SourceFile) -> [Finding] {
        guard !file.isGenerated, file.isSwift || file.path.hasSuffix(".py") else { return [] }
        guard file.lines.count > fileLinesMax else { return [] }
        return [file.finding(at: fileLinesMax, "file of \(file.lines.count) lines; split it (at most \(fileLinesMax))")]
    }

    /// Lines of hand-written Swift and Python stay under ``lineColumnsMax``; in tests a line that is one string may be
    /// longer, so that a sentence which is pinned can be searched for.
    @Sendable static func lineWidth(_ file: SourceFile) -> [Finding] {
        guard !file.isGenerated, file.isSwift || file.path.hasSuffix(".py") else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            // Bytes first: counting characters is slow, and a line has at least as many bytes.
            guard line.utf8.count > lineColumnsMax, line.count > lineColumnsMax else { return nil }
            guard !(file.path.hasPrefix("Tests/") && isOneString(line)) else { return nil }
            return file.finding(at: index, "line of \(line.count) columns (at most \(lineColumnsMax))")
        }
    }

    /// Sentences of documents stay under ``lineColumnsMax``; rows of tables and what is code may be longer.
    @Sendable static func proseWidth(_ file: SourceFile) -> [Finding] {
        guard file.path.hasSuffix(".md") else { return [] }
        var isFenced = false
        return file.lines.enumerated().compactMap { index, line in
            if line.hasPrefix("```") { isFenced.toggle() }
            guard line.utf8.count > lineColumnsMax, line.count > lineColumnsMax else { return nil }
            guard !isFenced, !line.hasPrefix("|"), !line.hasPrefix("    ") else { return nil }
            return file.finding(at: index, "line of \(line.count) columns (at most \(lineColumnsMax))")
        }
    }

    /// Whether nothing stands in a line but a string literal and a comma.
    private static func isOneString(_ line: String) -> Bool {
        let text = line.drop { $0 == " " }
        let end = text.last == "," ? text.dropLast() : text
        return (text.hasPrefix("\"") || text.hasPrefix("#\"")) && (end.hasSuffix("\"") || end.hasSuffix("\"#"))
    }

    /// Functions of hand-written Swift stay under ``functionLinesMax``.
    @Sendable static func functionLength(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, !file.isGenerated else { return [] }
        return FunctionScanner.functions(in: file).compactMap { function in
            guard function.lineCount > functionLinesMax else { return nil }
            let text = "\(function.name) has \(function.lineCount) lines; split it (at most \(functionLinesMax))"
            return file.finding(at: function.firstLine, text)
        }
    }
}
