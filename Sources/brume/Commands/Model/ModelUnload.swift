internal import ArgumentParser
internal import Server

extension Model {
    /// `brume model unload`: gives the memory of a loaded model back.
    struct Unload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Unload a model from the running server, until the next request for it.",
            usage: "brume model unload [<options>] <name>"
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Name, alias, or Bedrock model ID, inference profile or ARN.")
        var name: String

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let text = try await ServerModels.tell("models/unload", self.name, self.directory.load())
            self.output.conclude(text)
        }
    }
}
