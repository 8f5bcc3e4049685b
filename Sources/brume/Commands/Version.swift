internal import ArgumentParser
internal import Server

/// `brume version`.
struct Version: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version of brume.")

    @Option(help: "Output format.")
    var output: OutputFormat = .text

    func run() async throws {
        switch self.output {
        case .text: Terminal.output("brume \(BuildInformation.version)")
        case .json: Terminal.output("{\"version\":\(quoted(BuildInformation.version))}")
        }
    }
}
