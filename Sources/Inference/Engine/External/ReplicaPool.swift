package import Primitives
package import ServiceModel
internal import Synchronization
internal import Upstream

/// One model on several servers: each request goes to one of them, and to another if that one fails before it has sent
/// anything.
///
/// `UpstreamPool` selects the server; this class interprets failures of model requests, and keeps each server's
/// capabilities.
package final class ReplicaPool: ChatModel, EmbeddingModel, RerankModel {
    /// A server and how to connect to it.
    package struct Server: Sendable {
        package var endpoint: EngineEndpoint
        /// Connects and queries the capabilities; called again after the server was ejected.
        package var connect: @Sendable () async throws(InferenceError) -> RunningEngine

        package init(
            _ endpoint: EngineEndpoint, connect: @escaping @Sendable () async throws(InferenceError) -> RunningEngine
        ) {
            self.endpoint = endpoint
            self.connect = connect
        }
    }

    /// The maximum number of servers of one model.
    package static let serverCountMax = 64
    /// How long a request waits for a server with a free slot; few clients wait longer.
    static let waitSecondsMax = 600

    /// The known capabilities of each server.
    private final class Engines: Sendable {
        let known = Mutex<[UpstreamEndpoint: RunningEngine]>([:])
    }

    private let servers: [UpstreamEndpoint: Server]
    private let endpoints: EndpointSet
    private let engines: Engines
    private let pool: UpstreamPool
    private let note: @Sendable (String) -> Void

    /// Does not connect yet; `open` does.
    /// - Parameters:
    ///   - servers: each has a different host and port.
    ///   - slots: concurrent requests to each server.
    ///   - checksHealth: whether `/health` is requested periodically.
    ///   - time: the clock for waiting.
    ///   - note: called with a log message when a server fails, is ejected or recovers.
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
                    // It may come back with other capabilities.
                    engines.known.withLock { $0[endpoint] = nil }
                    note("\(endpoint) gets no requests for now: \(reason)")
                case .takenBack(let endpoint): note("\(endpoint) answers again")
                case .joined, .left, .notFound: break
                }
            })
    }

    private static func settings(slots: Int, checksHealth: Bool) -> PoolSettings {
        // llama.cpp, vLLM and SGLang have `/health`; a server without it counts as up when it answers that there is
        // none.
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

    /// Checks the health of all servers and queries the capabilities of one; the others are queried at their first
    /// request.
    /// - Throws: when no server answers.
    package func open() async throws(InferenceError) {
        self.pool.accept(.endpoints(self.endpoints))
        if let check = self.pool.settings.healthCheck { await self.pool.checkAll(check) }
        do {
            try await self.ask(nil, work: 1) { _ in }
        } catch {
            throw error as? InferenceError ?? .failed("the request was cancelled")
        }
    }

    /// Checks every server periodically, until the task is cancelled.
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

    /// This many bytes of a prompt count as much work as its answer: about a thousand tokens.
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

    /// Sends a request to one server, and to others if it fails before the answer has begun.
    private func ask<Value>(
        _ affinity: AffinityKey?, work: Int, hasBegun: () -> Bool = { false },
        _ use: (RunningEngine) async throws -> Value
    ) async throws -> Value {
        var value: Value?
        try await self.attempt(affinity, work, hasBegun) { engine in value = try await use(engine) }
        guard let value else { preconditionFailure("a request that succeeded has no answer") }
        return value
    }

    /// `ask` without a value, and so compiled once.
    private func attempt(
        _ affinity: AffinityKey?, _ work: Int, _ hasBegun: () -> Bool, _ use: (RunningEngine) async throws -> Void
    ) async throws {
        var failed: Set<UpstreamEndpoint> = []
        var attempt = 1
        while true {
            let lease = try await self.lease(affinity, work, failed)
            let endpoint = lease.endpoint.endpoint
            defer { lease.finish(.abandoned) }
            do {
                try await use(self.engine(endpoint))
                return lease.finish(.succeeded)
            } catch let error as InferenceError {
                let isServers = Self.isServersFault(error) && !Task.isCancelled
                // A busy server is not at fault.
                lease.finish(isServers && error != .busy ? .failed : .abandoned, reason: error.reason)
                guard isServers, !hasBegun(), self.pool.mayRetry(attempt) else { throw Self.told(error, endpoint) }
                self.note("\(endpoint) failed, another server is tried: \(error.reason)")
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

    /// Whether another server may succeed; an invalid request fails everywhere.
    private static func isServersFault(_ error: InferenceError) -> Bool {
        switch error {
        case .unsupported, .contextExceeded, .tooLarge: false
        // A refusal of 401 or 404 is a server's that is set up wrongly.
        case .failed, .unreached, .notReady, .busy, .notLoaded, .timedOut, .noEngine, .refused: true
        }
    }

    /// `unreached` would mean that the whole pool is lost, and cause it to be rebuilt.
    private static func told(_ error: InferenceError, _ endpoint: UpstreamEndpoint) -> InferenceError {
        if case .unreached(let reason) = error { .failed("\(endpoint) is not reached: \(reason)") } else { error }
    }

    /// Current requests of each server, ordered by address; for tests.
    package var outstanding: [Int] { self.pool.status.map(\.requests) }
}

extension AffinityKey {
    /// The bytes of text that are hashed; texts that differ only later share their beginning anyway.
    private static let bytesMax = 4096

    /// Hashes a conversation's instructions, tools and first message: the common part of its requests, and of requests
    /// with the same instructions. nil when all are empty.
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
    /// The size of all instructions and texts.
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
