internal import ArgumentParser
internal import Server

/// `brume healthcheck`: success when the server is ready, for containers and scripts.
struct Healthcheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Exit with 0 if the server is ready, with 69 if it is not.", usage: "brume healthcheck [<options>]"
    )

    @OptionGroup var directory: DirectoryOptions

    @Option(help: "Port to ask (default: the one that the data directory names).")
    var port: Int?

    func validate() throws {
        guard self.port.map((1...65_535).contains) ?? true else {
            throw ValidationError("--port takes a whole number from 1 to 65535.")
        }
    }

    func run() async throws {
        let configuration = try self.directory.load()
        let status = ServerProbe.status(configuration, port: self.port)
        guard status.isReady else {
            throw Exit.failure(.noServer, status.detail)
        }
    }
}
