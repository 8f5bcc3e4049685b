internal import Containers
internal import Gateway
internal import Primitives
internal import Telemetry
internal import Upstream

/// Sends requests of the gateway to the nodes of a role: to one that is well and not busy, over connections that are
/// kept.
///
/// A request whose body is at hand is tried at one node after the other, as long as it has reached none, or may be sent
/// again. One whose body is passed on as it comes goes to another node only where no byte of it has left.
final class UpstreamNodes: ServiceNodes {
    /// What it takes to find nodes, to send them requests, and to log what becomes of them.
    struct Dependencies: Sendable {
        var tls: UpstreamTLS?
        /// Requests at a time to one node, and how long they may take.
        var requestsMax: Int
        var timeouts: UpstreamTimeouts
        var engine: ContainerDiscovery.Connection
        var log: any LogSink
        var clock: any WallClock
    }

    let role: Role
    let pool: UpstreamPool
    private let places: [NodePlace]
    private let dependencies: Dependencies

    /// - Parameters:
    ///   - role: the nodes' role.
    ///   - places: endpoints, or one place where they are discovered.
    ///   - dependencies: how to find the nodes and send them requests.
    init(_ role: Role, _ places: [NodePlace], _ dependencies: Dependencies) {
        precondition(!places.isEmpty, "a role is taken somewhere")
        self.role = role
        self.places = places
        self.dependencies = dependencies
        self.pool = UpstreamPool(
            name: role.rawValue,
            settings: Self.settings(dependencies.timeouts, requestsMax: dependencies.requestsMax),
            tls: dependencies.tls
        ) { event in
            dependencies.log.write(Self.record(of: event, role, at: dependencies.clock.now()))
        }
        // Endpoints need no discovery: the first request finds them.
        if let known = self.known { self.pool.accept(.endpoints(known)) }
    }

    private var known: EndpointSet? {
        let endpoints = self.places.compactMap { place in
            if case .endpoint(let endpoint) = place { DiscoveredEndpoint(endpoint) } else { nil }
        }
        return endpoints.isEmpty ? nil : EndpointSet(endpoints)
    }

    /// Follows discovery and checks the health of the nodes, until it is cancelled.
    func run() async {
        let isTLS = self.dependencies.tls != nil
        switch self.places[0] {
        case .endpoint:
            guard let known = self.known else { preconditionFailure("settings name no more than a set takes") }
            await self.pool.run(StaticDiscovery(known))
        case .name(let name, let kind, let server):
            await self.pool.run(
                DNSDiscovery(name, kind, isTLS: isTLS) {
                    server.map { ResolverSettings(servers: [$0]) } ?? .ofThisMachine()
                })
        case .file(let path): await self.pool.run(FileDiscovery(path: path))
        case .containers(let selection):
            await self.pool.run(ContainerDiscovery(selection, isTLS: isTLS, connect: self.dependencies.engine))
        }
    }

    func send(_ request: NodeRequest) async throws(NodeError) -> NodeAnswer {
        var failed: Set<UpstreamEndpoint> = []
        var attempt = 1
        while true {
            let lease: UpstreamLease
            do throws(PoolError) {
                lease = try await self.pool.lease(avoiding: failed)
            } catch {
                throw self.nodeError(error)
            }
            let endpoint = lease.endpoint.endpoint
            do throws(UpstreamError) {
                let answer = try await self.send(request, lease)
                guard answer.refusal != nil, case .bytes = request.body, attempt < self.pool.settings.attemptsMax,
                    failed.count + 1 < self.pool.endpointCount
                else { return answer }
                // The node has not processed it, and another node may trust this gateway.
            } catch {
                lease.finish(error)
                guard Self.mayBeRepeated(request, error), self.pool.mayRetry(attempt) else {
                    throw NodeError(error.sentence, node: endpoint.description)
                }
            }
            await self.pool.prepareRetry(attempt, endpoint, &failed)
            attempt += 1
        }
    }

    /// Whether sending the request again has no further effect, and still helps its client.
    private static func mayBeRepeated(_ request: NodeRequest, _ error: UpstreamError) -> Bool {
        guard error.isUpstreamFault, !error.hasAnswered else { return false }
        switch (request.body, error.reason) {
        // The time limit for the client has passed.
        case (_, .firstByteTimedOut), (_, .totalTimedOut): return false
        case (.bytes, _): return !error.wasSent || request.isRepeatable
        case (.stream, _): return !error.wasSent
        }
    }

