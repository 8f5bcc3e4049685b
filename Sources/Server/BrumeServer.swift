internal import BedrockRuntimeService
internal import Gateway
internal import Inference
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing
internal import Synchronization
internal import Telemetry

/// A running server: everything that `start` opened, until `stop`.
package final class BrumeServer: Sendable {
    /// A line that the server says when it starts.
    package struct StartLine: Sendable, Hashable {
        package var text: String
        package var isWarning = false
    }

    package let port: Int
    package let startLines: [StartLine]

    private let configuration: LiveConfiguration
    /// Hands a configuration that was read again to those that it concerns.
    private let reconfigure: @Sendable (Configuration) -> Void
    private let directory: DataDirectory
    private let store: any OrderedStore
    private let listener: EdgeListener
    private let certificates: CertificateStore
    private let accessLog: RotatingLogFile
    private let phase: ServerPhase
    private let models: ModelEngines
    /// What goes on after start; ended by `stop`.
    private let background: Task<Void, Never>
    /// Ends with the store; awaited by `stop`.
    private let healthLog: Task<Void, Never>

    private init(
        configuration: LiveConfiguration, directory: DataDirectory, store: any OrderedStore, listener: EdgeListener,
        certificates: CertificateStore, accessLog: RotatingLogFile, phase: ServerPhase,
        models: ModelEngines, startLines: [StartLine], assembled: Assembly.Services
    ) {
        self.configuration = configuration
        self.reconfigure = assembled.reconfigure
        self.directory = directory
        self.store = store
        self.listener = listener
        self.port = listener.port
        self.certificates = certificates
        self.accessLog = accessLog
        self.phase = phase
        self.models = models
        self.startLines = startLines
        // Awaited by `stop`, which cancels it first.
        self.background = Task { await assembled.background() }
        let updates = store.healthUpdates()
        // Awaited by `stop`: the store's end is its own.
        self.healthLog = Task { await HealthLog.follow(updates, log: accessLog, clock: SystemClock()) }
    }

    /// Opens everything and begins to answer.
    package static func start(_ live: LiveConfiguration) async throws(StartError) -> BrumeServer {
        let configuration = live.current
        let random = SystemRandomSource()
        let clock = SystemClock()
        let openFiles = OpenFiles.raiseLimit()
        let directory = DataDirectory(path: configuration.dataDirectory)
        let madeKey = try self.ensureKeys(configuration)
        let box = try self.using(directory) { () throws(FileError) in try directory.secretBox(random: random) }
        let identity = try self.identity(configuration, directory, box, random)
        let store = try Assembly.store(configuration, at: directory.store)
        guard let accessLog = RotatingLogFile(path: "\(directory.logs)/access.log") else {
            throw StartError(.dataDirectory, "cannot write \(directory.logs)/access.log")
        }
        let models = try ModelEngines.open(configuration, random: random, log: accessLog, clock: clock)
        let history = MetricHistory()
        let assembled = Assembly.services(
            store: store, identity: identity, clock: clock, random: random, telemetry: history,
            objects: DirectoryObjects(directory: directory.objects, random: random), log: accessLog, box: box,
            models: models.host, registry: models.registry, usage: try self.usage(directory, random),
            configuration: configuration
        )
        let certificates = try self.certificates(
            configuration, directory, self.hosts(assembled.services, configuration))
        let metrics = MetricRegistry()
        let phase = ServerPhase()
        let edge = EdgeGauges(metrics)
        let modelGauges = ModelGauges(metrics, models.embeddings)
        let catalog = ServiceCatalog(assembled.services, metrics: metrics)
        let routes = InternalRoutes(
            metrics: metrics,
            readiness: { Self.readiness(store, phase) },
            refreshMetrics: {
                edge.refresh()
                modelGauges.refresh()
            },
            moreMetrics: {
                guard live.current.tellsTableMetrics else { return "" }
                assembled.tellMetrics()
                return history.exposition()
            },
            documents: configuration.compatibility == .localstack
                ? LocalStackCompatibility.documents(assembled.services.map(\.binding.schema)) : [:],
            control: try self.control(configuration, directory, models, random)
        )
        let pipeline = Pipeline(
            catalog: catalog,
            routes: routes,
            authenticator: self.authenticator(configuration, identity, clock, accessLog),
            authorizer: AccountAuthorizer(),
            accessLog: accessLog,
            clock: clock,
            random: PooledRandomSource()
        )
        let listener = try await self.listen(configuration, openFiles, certificates, pipeline)
        try await self.wait(for: certificates, configuration)
        edge.listener.withLock { $0 = listener }
        try self.publish(listener.port, configuration, directory, random)
        return BrumeServer(
            configuration: live, directory: directory, store: store, listener: listener,
            certificates: certificates, accessLog: accessLog, phase: phase, models: models,
            startLines: StartLines.lines(
                configuration, port: listener.port, services: assembled.services.map(\.binding.schema),
                madeKey: madeKey,
                // As this process was called: the line must work where it was typed, and `brume` may not be in PATH.
                program: CommandLine.arguments.first ?? "brume"
            ),
            assembled: assembled
        )
    }

    private static func authenticator(
        _ configuration: Configuration, _ identity: LocalIdentity, _ clock: SystemClock, _ log: RotatingLogFile
    ) -> Authenticator {
        Authenticator(
            identity: identity,
            isLoopbackOnly: { identity.isLoopbackOnly(accessKeyID: $0) },
            keys: SigningKeyCache(),
            clock: clock,
            mode: configuration.acceptsAnyCredentials ? .acceptAnyCredentials : .verify,
            defaultRegion: Region(configuration.region) ?? .standard,
            log: log
        )
    }

    /// What the command line tells this server to do with its models.
    private static func control(
        _ configuration: Configuration, _ directory: DataDirectory, _ models: ModelEngines,
        _ random: SystemRandomSource
    ) throws(StartError) -> ControlRoute {
        try self.using(directory) { () throws(FileError) in
            let control = ModelControl(
                host: models.host, registry: models.registry, configured: configuration.bedrockModels)
            return ControlRoute(token: try directory.makeControlToken(random: random)) { what, body in
                await control.respond(what, body)
            }
        }
    }

    /// Between two looks at the configuration's files.
    private static let lookSeconds = 1

    /// Says on `/readyz` that it serves, until SIGTERM or SIGINT, then drains. SIGHUP reads configuration and
    /// certificate again; so does another state of the configuration's files.
    /// - Parameters:
    ///   - signals: `ProcessSignals.stream()`, made before `start`, so that a signal during it counts.
    ///   - say: given what became of a configuration that was read again.
    package func run(
        until signals: AsyncStream<ProcessSignal>, say: @escaping @Sendable (StartLine) -> Void = { _ in }
    ) async {
        StartUpMemory.giveBack()
        self.phase.advance(to: .serving)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    if self.configuration.hasChangedOnDisk() { say(self.rereadConfiguration()) }
                    // Ended early by the server's stop only, which the loop's condition sees.
                    try? await Task.sleep(for: .seconds(Self.lookSeconds))
                }
            }
            group.addTask { await self.tellCards(say) }
            for await signal in signals {
                if signal == .stop { break }
                say(self.rereadConfiguration())
                self.rereadCertificate()
            }
            group.cancelAll()
        }
        await self.stop()
    }

    /// Says, once the engine has told what it computes on, whether a card lies idle.
    private func tellCards(_ say: @Sendable (StartLine) -> Void) async {
        let configuration = self.configuration.current
        let profile = configuration.gpuProfile
        let cards = await EngineFacts.cards()
        // Without a card there is nothing to warn of, and an engine's start costs a moment of the processor.
        guard !cards.isEmpty || profile.map({ $0.memoryBytes > 0 }) ?? false else { return }
        let facts = await self.models.facts.facts(ModelEngines.program(configuration))
        guard let line = StartLines.cards(facts, cards: cards, profile: profile) else { return }
        self.note(.warning, line.text)
        say(line)
    }

    private func rereadConfiguration() -> StartLine {
        let outcome = self.configuration.reread(self.reconfigure)
        var isWarning = false
        if case .kept = outcome { isWarning = true }
        self.note(isWarning ? .error : .info, outcome.sentence)
        return StartLine(text: outcome.sentence, isWarning: isWarning)
    }

    /// A certificate that cannot be read keeps the old one; the log says so.
    private func rereadCertificate() {
        do throws(CertificateError) {
            try self.certificates.reload()
            self.note(.info, "certificate read again")
        } catch {
            self.note(.error, "certificate kept: \(error.description)")
        }
    }

    /// `/readyz` flips first; whoever asks it has the delay to send elsewhere what is still answered here as before.
    /// Then nothing new is accepted, open requests end until the deadline, and everything is closed.
    package func stop() async {
        self.phase.advance(to: .draining)
        self.note(.info, "stopping")
        let delaySeconds = self.configuration.current.drainDelaySeconds
        // A task that was cancelled has nobody to wait for.
        if delaySeconds > 0 { try? await Task.sleep(for: .seconds(delaySeconds)) }
        self.background.cancel()
        let report = await self.listener.drain(deadline: .seconds(self.configuration.current.drainSeconds))
        // After the drain, so that answers which were being given could end.
        await self.models.stop()
        await self.background.value
        await self.store.close()
        await self.healthLog.value
        await self.listener.shutDown()
        self.note(.info, "stopped; \(report.connectionsCut) connections were cut")
        self.accessLog.close()
        // A server that starts later writes its own; a stale file only costs `status` a look at the process id.
        try? Files.remove(self.directory.serverFile)
    }

    private func note(_ level: LogLevel, _ message: String) {
        self.accessLog.write(LogRecord(time: SystemClock().now(), level: level, message: message))
    }

    private static func readiness(_ store: any OrderedStore, _ phase: ServerPhase) -> Readiness {
        switch phase.current {
        case .starting: return Readiness(isReady: false, reasons: ["starting"])
        case .draining: return Readiness(isReady: false, reasons: ["draining"])
        case .serving: break
        }
        switch store.health {
        case .takingWrites: return Readiness(isReady: true)
        case .readOnly(let reason): return Readiness(isReady: false, reasons: ["the store takes no writes: \(reason)"])
        case .closed: return Readiness(isReady: false, reasons: ["the store is closed"])
        }
    }
}

