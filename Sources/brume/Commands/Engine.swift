internal import ArgumentParser
internal import Inference
internal import Primitives
internal import Server

/// `brume engine`: the program that runs models.
struct Engine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, choose or build the program that runs models.",
        subcommands: [EngineStatus.self, Use.self, Build.self],
        defaultSubcommand: EngineStatus.self
    )

    struct EngineStatus: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show which engine a server would start, and the devices it can use.",
            usage: "brume engine status [<options>]")

        @OptionGroup var directory: DirectoryOptions

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let configuration = try self.directory.load()
            let models = try await ServerModels.asked(configuration)
            guard let program = ModelEngines.program(configuration) else {
                // A running server has its own PATH, and may have found an engine there.
                let runs = models.loaded.contains { $0.processID != nil }
                guard runs else { throw Exit.failure(.wrongConfiguration, EngineProgram.remedy) }
                self.write(EngineReport(facts: nil, warning: nil, models: models))
                return
            }
            guard program.isThere else { throw Exit.failure(.wrongConfiguration, program.absence) }
            let facts = try await WaitNotice.showing(EngineStatus.waiting(for: program.path)) {
                await EngineFacts.ask(program)
            }
            guard facts.version != nil else {
                throw Exit.failure(
                    .wrongConfiguration, "\(program.path) does not report its version; is it llama-server?")
            }
            let warning = facts.unusedCards(await EngineFacts.cards())
            self.write(EngineReport(facts: facts, warning: warning, models: models))
        }

        /// What is said while a program is silent.
        fileprivate static func waiting(for path: String) -> String {
            "waiting for an answer of \(path.visible); press Ctrl-C to stop"
        }

        private func write(_ report: EngineReport) {
            switch self.output {
            case .text: for line in report.lines { Terminal.output(line) }
            case .json: Terminal.output(report.json)
            }
        }
    }

    struct Use: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Choose the engine of this data directory.", usage: "brume engine use [<options>] <path>",
            discussion: """
                A running server uses it for the next model that it loads.

                  brume engine use /usr/local/bin/llama-server
                """)

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Path of llama-server, or of a compatible program.", completion: .file())
        var path: String

        func run() async throws {
            let configuration = try self.directory.load()
            let current = ProcessEnvironment.currentDirectory
            let whole = self.path.hasPrefix("/") ? self.path : "\(current)/\(self.path)"
            let program = EngineProgram(path: whole, origin: .choice)
            guard Files.facts(whole) != nil else {
                throw Exit.failure(.noSuchThing, "there is no file \(whole)")
            }
            guard program.isExecutable else {
                throw Exit.failure(.usage, "\(whole) is not an executable file")
            }
            let notice = WaitNotice.start(EngineStatus.waiting(for: whole))
            defer { notice.cancel() }
            guard let version = await program.ask(["--version"]) else {
                throw Exit.failure(.usage, "\(whole) does not answer --version; is it llama-server?")
            }
            guard await (program.ask(["--help"]) ?? []).contains(where: { $0.contains("--model") }) else {
                throw Exit.failure(.usage, "\(whole) has no option --model; is it llama-server?")
            }
            let file = ModelEngines.choiceFile(configuration)
            guard EngineProgram.choose(whole, choiceFile: file) else {
                throw Exit.failure(.dataDirectoryNotWritable, "cannot write \(file)")
            }
            Terminal.output("engine   \(whole)")
            Terminal.output("version  \(EngineFacts.shownVersion(version))")
        }
    }
}

/// `brume engine-guard`: stands between a server and one engine, as `EngineGuard` says; not for people.
struct EngineGuardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "engine-guard", shouldDisplay: false)

    @Option(help: "What is added to the nice value, which the engine inherits.")
    var nice: Int32 = 0

    @Argument(help: "Where the engine's process id is written.")
    var record: String

    @Argument(parsing: .postTerminator, help: "The engine and its words.")
    var command: [String]

    func run() throws {
        throw ExitCode(EngineGuard.run(record: self.record, command: self.command, niceness: self.nice))
    }
}
