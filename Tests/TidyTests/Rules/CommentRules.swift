/// Where a comment must stand: the compiler cannot check these places, so a reader must be able to.
enum CommentRules {
    /// One of these must occur in the comment above an unchecked promise to the compiler.
    private static let safetyWords = [
        "sendable", "thread", "lock", "mutex", "immutable", "event loop", "loop's", "concurren", "isolat", "unchecked",
    ]

    /// `@unchecked Sendable` and `nonisolated(unsafe)` say in a comment above why they are safe.
    @Sendable static func uncheckedSendable(_ file: SourceFile) -> [Finding] {
        guard file.isProduct else { return [] }
        return file.code.enumerated().compactMap { index, line in
            let promise = ["@unchecked Sendable", "nonisolated(unsafe)"].first { line.contains($0) }
            guard let promise else { return nil }
            let comment = commentAbove(index, in: file).lowercased()
            guard !safetyWords.contains(where: { comment.contains($0) }) else { return nil }
            return file.finding(at: index, "\(promise) without a comment above that says why it is safe")
        }
    }

    /// A task that nobody's scope awaits says in a comment who does.
    @Sendable static func unstructuredTask(_ file: SourceFile) -> [Finding] {
        guard file.isProduct, !file.isGenerated else { return [] }
        return file.code.enumerated().compactMap { index, line in
            let starts = ["Task {", "Task(", "Task.detached", "Task.immediate"]
            guard starts.contains(where: { ForbiddenWords.containsWord($0, in: line) }) else { return nil }
            guard commentAbove(index, in: file).isEmpty, file.comments[index].trimmed.isEmpty else { return nil }
            return file.finding(at: index, "an unstructured Task needs a comment that says who awaits it")
        }
    }

    /// The types that other targets can see are documented; whether the words say something is for the review.
    @Sendable static func documentation(_ file: SourceFile) -> [Finding] {
        guard file.isProduct, !file.isGenerated else { return [] }
        return file.code.enumerated().compactMap { index, line in
            guard let name = declaredType(in: line), !commentAbove(index, in: file).contains("///") else { return nil }
            return file.finding(at: index, "\(name) has no doc comment")
        }
    }

    /// The name of the type that a line declares for the whole package, or nil.
    private static func declaredType(in line: String) -> String? {
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        let kinds: Set<String> = ["struct", "class", "enum", "protocol", "actor"]
        guard let access = words.firstIndex(of: "package"), !words.contains("func"), !words.contains("import"),
            let kind = words[access...].firstIndex(where: { kinds.contains($0) }), kind + 1 < words.count
        else { return nil }
        return words[kind + 1]
    }

    /// The comment lines directly above a line, attributes between them skipped.
    private static func commentAbove(_ index: Int, in file: SourceFile) -> String {
        var collected: [String] = []
        var above = index - 1
        while above >= 0 {
            let line = file.lines[above].trimmed
            if line.hasPrefix("//") || (line.hasPrefix("*") && !file.comments[above].trimmed.isEmpty) {
                collected.append(line)
            } else if !(line.hasPrefix("@") || line.hasPrefix("#if") || line.hasPrefix("#endif")) {
                break
            }
            above -= 1
        }
        return collected.reversed().joined(separator: "\n")
    }
}