    private func send(_ request: NodeRequest, _ lease: UpstreamLease) async throws(UpstreamError) -> NodeAnswer {
        // The client would send the same statement again, which a node accepts only once.
        let upstream = UpstreamRequest(
            request.method, request.target, headers: request.headers(), isIdempotent: false)
        switch request.body {
        case .bytes(let bytes):
            let hasBody = !bytes.isEmpty || (request.method != "GET" && request.method != "HEAD")
            let response = try await lease.client.send(upstream, body: hasBody ? bytes : nil)
            let answer = PoolResponse(response, lease)
            let node = lease.client.name
            return NodeAnswer(
                status: answer.status, headers: answer.head.headers, node: node,
                next: {
                    do throws(UpstreamError) {
                        return try await answer.next()
                    } catch {
                        throw NodeError(error.sentence, node: node)
                    }
                })
        case .stream(let next):
            return try await StreamedExchange.start(upstream, PulledBody(pull: next), lease)
        }
    }

    private func nodeError(_ error: PoolError) -> NodeError {
        switch error {
        case .noEndpoint: NodeError(self.pool.discoveryFailure ?? "no node has been found yet")
        case .allUnhealthy:
            if let left = self.pool.status.first(where: { $0.lastFailure != nil }), let failure = left.lastFailure {
                NodeError("no node is well; \(failure)", node: left.endpoint.endpoint.description)
            } else {
                NodeError("no node is well")
            }
        case .busy: NodeError("every node has as many requests as it may", isBusy: true)
        case .cancelled: NodeError("the client has left")
        case .failed(let error, let endpoint): NodeError(error.sentence, node: endpoint.description)
        }
    }

    // Limits, and events for the operator.

    private static func settings(_ timeouts: UpstreamTimeouts, requestsMax: Int) -> PoolSettings {
        var settings = PoolSettings(
            healthCheck: HealthCheck(
                path: "/readyz", interval: .seconds(2), timeout: .seconds(2),
                rules: ActiveHealth.Settings(unhealthyAfter: 2, healthyAfter: 1)))
        // A node closes a connection that has been idle for two minutes.
        settings.client = UpstreamOptions(timeouts: timeouts, restingConnectionsMax: 128, restingMax: .seconds(60))
        settings.requestsPerEndpointMax = requestsMax
        // The service's own limit of concurrent requests is reached first.
        settings.requestsMax = 64 * requestsMax
        // A node that crashes fails all requests of that moment, which may be hundreds.
        settings.budget = RetryBudget.Settings(percent: 20, retriesMax: 1024)
        settings.ejection.base = .seconds(2)
        settings.ejection.max = .seconds(60)
        settings.breaker = CircuitBreaker.Settings(
            openBase: .seconds(2), openMax: .seconds(30), probesMax: 8, probesNeeded: 1)
        // Any answer of a node is the service's answer: only a missing answer counts against the node.
        settings.failureStatuses = []
        return settings
    }

    private static func record(of event: PoolEvent, _ role: Role, at time: Timestamp) -> LogRecord {
        var members: [LogRecord.Member] = [.init("service", .string(role.rawValue))]
        func add(_ endpoint: UpstreamEndpoint) { members.append(.init("node", .string(endpoint.description))) }
        let (level, message): (LogLevel, String)
        switch event {
        case .joined(let endpoint):
            (level, message) = (.info, "node found")
            add(endpoint)
        case .left(let endpoint):
            (level, message) = (.info, "node gone")
            add(endpoint)
        case .leftOut(let endpoint, let reason):
            (level, message) = (.warning, "node left out")
            add(endpoint)
            members.append(.init("reason", .string(reason)))
        case .takenBack(let endpoint):
            (level, message) = (.info, "node taken back")
            add(endpoint)
        case .notFound(let reason):
            (level, message) = (.warning, "nodes cannot be looked up; the last ones stay")
            members.append(.init("reason", .string(reason)))
        }
        return LogRecord(time: time, level: level, message: message, members: members)
    }
}
