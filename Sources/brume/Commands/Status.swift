internal import ArgumentParser
internal import Server

/// `brume status`: whether a server runs on the data directory, where, and how it is.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show whether a server is running, where, and whether it is ready.",
        usage: "brume status [<options>]",
        discussion: "Exits with 69 if no server is running.")

    @OptionGroup var directory: DirectoryOptions

    @Option(help: "Output format.")
    var output: OutputFormat = .text

    func run() async throws {
        let configuration = try self.directory.load()
        let status = ServerProbe.status(configuration)
        switch self.output {
        case .text:
            for line in status.lines { Terminal.output(line.visible) }
        case .json:
            let address = status.address
            Terminal.output(
                "{\"running\":\(status.isRunning),\"ready\":\(status.isReady),"
                    + "\"endpoint\":\(quoted(status.endpoint ?? "")),\"pid\":\(address?.processID ?? 0),"
                    + "\"version\":\(quoted(address?.version ?? "")),"
                    + "\"dataDirectory\":\(quoted(configuration.dataDirectory)),\"detail\":\(quoted(status.detail))}"
            )
        }
        if !status.isRunning { throw ExitCode(Exit.noServer.rawValue) }
    }
}
