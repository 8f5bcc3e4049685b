/// What holds between files.
enum FolderRules {
    /// Each target's folder says what it is for: a README.md, or a Swift file there that begins with a comment.
    @Sendable static func introduction(_ files: [SourceFile]) -> [Finding] {
        let folders = Set(files.filter(\.isSwift).map(\.targetFolder)).subtracting([""])
        return folders.sorted().compactMap { folder in
            let prefix = "Sources/\(folder)/"
            let readmes = Set([prefix + "README.md", parent(of: prefix) + "README.md"])
            let isIntroduced = files.contains { file in
                readmes.contains(file.path)
                    || (file.path.hasPrefix(prefix) && file.lines.first?.hasPrefix("//") == true && file.isSwift)
            }
            guard !isIntroduced else { return nil }
            return Finding(path: "Sources/\(folder)", line: 1, message: "no README.md says what this target is for")
        }
    }

    /// A file whose types and functions are named nowhere else is dead.
    @Sendable static func deadFiles(_ files: [SourceFile]) -> [Finding] {
        var filesByWord: [Substring: Set<String>] = [:]
        let swiftFiles = files.filter(\.isSwift)
        for file in swiftFiles {
            for line in file.code {
                for word in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }) {
                    filesByWord[word, default: []].insert(file.path)
                }
            }
        }
        return swiftFiles.filter { $0.isProduct && !$0.isGenerated }.compactMap { file in
            let names = topLevelNames(of: file)
            guard !names.isEmpty, !file.code.contains(where: { $0.contains("@main") }) else { return nil }
            let isNamed = names.contains { (filesByWord[$0] ?? []).count > 1 }
            guard !isNamed else { return nil }
            return file.finding(at: 0, "dead file: \(names.joined(separator: ", ")) stands nowhere else")
        }
    }

    /// The names that a file declares at its outermost level; extensions declare none.
    private static func topLevelNames(of file: SourceFile) -> [Substring] {
        let kinds: Set<Substring> = ["func", "struct", "class", "enum", "protocol", "actor", "typealias", "let", "var"]
        return file.code.compactMap { line in
            guard let first = line.first, first != " ", first != "}" else { return nil }
            let words = line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" })
            guard !words.contains("extension"), !words.contains("private") else { return nil }
            guard let kind = words.firstIndex(where: { kinds.contains($0) }), kind + 1 < words.count else { return nil }
            return words[kind + 1]
        }
    }

    private static func parent(of folder: String) -> String {
        let parts = folder.split(separator: "/").dropLast()
        return parts.count > 1 ? parts.joined(separator: "/") + "/" : folder
    }
}