extension BrumeServer {
    private static func using<Value>(
        _ directory: DataDirectory, _ work: () throws(FileError) -> Value
    ) throws(StartError) -> Value {
        do throws(FileError) {
            return try work()
        } catch {
            throw StartError(.dataDirectory, "the data directory cannot be used: \(error.sentence)")
        }
    }

    private static func usage(
        _ directory: DataDirectory, _ random: any RandomSource
    ) throws(StartError) -> UsageLedger {
        try self.using(directory) { () throws(FileError) in
            try UsageLedger(directory: directory.usage, random: random)
        }
    }

    private static func ensureKeys(_ configuration: Configuration) throws(StartError) -> KeyDescription? {
        let environment = ProcessEnvironment.variables
        let accessKeyID = environment["BRUME_ROOT_ACCESS_KEY_ID"]
        let secret = environment["BRUME_ROOT_SECRET_ACCESS_KEY"]
        var root: (accessKeyID: String, secretAccessKey: String)?
        switch (accessKeyID, secret) {
        case (nil, nil): break
        case (let accessKeyID?, let secret?):
            guard AccessKey.isLawfulID(accessKeyID), AccessKey.isLawfulSecret(secret) else {
                throw StartError(
                    .configuration,
                    "BRUME_ROOT_ACCESS_KEY_ID is 1 to 128 letters, digits and underscores, and "
                        + "BRUME_ROOT_SECRET_ACCESS_KEY 1 to 128 visible ASCII characters"
                )
            }
            root = (accessKeyID, secret)
        default:
            throw StartError(
                .configuration,
                "BRUME_ROOT_ACCESS_KEY_ID and BRUME_ROOT_SECRET_ACCESS_KEY go together: set both or neither"
            )
        }
        return try KeyStore(configuration)
            .ensureKeys(root: root, addsTestKey: configuration.compatibility == .localstack)
    }

