internal import ArgumentParser
internal import Containers
internal import Server

extension ContainersCommand {
    /// The container that a command changes.
    struct OneContainer: ParsableArguments {
        @OptionGroup var engine: EngineOptions

        @Argument(help: "Name or ID of the container.")
        var name: String

        /// Makes the change, and reports it.
        /// - Parameters:
        ///   - done: what is reported.
        ///   - seconds: how long the container may take to end, which is said if it is waited for.
        ///   - work: makes the change.
        /// - Throws: the exit code, after the error has been printed.
        func change(
            _ done: String, within seconds: Int? = nil,
            _ work: (ContainerEngine, String) async throws(ContainerEngineError) -> Void
        ) async throws {
            try await self.engine.use { (engine) async throws(ContainerEngineError) in
                let notice = seconds.map { seconds in
                    WaitNotice.start("waiting for \(self.name) to end; it is killed after \(seconds) seconds")
                }
                defer { notice?.cancel() }
                try await work(engine, self.name)
            }
            Terminal.output("\(self.name): \(done)")
        }
    }

    /// How long a container may take to stop.
    struct StopTimeout: ParsableArguments {
        /// The engine answers when the container has ended, and is waited for a little longer than this.
        private static let secondsMax = 100

        @Option(help: "Seconds until the container is killed, 0 to \(Self.secondsMax).")
        var seconds = 15

        func validate() throws {
            guard (0...Self.secondsMax).contains(self.seconds) else {
                throw ValidationError("--seconds takes 0 to \(Self.secondsMax).")
            }
        }
    }

    /// `brume containers start`
    struct StartContainer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "start", abstract: "Start a container.")

        @OptionGroup var container: OneContainer

        func run() async throws {
            try await self.container.change("started") { (engine, name) async throws(ContainerEngineError) in
                try await engine.start(name)
            }
        }
    }

    /// `brume containers stop`
    struct StopContainer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stop", abstract: "Stop a container, after it has finished its open requests.",
            usage: "brume containers stop [<options>] <name>")

        @OptionGroup var container: OneContainer
        @OptionGroup var timeout: StopTimeout

        func run() async throws {
            let seconds = self.timeout.seconds
            try await self.container.change("stopped", within: seconds) {
                (engine, name) async throws(ContainerEngineError) in
                try await engine.stop(name, seconds: seconds)
            }
        }
    }

    /// `brume containers restart`
    struct RestartContainer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restart", abstract: "Stop a container and start it again.",
            usage: "brume containers restart [<options>] <name>")

        @OptionGroup var container: OneContainer
        @OptionGroup var timeout: StopTimeout

        func run() async throws {
            let seconds = self.timeout.seconds
            try await self.container.change("restarted", within: seconds) {
                (engine, name) async throws(ContainerEngineError) in
                try await engine.restart(name, seconds: seconds)
            }
        }
    }

    /// `brume containers remove`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a container, even a running one, with its anonymous volumes.")

        @OptionGroup var container: OneContainer

        func run() async throws {
            try await self.container.change("removed") { (engine, name) async throws(ContainerEngineError) in
                try await engine.remove(name)
            }
        }
    }

    /// `brume containers logs`
    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the output of a container.", usage: "brume containers logs [<options>] <name>")

        @OptionGroup var engine: EngineOptions

        @Argument(help: "Name or ID of the container.")
        var name: String

        @Option(
            name: [.short, .long], help: ArgumentHelp("Print only the last lines (default: all).", valueName: "lines"))
        var tail: Int?

        @Flag(name: [.short, .long], help: "Keep printing new output.")
        var follow = false

        @Flag(help: "Prefix each line with its time.")
        var timestamps = false

        func validate() throws {
            guard self.tail.map({ $0 >= 0 }) ?? true else {
                throw ValidationError("--tail takes a number of lines, such as 50.")
            }
        }

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
