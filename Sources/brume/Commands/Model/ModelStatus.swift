internal import ArgumentParser
internal import Server

extension Model {
    /// `brume model status`: what the running server has loaded.
    struct Loaded: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show which models the running server has loaded, and how busy they are.",
            usage: "brume model status [<options>]"
        )

        @OptionGroup var directory: DirectoryOptions

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let text = try await ServerModels.tell("models/status", "", self.directory.load())
            let models = text.split(separator: "\n").compactMap { LoadedModel(line: $0) }
            switch self.output {
            case .text: for line in LoadedModel.table(models) { Terminal.output(line) }
            case .json: Terminal.output("{\"models\":[\(models.map(\.json).joined(separator: ","))]}")
            }
        }
    }
}
