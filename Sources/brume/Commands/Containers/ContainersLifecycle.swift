internal import ArgumentParser
internal import Containers
internal import Server

extension ContainersCommand {
    /// `brume containers start`
    struct StartContainer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "start", abstract: "Start a container.")

        @OptionGroup var engine: EngineOptions

        @Argument(help: "The container's name or id.")
        var name: String

        func run() async throws {
            let name = self.name
            try await self.engine.use { (engine) async throws(ContainerEngineError) in try await engine.start(name) }
            Terminal.output("\(name): started")
        }
    }

    /// `brume containers stop`
    struct StopContainer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stop", abstract: "Stop a container: open requests end first.")

        @OptionGroup var engine: EngineOptions

        @Argument(help: "The container's name or id.")
        var name: String

        @Option(help: "Time until it is killed.")
        var seconds = 15

        func run() async throws {
            let (name, seconds) = (self.name, self.seconds)
            try await self.engine.use { (engine) async throws(ContainerEngineError) in
                try await engine.stop(name, seconds: seconds)
            }
            Terminal.output("\(name): stopped")
        }
    }

    /// `brume containers restart`
    struct RestartContainer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restart", abstract: "Stop a container and start it again.")

        @OptionGroup var engine: EngineOptions

        @Argument(help: "The container's name or id.")
        var name: String

        @Option(help: "Time until it is killed.")
        var seconds = 15

        func run() async throws {
            let (name, seconds) = (self.name, self.seconds)
            try await self.engine.use { (engine) async throws(ContainerEngineError) in
                try await engine.restart(name, seconds: seconds)
            }
            Terminal.output("\(name): restarted")
        }
    }

    /// `brume containers logs`
    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print what a container wrote.")

        @OptionGroup var engine: EngineOptions

        @Argument(help: "The container's name or id.")
        var name: String

        @Option(name: [.short, .long], help: "So many of the last lines (default: all).")
        var tail: Int?

        @Flag(name: [.short, .long], help: "Wait for more.")
        var follow = false

        @Flag(help: "Begin each line with its time.")
        var timestamps = false

        func run() async throws {
            let command = self
            try await self.engine.use { (engine) async throws(ContainerEngineError) in
                try await engine.logs(
                    command.name, tail: command.tail, follows: command.follow, hasTimestamps: command.timestamps
                ) { (piece) async throws(ContainerEngineError) in
                    Terminal.pass(piece.bytes, toError: piece.stream == .error)
                }
            }
        }
    }
}
