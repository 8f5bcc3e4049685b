package import Primitives
package import ServiceModel
internal import Synchronization
internal import Upstream

/// One model behind several servers: each request goes to one of them, and to another where that one failed before it
/// had said anything.
///
/// Which one is `UpstreamPool`'s to say; here is what a request to a model means to it, and what each server can do.
package final class ReplicaPool: ChatModel, EmbeddingModel, RerankModel {
    /// A server, and how it is asked.
    package struct Server: Sendable {
        package var endpoint: EngineEndpoint
        /// Connects, and asks what it can do; needed again when it was out of use.
        package var connect: @Sendable () async throws(InferenceError) -> RunningEngine

        package init(
            _ endpoint: EngineEndpoint, connect: @escaping @Sendable () async throws(InferenceError) -> RunningEngine
        ) {
            self.endpoint = endpoint
            self.connect = connect
        }
    }

    /// Servers of one model.
    package static let serverCountMax = 64
    /// How long a request waits for a server with room; more clients than that have no patience.
    static let waitSecondsMax = 600

    /// What each server was found to be able to do.
    private final class Engines: Sendable {
        let known = Mutex<[UpstreamEndpoint: RunningEngine]>([:])
    }

    private let servers: [UpstreamEndpoint: Server]
    private let endpoints: EndpointSet
    private let engines: Engines
    private let pool: UpstreamPool
    private let note: @Sendable (String) -> Void

    /// Nothing is reached yet: `open` does that.
    /// - Parameters:
    ///   - servers: each with a host and port of its own.
    ///   - slots: requests that each server is sent at once.
    ///   - checksHealth: whether they are asked for `/health` now and then.
    ///   - time: by which it waits.
    ///   - note: given a sentence for the log where a server fails, is left out or comes back.
    package init(
        _ servers: [Server], slots: Int, checksHealth: Bool = true, time: SteadyTime = .system,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        precondition(1...Self.serverCountMax ~= servers.count, "a pool has 1 to \(Self.serverCountMax) servers")
        let found = servers.map { server in
            DiscoveredEndpoint(
                server.endpoint.upstream, labels: [HealthCheck.pathLabel: "\(server.endpoint.basePath)/health"])
        }
        guard let endpoints = EndpointSet(found) else { preconditionFailure("a set takes more endpoints than a pool") }
        self.endpoints = endpoints
        self.servers = Dictionary(servers.map { ($0.endpoint.upstream, $0) }) { first, _ in first }
        let engines = Engines()
        self.engines = engines
        self.note = note
        self.pool = UpstreamPool(
            name: "models", settings: Self.settings(slots: slots, checksHealth: checksHealth),
            time: SteadyTime(now: time.now, sleep: time.sleep),
            observe: { event in
                switch event {
                case .leftOut(let endpoint, let reason):
                    // It may come back as another one.
                    engines.known.withLock { $0[endpoint] = nil }
                    note("\(endpoint) is sent nothing for now: \(reason)")
                case .takenBack(let endpoint): note("\(endpoint) answers again")
                case .joined, .left, .notFound: break
                }
            })
    }

    private static func settings(slots: Int, checksHealth: Bool) -> PoolSettings {
        // llama.cpp, vLLM and SGLang have `/health`; what does not know it is up where it says so.
        var settings = PoolSettings(
            healthCheck: checksHealth
                ? HealthCheck(path: "/health", timeout: .seconds(5), statuses: 200...499, sparesBusy: true) : nil)
        settings.breaker = CircuitBreaker.Settings(
            window: .seconds(60), requestsMin: 4, failurePercent: 50, openBase: .seconds(2), probesNeeded: 1)
        settings.ejection = OutlierEjection.Settings(failuresMax: 3, base: .seconds(2), max: .seconds(60))
        settings.requestsPerEndpointMax = slots
        settings.waitMax = .seconds(self.waitSecondsMax)
        return settings
    }

    /// Asks whether the servers are well, and one of them what it can do; the others are asked when their first request
    /// comes.
    /// - Throws: where none answers.
    package func open() async throws(InferenceError) {
        self.pool.accept(.endpoints(self.endpoints))
        if let check = self.pool.settings.healthCheck { await self.pool.checkAll(check) }
        do {
            try await self.ask(nil, work: 1) { _ in }
        } catch {
            throw error as? InferenceError ?? .failed("the request was cancelled")
        }
    }

    /// Looks at every server now and then, until the task is cancelled.
    package func run() async { await self.pool.run(StaticDiscovery(self.endpoints)) }

    package func countTokens(_ request: ChatRequest) async throws -> Int {
        try await self.ask(AffinityKey(request), work: 1) {
            try await $0.model.countTokens(request)
        }
    }

    package func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let hasBegun = Mutex(false)
        let work = 1 + request.textBytes / Self.bytesOfWork
        let noting = send.mapped { (event: ChatEvent) in
            hasBegun.withLock { $0 = true }
            return [event]
        }
        func chat(_ engine: RunningEngine) async throws -> ChatOutcome {
            try await engine.model.chat(request, noting)
        }
        return try await self.ask(AffinityKey(request), work: work, hasBegun: { hasBegun.withLock { $0 } }, chat)
    }

    /// So many bytes of a prompt count as much as its answer: about a thousand tokens.
    private static let bytesOfWork = 4096

    package func embed(_ request: EmbeddingRequest) async throws -> EmbeddingOutcome {
        try await self.ask(nil, work: request.texts.count) { engine in
            guard let embedder = engine.embedder else { throw InferenceError.unsupported("The model has no vectors.") }
            return try await embedder.embed(request)
        }
    }

    package func rerank(_ request: RerankRequest) async throws -> RerankOutcome {
        try await self.ask(nil, work: request.documents.count) { engine in
            guard let reranker = engine.reranker else { throw InferenceError.unsupported("The model ranks nothing.") }
            return try await reranker.rerank(request)
        }
    }

    /// Asks one server, and others where it fails before anything has begun.
    private func ask<Value>(
        _ affinity: AffinityKey?, work: Int, hasBegun: () -> Bool = { false },
        _ use: (RunningEngine) async throws -> Value
    ) async throws -> Value {
        var failed: Set<UpstreamEndpoint> = []
        var attempt = 1
        while true {
            let lease = try await self.lease(affinity, work, failed)
            let endpoint = lease.endpoint.endpoint
            defer { lease.finish(.abandoned) }
            do {
                let value = try await use(self.engine(endpoint))
                lease.finish(.succeeded)
                return value
            } catch let error as InferenceError {
                let isServers = Self.isServersFault(error) && !Task.isCancelled
                // A server that is busy is well.
                lease.finish(isServers && error != .busy ? .failed : .abandoned, reason: error.reason)
                guard isServers, !hasBegun(), self.pool.mayRetry(attempt) else { throw Self.told(error, endpoint) }
                self.note("\(endpoint) failed, and another server is asked: \(error.reason)")
            }
            await self.pool.prepareRetry(attempt, endpoint, &failed)
            attempt += 1
        }
    }

    private func lease(
        _ affinity: AffinityKey?, _ work: Int, _ failed: Set<UpstreamEndpoint>
    ) async throws(InferenceError) -> UpstreamLease {
        do throws(PoolError) {
            return try await self.pool.lease(affinity: affinity, work: work, avoiding: failed)
        } catch {
            switch error {
            case .busy: throw .busy
            case .cancelled: throw .failed("the request was cancelled")
            case .noEndpoint, .allUnhealthy, .failed:
                let reasons = self.pool.status.map { "\($0.endpoint.endpoint): \($0.lastFailure ?? "it failed")" }
                throw .failed("none of the model's servers answers. " + reasons.joined(separator: "; "))
            }
        }
    }

    private func engine(_ endpoint: UpstreamEndpoint) async throws(InferenceError) -> RunningEngine {
        if let engine = self.engines.known.withLock({ $0[endpoint] }) { return engine }
        guard let server = self.servers[endpoint] else { preconditionFailure("the pool has these servers only") }
        let engine = try await server.connect()
        self.engines.known.withLock { $0[endpoint] = engine }
        return engine
    }

    /// Whether another server may do better; what is wrong with a request is wrong everywhere.
    private static func isServersFault(_ error: InferenceError) -> Bool {
        switch error {
        case .unsupported, .contextExceeded, .tooLarge: false
        // A refusal of 401 or 404 is a server's that is set up wrongly.
        case .failed, .unreached, .notReady, .busy, .timedOut, .noEngine, .refused: true
        }
    }

    /// `unreached` would say of the whole pool that it is gone, and have it put together anew.
    private static func told(_ error: InferenceError, _ endpoint: UpstreamEndpoint) -> InferenceError {
        if case .unreached(let reason) = error { .failed("\(endpoint) is not reached: \(reason)") } else { error }
    }

    /// Requests that each server has now, in the order of their addresses; for tests and status.
    package var outstanding: [Int] { self.pool.status.map(\.requests) }
}

extension AffinityKey {
    /// Bytes of texts that count; what differs further on shares its beginning anyway.
    private static let bytesMax = 4096

    /// Of a conversation's instructions, tools and first message: what its requests, and those with the same
    /// instructions, have in common. nil where all of them are empty.
    fileprivate init?(_ request: ChatRequest) {
        var bytes: [UInt8] = []
        func add(_ text: String) {
            guard bytes.count < Self.bytesMax else { return }
            bytes.append(contentsOf: text.utf8.prefix(Self.bytesMax - bytes.count))
            bytes.append(0)
        }
        for text in request.system { add(text) }
        for tool in request.tools { add(tool.name) }
        for part in request.messages.first?.parts ?? [] {
            if case .text(let text) = part { add(text) }
        }
        if bytes.isEmpty { return nil }
        self.init(bytes)
    }
}

extension ChatRequest {
    /// Of all instructions and texts.
    fileprivate var textBytes: Int {
        self.messages.reduce(self.system.reduce(0) { $0 + $1.utf8.count }) { sum, message in
            message.parts.reduce(sum) { sum, part in
                switch part {
                case .text(let text), .reasoning(let text), .toolResult(_, let text): sum + text.utf8.count
                case .image, .toolCall: sum
                }
            }
        }
    }
}
