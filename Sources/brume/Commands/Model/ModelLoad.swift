internal import ArgumentParser
internal import Server

extension Model {
    /// `brume model load`: loads a model into a running server now, rather than with its first request.
    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load a model into the running server, and wait until it is ready.",
            usage: "brume model load [<options>] <name>"
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Name, alias, or Bedrock model ID, inference profile or ARN.")
        var name: String

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let configuration = try self.directory.load()
            let name = self.name.visible
            Interruption.announce {
                // A model that waits for the memory of others leaves the queue, since nobody asks for it.
                Terminal.error("stopped waiting; a load of \(name) that has begun goes on: see `brume model status`")
            }
            let text = try await ServerModels.tell(
                "models/load", self.name, configuration, notice: "loading \(name); press Ctrl-C to stop waiting")
            self.output.conclude(text)
        }
    }
}

extension OutputFormat {
    /// Prints the answer of a server.
    func conclude(_ text: String) {
        switch self {
        case .text: Terminal.output(text)
        case .json: Terminal.output("{\"message\":\(quoted(text))}")
        }
    }
}
