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
    /// A line that the server prints when it starts.
    package struct StartLine: Sendable, Equatable {
        package var text: String
        package var isWarning = false
    }

    package let port: Int
    package let startLines: [StartLine]

    private let configuration: LiveConfiguration
    /// Applies a configuration that was read again.
    private let reconfigure: @Sendable (Configuration) -> Void
    private let directory: DataDirectory
    /// nil when no service of this process needs one.
    private let store: (any OrderedStore)?
    private let listener: EdgeListener
    /// Where gateways forward requests to; nil unless `internal-listen` is set.
    private let internalListener: EdgeListener?
    private let certificates: CertificateStore
    private let internalCertificates: CertificateStore?
    private let accessLog: RotatingLogFile
    private let keys: ServerKeys
    private let phase: ServerPhase
    private let models: ModelEngines?
    /// The work beside requests; ended by `stop`.
    private let background: Task<Void, Never>
    private let atEnd: [@Sendable () -> Void]
    /// Ends with the store; awaited by `stop`.
    private let healthLog: Task<Void, Never>

    /// Everything that `start` opened; becomes a server.
    private struct Opened {
        var directory: DataDirectory
        var store: (any OrderedStore)?
        var listener: EdgeListener
        var internalListener: EdgeListener?
        var certificates: CertificateStore
        var internalCertificates: CertificateStore?
        var accessLog: RotatingLogFile
        var keys: ServerKeys
        var phase: ServerPhase
        var models: ModelEngines?
        var startLines: [StartLine]
    }

    private init(configuration: LiveConfiguration, _ opened: Opened, assembled: Assembly.Services) {
        self.configuration = configuration
        self.reconfigure = { configuration in
            for reconfigure in assembled.reconfigure { reconfigure(configuration) }
        }
        self.directory = opened.directory
        self.store = opened.store
        self.listener = opened.listener
        self.port = opened.listener.port
        self.internalListener = opened.internalListener
        self.certificates = opened.certificates
        self.internalCertificates = opened.internalCertificates
        let accessLog = opened.accessLog
        self.accessLog = accessLog
        self.keys = opened.keys
        self.phase = opened.phase
        self.models = opened.models
        self.startLines = opened.startLines
        self.atEnd = assembled.atEnd
        // Cancelled and awaited by `stop`.
        self.background = Task {
            await withDiscardingTaskGroup { group in
                for work in assembled.background { group.addTask { await work() } }
            }
        }
        let updates = opened.store?.healthUpdates()
        // Awaited by `stop`; it ends by itself when the store is closed.
        self.healthLog = Task {
            if let updates { await HealthLog.follow(updates, log: accessLog, clock: SystemClock()) }
        }
    }

    /// Opens everything and begins to answer requests.
    package static func start(_ live: LiveConfiguration) async throws(StartError) -> BrumeServer {
        let configuration = live.current
        let random = SystemRandomSource()
        let clock = SystemClock()
        try AddressSpace.check()
        let openFiles = OpenFiles.raiseLimit()
        AllocatorSettings.keepForLargeAnswers()
        let directory = DataDirectory(path: configuration.dataDirectory)
        let cluster = try Cluster.open(configuration.cluster, clock: clock, random: random)
        let box = try self.preparedBox(configuration, directory, random)
        let keys = try ServerKeys.open(configuration, directory, box, cluster, clock: clock, random: random)
        let store =
            configuration.cluster.runs(.dynamodb)
            ? try Assembly.store(configuration, at: directory.store) : nil
        guard let accessLog = RotatingLogFile(path: directory.accessLog) else {
            throw StartError(
                .dataDirectory,
                "the log \(directory.accessLog) cannot be written: it must be a file that this user may write. "
                    + "Move it away, or name another directory with --data-dir")
        }
        let engines =
            configuration.cluster.runs(.bedrock)
            ? try ModelEngines.open(configuration, random: random, log: accessLog, clock: clock) : nil
        let history = MetricHistory()
        let shared = Assembly.SharedDependencies(
            clock: clock, random: random, telemetry: history, log: accessLog, box: box, configuration: configuration)
        let assembled = try self.assembled(shared, directory, keys, cluster, store, engines)
        let certificates = try self.certificates(
            configuration, directory, self.hosts(assembled.services, configuration))
        let phase = ServerPhase()
        let memory = RequestMemory()
        let edge = EdgeGauges(MetricRegistry(), memory)
        let routes = self.routes(
            live, edge, readiness: { Self.readiness(store, phase, configuration, directory) }, history, assembled,
            engines, control: try self.control(live, directory, engines, random))
        let pipeline = Pipeline(
            catalog: ServiceCatalog(assembled.services, metrics: edge.metrics),
            routes: routes,
            authenticator: self.authenticator(configuration, keys.identity, clock, accessLog),
            authorizer: AccountAuthorizer(),
            accessLog: accessLog,
            clock: clock,
            random: PooledRandomSource(),
            signer: cluster?.signer,
            memory: memory
        )
        let publicEdge = CrossOrigin(
            pipeline, allowed: { live.current.corsOrigins }, refusesOthers: configuration.hasKnownKeys,
            metrics: edge.metrics)
        let listener = try await self.listen(configuration, openFiles, certificates, memory, publicEdge)
        let inner = try await self.listenInternally(
            configuration, openFiles, cluster, keys, pipeline, clock, beside: listener)
        try await self.wait(for: certificates, configuration)
        edge.listeners.withLock { $0 = [listener] + (inner.map { [$0.listener] } ?? []) }
        try self.publish(listener.port, configuration, directory, random)
        let startLines = StartLines.lines(
            configuration, port: listener.port, internalPort: inner?.listener.port,
            services: assembled.services.filter { $0.nodes == nil }.map(\.binding.schema), madeKey: keys.made,
            // The program as it was called: the printed command must work where it was typed, and `brume` may not be in
            // PATH.
            program: CommandLine.arguments.first ?? "brume", storeHealth: store?.health)
        return BrumeServer(
            configuration: live,
            Opened(
                directory: directory, store: store, listener: listener, internalListener: inner?.listener,
                certificates: certificates, internalCertificates: inner?.certificates, accessLog: accessLog,
                keys: keys, phase: phase, models: engines, startLines: startLines),
            assembled: assembled)
    }

    /// The services that this process runs or forwards.
    private static func assembled(
        _ shared: Assembly.SharedDependencies, _ directory: DataDirectory, _ keys: ServerKeys, _ cluster: Cluster?,
        _ store: (any OrderedStore)?, _ engines: ModelEngines?
    ) throws(StartError) -> Assembly.Services {
        var assembled = Assembly.Services()
        if let engines {
            assembled.add(
                Assembly.bedrock(
                    shared, models: engines.host, registry: engines.registry,
                    usage: try self.usage(directory, shared.random),
                    recordings: try self.recordings(shared.configuration), store: store))
        }
        if let store {
            assembled.add(Assembly.dynamoDB(shared, store: store, directory: directory))
        }
        if shared.configuration.cluster.runs(.sts) {
            assembled.add(Assembly.sts(shared, identity: keys.identity))
        }
        for role in Role.allCases {
            guard let nodes = cluster?.nodes(role, shared) else { continue }
            assembled.add(Assembly.elsewhere(role, nodes: nodes))
        }
        assembled.add(Assembly.resources(shared))
        if let cluster, let remote = keys.remote {
            assembled.background.append { await cluster.follow(remote, log: shared.log, clock: shared.clock) }
        }
        return assembled
    }

    /// The routes outside AWS's APIs.
    private static func routes(
        _ live: LiveConfiguration, _ edge: EdgeGauges, readiness: @escaping @Sendable () -> Readiness,
        _ history: MetricHistory, _ assembled: Assembly.Services, _ engines: ModelEngines?, control: ControlRoute
    ) -> InternalRoutes {
        let publishMetrics = assembled.publishMetrics
        let nodes = assembled.nodes
        let modelGauges = engines.map { ModelGauges(edge.metrics, $0.embeddings) }
        return InternalRoutes(
            metrics: edge.metrics,
            readiness: readiness,
            refreshMetrics: {
                edge.refresh()
                modelGauges?.refresh()
            },
            moreMetrics: {
                let told = NodeMetrics.exposition(nodes)
                guard live.current.tellsTableMetrics else { return told }
                publishMetrics()
                return told + history.exposition()
            },
            documents: live.current.compatibility == .localstack
                ? LocalStackCompatibility.documents(assembled.services.map(\.binding.schema)) : [:],
            control: control
        )
    }

    private static func authenticator(
        _ configuration: Configuration, _ identity: any IdentityPort, _ clock: SystemClock, _ log: RotatingLogFile
    ) -> Authenticator {
        Authenticator(
            identity: identity,
            keys: SigningKeyCache(),
            clock: clock,
            mode: configuration.acceptsAnyCredentials ? .acceptAnyCredentials : .verify,
            defaultRegion: Region(configuration.region) ?? .standard,
            log: log,
            // Keys of another process are not made here.
            place: configuration.cluster.identityURL == nil
                ? " --data-dir \(ShellWord.quoted(configuration.dataDirectory))" : ""
        )
    }

    /// The route by which the command line controls this server's models.
    private static func control(
        _ live: LiveConfiguration, _ directory: DataDirectory, _ engines: ModelEngines?,
        _ random: SystemRandomSource
    ) throws(StartError) -> ControlRoute {
        try self.using(directory) { () throws(FileError) in
            let control = engines.map { ModelControl(host: $0.host, registry: $0.registry, live) }
            return ControlRoute(token: try directory.makeControlToken(random: random)) { what, body in
                await control?.respond(what, body)
                    ?? ControlRoute.Answer(status: 404, "this server runs no models: bedrock is not among its services")
            }
        }
    }

    /// The pause between two checks of the files of the configuration, and of keys and policies.
    private static let lookSeconds = 1

    /// Reports ready on `/readyz` and serves until SIGTERM or SIGINT, then drains. SIGHUP, or a change of the
    /// configuration's files, reads configuration and certificate again.
    /// - Parameters:
    ///   - signals: those of a `ProcessSignals` made before `start`, so that a signal during it counts.
    ///   - say: given what became of a configuration or a certificate that was read again.
    package func run(
        until signals: AsyncStream<ProcessSignal>, say: @escaping @Sendable (StartLine) -> Void = { _ in }
    ) async {
        StartUpMemory.giveBack()
        self.phase.advance(to: .serving)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var keyTrouble = KeyTrouble(self.keys)
                while !Task.isCancelled {
                    for line in keyTrouble.news(now: SystemClock().now()) {
                        self.note(line.isWarning ? .error : .info, line.text)
                        say(line)
                    }
                    if self.configuration.hasChangedOnDisk() { say(self.rereadConfiguration()) }
                    // Sleep throws only on cancellation, at the server's stop, which the loop's condition sees.
                    try? await Task.sleep(for: .seconds(Self.lookSeconds))
                }
            }
            group.addTask { await self.warnOfUnusedCard(say) }
            for await signal in signals {
                if signal == .stop { break }
                say(self.rereadConfiguration())
                say(self.rereadCertificate())
            }
            group.cancelAll()
        }
        await self.stop()
    }

    /// Warns about an unused graphics card, once the engine has said what it computes on.
    private func warnOfUnusedCard(_ say: @Sendable (StartLine) -> Void) async {
        guard let models = self.models else { return }
        let configuration = self.configuration.current
        let profile = configuration.gpuProfile
        let cards = await EngineFacts.cards()
        // Without a card there is nothing to warn about, and asking means starting an engine.
        guard !cards.isEmpty || profile.map({ $0.memoryBytes > 0 }) ?? false else { return }
        let facts = await models.facts.facts(ModelEngines.program(configuration))
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

    /// A certificate that cannot be read keeps the old one.
    private func rereadCertificate() -> StartLine {
        do throws(CertificateError) {
            try self.certificates.reload()
            try self.internalCertificates?.reload()
        } catch {
            let line = StartLine(text: "certificate kept: \(error.description)", isWarning: true)
            self.note(.error, line.text)
            return line
        }
        let line = StartLine(text: "certificate read again")
        self.note(.info, line.text)
        return line
    }

    /// Drains and closes the server.
    ///
    /// `/readyz` flips first, and for `drain-delay-seconds` requests are still answered, so that load balancers can
    /// notice. Then the server stops accepting, open requests may finish until the deadline, and everything is closed.
    package func stop() async {
        self.phase.advance(to: .draining)
        self.note(.info, "stopping")
        let delaySeconds = self.configuration.current.drainDelaySeconds
        // Cancelled: nobody waits for a graceful end.
        if delaySeconds > 0 { try? await Task.sleep(for: .seconds(delaySeconds)) }
        self.background.cancel()
        let deadline = Duration.seconds(self.configuration.current.drainSeconds)
        async let innerReport = self.internalListener?.drain(deadline: deadline)
        let report = await self.listener.drain(deadline: deadline)
        let cutCount = report.connectionsCut + (await innerReport?.connectionsCut ?? 0)
        // After the drain, so that answers in progress could finish.
        await self.models?.stop()
        await self.background.value
        for work in self.atEnd { work() }
        await self.store?.close()
        await self.healthLog.value
        await self.listener.shutDown()
        await self.internalListener?.shutDown()
        self.note(.info, "stopped; \(cutCount) connections were cut")
        self.accessLog.close()
        // Best effort: the next server overwrites it, and with a stale file `status` only checks the process id in
        // vain.
        try? Files.remove(self.directory.serverFile)
    }

    private func note(_ level: LogLevel, _ message: String) {
        self.accessLog.write(LogRecord(time: SystemClock().now(), level: level, message: message))
    }

    private static func readiness(
        _ store: (any OrderedStore)?, _ phase: ServerPhase, _ configuration: Configuration, _ directory: DataDirectory
    ) -> Readiness {
        switch phase.current {
        case .starting: return Readiness(isReady: false, reasons: ["starting"])
        case .draining: return Readiness(isReady: false, reasons: ["draining"])
        case .serving: break
        }
        if let loss = directory.loss(hasStore: store != nil && configuration.store == nil) {
            return Readiness(isReady: false, reasons: [loss])
        }
        switch store?.health {
        case .takingWrites, nil: return Readiness(isReady: true)
        case .readOnly(let reason): return Readiness(isReady: false, reasons: ["the store takes no writes: \(reason)"])
        case .closed: return Readiness(isReady: false, reasons: ["the store is closed"])
        }
    }
}

/// The phase of the server's life; it only advances.
final class ServerPhase: Sendable {
    enum Step: UInt8, AtomicRepresentable {
        /// Not everything is opened yet, or the start lines are not printed yet.
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