    private static func identity(
        _ configuration: Configuration, _ directory: DataDirectory, _ box: SecretBox, _ random: any RandomSource
    ) throws(StartError) -> LocalIdentity {
        do throws(AccessKeyFileError) {
            return try LocalIdentity(
                file: AccessKeyFile(path: directory.accessKeys, box: box, random: random),
                box: box,
                random: random,
                mapsAccountIDs: configuration.compatibility == .localstack
            )
        } catch {
            throw StartError(error)
        }
    }

    /// The names under which clients may look for each service.
    private static func hosts(_ services: [RegisteredService], _ configuration: Configuration) -> [String] {
        services.map(\.binding.schema.endpointPrefix).flatMap { host in
            ["\(host).localhost", "\(host).\(configuration.region).localhost"]
        }
    }

    private static func certificates(
        _ configuration: Configuration, _ directory: DataDirectory, _ hosts: [String]
    ) throws(StartError) -> CertificateStore {
        do throws(CertificateError) {
            if let certificate = configuration.tlsCertificate, let key = configuration.tlsKey {
                return try CertificateStore(.files(certificatePath: certificate, keyPath: key))
            }
            // Made beside the start, so that plain HTTP need not wait for it; `start` waits before it says it is ready.
            return CertificateStore(
                preparing: .development(
                    DevelopmentAuthority(directory: directory.tls, names: hosts + configuration.tlsNames))
            )
        } catch {
            throw StartError(configuration.tlsCertificate == nil ? .dataDirectory : .configuration, error.description)
        }
    }

