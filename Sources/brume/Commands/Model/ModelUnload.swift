internal import ArgumentParser
internal import Server

extension Model {
    /// `brume model unload`: gives the memory of a loaded model back.
    struct Unload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Unload a model from the running server; the next request loads it again."
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "A name, an alias, or what a request may name: an id of Bedrock, a profile, an ARN.")
        var name: String

        @Option(help: "How the result is written.")
        var output: OutputFormat = .text

        func run() async throws {
            let text = try await tell("models/unload", self.name, try self.directory.load())
            self.output.conclude(text)
        }
    }
}
