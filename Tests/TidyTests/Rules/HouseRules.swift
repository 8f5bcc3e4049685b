/// The house rules: one list, in the order in which they are reported.
enum HouseRules {
    /// A rule that looks at one file at a time.
    typealias FileRule = @Sendable (SourceFile) -> [Finding]

    /// A rule that needs all files at once.
    typealias TreeRule = @Sendable ([SourceFile]) -> [Finding]

    /// Rules for one file; each decides itself which files concern it.
    static let fileRules: [FileRule] = [
        SizeRules.fileLength,
        SizeRules.lineWidth,
        SizeRules.proseWidth,
        SizeRules.functionLength,
        ForbiddenWords.inCode,
        ForbiddenWords.inText,
        CommentRules.uncheckedSendable,
        CommentRules.unstructuredTask,
        CommentRules.documentation,
        GeneratedRules.prose,
    ]

    /// Rules for the whole tree.
    static let treeRules: [TreeRule] = [
        FolderRules.introduction,
        FolderRules.deadFiles,
    ]

    /// - Parameter files: the tree, in any order.
    /// - Returns: what breaks a rule, sorted by file and line.
    static func findings(in files: [SourceFile]) -> [Finding] {
        let all = files.flatMap { file in fileRules.flatMap { $0(file) } } + treeRules.flatMap { $0(files) }
        return all.sorted { ($0.path, $0.line, $0.message) < ($1.path, $1.line, $1.message) }
    }
}
