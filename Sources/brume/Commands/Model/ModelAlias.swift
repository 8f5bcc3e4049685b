internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model alias`: what else a model answers for.
    struct Alias: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List aliases, or let a model answer for a Bedrock model ID or a pattern of IDs.",
            usage: "brume model alias [<options>] [<alias>] [<model>]",
            discussion: """
                  brume model alias                                   list aliases
                  brume model alias 'anthropic.claude-3-*' qwen3-8b   add an alias
                  brume model alias --delete 'anthropic.claude-3-*'   delete an alias

                In a pattern, * stands for any characters. Prefixes of inference profiles (us., eu., apac., global.) \
                and of ARNs are ignored. If several patterns match, the one with the most other characters wins.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Bedrock model ID or pattern.")
        var alias: String?

        @Argument(help: "Model that answers for it.")
        var model: String?

        @Flag(help: "Delete the alias.")
        var delete = false

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let registry = try self.directory.registry()
            switch (self.alias, self.model, self.delete) {
            case (nil, nil, false): _ = try self.directory.loadToList()
            case (let alias?, nil, true):
                try orExit { () throws(RegistryError) in
                    let isThere = try registry.aliases().contains { $0.pattern == alias }
                    try registry.removeAlias(isThere ? alias : AliasPattern.plain(alias))
                }
            case (let alias?, let model?, false):
                let pattern = AliasPattern.plain(alias)
                let others = try await ServerModels.asked(self.directory.load()).configured.map(\.name)
                try orExit { () throws(RegistryError) in try registry.alias(pattern, to: model, others: others) }
            default:
                throw Exit.failure(
                    .usage,
                    "give an alias and a model to add it, --delete and an alias to delete it, or nothing to list all")
            }
            let aliases = try orExit { () throws(RegistryError) in try registry.aliases() }
            switch self.output {
            case .text:
                for line in TextTable.lines(aliases.map { [$0.pattern, $0.model] }) { Terminal.output(line) }
            case .json: Terminal.output("[\(aliases.map(\.json).joined(separator: ","))]")
            }
        }
    }
}
