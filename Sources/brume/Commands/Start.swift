internal import ArgumentParser
internal import Server

/// `brume start`: runs the server in the foreground.
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the server in the foreground.",
        usage: "brume start [<options>]",
        discussion: """
            Each setting is an option (--data-dir), an environment variable (BRUME_DATA_DIR) and a key of the \
            configuration file (data-dir: …); options override variables, which override the file. An option that \
            takes a list may be repeated.

              brume start --port 4567 --data-dir ./data
              brume start --host 0.0.0.0 --tls-names build-server.test
              brume start --data-dir "$(mktemp -d)" --durability relaxed

            SIGTERM and SIGINT (Ctrl-C) finish open requests and stop the server; SIGHUP reloads the configuration and \
            the TLS certificate. A changed configuration file is reloaded by itself.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Configuration file (default: $BRUME_CONFIG, or config.yaml in the data directory).", valueName: "file"),
        completion: .file())
    var config: String?

    @OptionGroup(title: "Settings") var process: SettingOptions<ProcessSettings>

    @OptionGroup(title: "Several processes") var cluster: SettingOptions<ClusterSettings>

    /// Made when it is first asked for, which `Brume.main` does before this command is even parsed.
    static let signals = ProcessSignals()

    func run() async throws {
        let flags = try orExitForConfiguration { () throws(ConfigurationError) in
            try self.process.flags().merging(self.cluster.flags()) { first, _ in first }
        }
        let source = configurationSource(flags: flags, file: self.config)
        let configuration = try orExitForConfiguration { () throws(ConfigurationError) in
            try LiveConfiguration(source)
        }
        // A stop that has already been asked for leaves nothing behind.
        guard !Self.signals.hasStopped else { return }
        do throws(StartError) {
            let server = try await Self.started(configuration)
            let say = { @Sendable (line: BrumeServer.StartLine) in
                Terminal.output(line.isWarning ? Terminal.warning(line.text) : line.text)
            }
            server.startLines.forEach(say)
            await server.run(until: Self.signals.stream, say: say)
        } catch {
            // Whoever asked for a stop meanwhile has it, and no longer waits for what has failed.
            guard !Self.signals.hasStopped else { return }
            throw Exit.failure(Exit(error), error.sentence)
        }
    }

    private static func started(_ configuration: LiveConfiguration) async throws(StartError) -> BrumeServer {
        defer { Self.signals.startHasEnded() }
        return try await BrumeServer.start(configuration)
    }
}

extension Exit {
    /// The exit code of a start that failed.
    init(_ error: StartError) {
        switch error.reason {
        case .usage: self = .usage
        case .configuration: self = .wrongConfiguration
        case .dataDirectory: self = .dataDirectoryNotWritable
        case .storeLocked: self = .storeInUse
        case .storeNewer: self = .storeNewer
        case .storeDamaged: self = .storeDamaged
        case .storeUnreachable, .serverSilent: self = .noServer
        case .portInUse: self = .portInUse
        case .noPermission: self = .noPermission
        case .noSource: self = .noSuchThing
        case .other: self = .internalError
        }
    }
}