    private static func wait(
        for certificates: CertificateStore, _ configuration: Configuration
    ) async throws(StartError) {
        do throws(CertificateError) {
            try await certificates.whenReady()
        } catch {
            throw StartError(configuration.tlsCertificate == nil ? .dataDirectory : .configuration, error.description)
        }
    }

    private static func listen(
        _ configuration: Configuration, _ openFiles: Int, _ certificates: CertificateStore, _ pipeline: Pipeline
    ) async throws(StartError) -> EdgeListener {
        var limits = EdgeLimits()
        limits.connectionCountMax = OpenFiles.connectionCountMax(
            openFiles: openFiles, wanted: limits.connectionCountMax)
        let edge = EdgeConfiguration(
            hosts: configuration.hosts,
            port: configuration.port,
            loopCount: configuration.loops,
            certificates: certificates,
            allowsPlaintext: configuration.allowsPlaintext,
            limits: limits
        )
        do throws(EdgeListenerError) {
            return try await EdgeListener.start(edge, responder: pipeline)
        } catch {
            let reason: StartError.Reason =
                switch error {
                case .addressInUse: .portInUse
                case .permissionDenied: .noPermission
                case .addressNotAvailable, .unknownHost: .configuration
                case .failed: .other
                }
            throw StartError(reason, error.description)
        }
    }

    /// Tells the other commands where the server is.
    private static func publish(
        _ port: Int, _ configuration: Configuration, _ directory: DataDirectory, _ random: any RandomSource
    ) throws(StartError) {
        let address = ServerAddress(
            processID: ProcessEnvironment.processID,
            port: port,
            host: configuration.hosts[0],
            version: BuildInformation.version,
            answersPlaintext: configuration.allowsPlaintext,
            authorityPath: configuration.tlsCertificate == nil ? directory.authority : nil
        )
        try self.using(directory) { () throws(FileError) in
            try Files.replace(
                directory.serverFile,
                with: Array(address.text.utf8),
                mode: 0o644,
                temporarySuffix: Hex.encode(random.bytes(8))
            )
        }
    }
}

/// How far the server's life has come; it only goes forward.
final class ServerPhase: Sendable {
    enum Step: UInt8, AtomicRepresentable {
        /// Not everything is made yet, or the start lines are not said.
        case starting
        case serving
        case draining
    }

    private let step = Atomic<Step>(.starting)

    func advance(to step: Step) {
        self.step.store(step, ordering: .releasing)
    }

    var current: Step { self.step.load(ordering: .acquiring) }
}
