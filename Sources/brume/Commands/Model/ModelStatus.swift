internal import ArgumentParser
internal import Server

extension Model {
    /// `brume model status`: what the running server has loaded.
    struct Loaded: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Say which models the running server has loaded, and how busy they are."
        )

        @OptionGroup var directory: DirectoryOptions

        @Option(help: "text or json.")
        var output: OutputFormat = .text

        func run() async throws {
            let text = try await tell("models/status", "", try self.directory.load())
            let rows = text.split(separator: "\n").map { line in
                line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            }.filter { $0.count == 5 }
            switch self.output {
            case .text:
                let head = ["NAME", "STATE", "PROCESS", "REQUESTS", "WAITING"]
                for line in TextTable.lines([head] + rows) { Terminal.output(line) }
            case .json:
                let objects = rows.map { row in
                    "{\"name\":\(quoted(row[0])),\"state\":\(quoted(row[1])),"
                        + "\"pid\":\(row[2] == "-" ? "null" : row[2]),\"requests\":\(row[3]),\"waiting\":\(row[4])}"
                }
                Terminal.output("{\"models\":[\(objects.joined(separator: ","))]}")
            }
        }
    }
}
