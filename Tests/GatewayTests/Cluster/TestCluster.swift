import Gateway
import NIOPosix
import Primitives
import ServiceKit
import ServiceModel
import Signing
import Synchronization
import Telemetry

/// A gateway that runs no service and the node that runs them, with a wire between them on which things can happen.
struct TestCluster: Sendable {
    let wire: Wire
    let gateway: Pipeline
    let node: InternalEdge
    /// The node's own listener, for clients.
    let nodePipeline: Pipeline
    let gatewayLog = RecordingLog()
    let nodeLog = RecordingLog()
    let clock = ManualClock()
    let key: ClusterKey

    init(
        identity: TestIdentity = TestIdentity(), nodeIdentity: TestIdentity = TestIdentity(),
        nodeMemory: RequestMemory = RequestMemory(),
        handler: @escaping TestGateway.Handler = { (text, context) in "\(text)\(context.principal.userID.count)" }
    ) throws {
        guard let key = ClusterKey(bytes: [UInt8](repeating: 5, count: ClusterKey.byteCount)) else {
            preconditionFailure("the key has its length")
        }
        self.key = key
        self.wire = Wire()
        let services = TestServices(concurrencyMax: 8, waitingCountMax: 8, handler: handler).all
        self.nodePipeline = Self.pipeline(
            services, nodeIdentity, self.nodeLog, self.clock, signer: nil, memory: nodeMemory)
        self.node = InternalEdge(
            pipeline: self.nodePipeline, key: key, clock: self.clock, keys: { "the keys" })
        let nodes = self.wire
        let elsewhere = services.map { service in
            var service = service
            service.binding = ServiceBinding(elsewhere: service.binding.schema)
            service.nodes = nodes
            return service
        }
        self.gateway = Self.pipeline(
            elsewhere, identity, self.gatewayLog, self.clock,
            signer: ForwardSigner(key: key, clock: self.clock, random: SeededRandomSource(seed: 2)))
        self.wire.connect(to: self.node)
    }

    private static func pipeline(
        _ services: [RegisteredService], _ identity: TestIdentity, _ log: RecordingLog, _ clock: ManualClock,
        signer: ForwardSigner?, memory: RequestMemory = RequestMemory()
    ) -> Pipeline {
        let metrics = MetricRegistry()
        return Pipeline(
            catalog: ServiceCatalog(services, metrics: metrics),
            routes: InternalRoutes(metrics: metrics, readiness: { Readiness(isReady: true) }),
            authenticator: Authenticator(
                identity: identity, keys: SigningKeyCache(), clock: clock, mode: .verify, defaultRegion: .standard,
                log: log),
            authorizer: AccountAuthorizer(), accessLog: log, clock: clock, random: SeededRandomSource(seed: 1),
            signer: signer, memory: memory)
    }

    /// Through the gateway's public listener.
    func send(_ request: TestRequest, from connection: ConnectionInfo = .remote) async -> Answer {
        var head = request.head
        head.headers.append("Content-Length", String(request.body.count))
        return await Self.answer(self.gateway.plan(head, connection: connection, on: Self.loop), request.body)
    }

    /// To the node's internal listener.
    func sendToNode(_ head: RequestHead, _ body: [UInt8]) async -> Answer {
        await Self.answer(self.node.plan(head, connection: .gateway, on: Self.loop), body)
    }

    static func answer(_ plan: RequestPlan, _ body: [UInt8]) async -> Answer {
        switch plan {
        case .reply(let response): Answer(response)
        case .collect(_, let respond): Answer(await respond(body))
        case .stream: preconditionFailure("these bodies are small")
        }
    }

    static var loop: LoopContext {
        LoopContext(index: 0, executor: EventLoopTaskExecutor(MultiThreadedEventLoopGroup.singleton.any()))
    }
}

extension ConnectionInfo {
    static let gateway = ConnectionInfo(
        id: 3, remoteAddress: "10.0.0.2", remotePort: 50_002, isTLS: false, version: .http1, isLoopback: false)
}

/// Carries requests to the node, and keeps what it has carried.
final class Wire: ServiceNodes {
    struct Carried: Sendable {
        var head: RequestHead
        var body: [UInt8]
    }

    private struct State {
        var node: InternalEdge?
        var carried: [Carried] = []
        var failure = NodeError("no node is up")
        var tamper: @Sendable (inout Carried) -> Void = { _ in }
    }

    private let state = Mutex(State())

    func connect(to node: InternalEdge?) { self.state.withLock { $0.node = node } }

    /// Every request fails so.
    func fail(_ error: NodeError) {
        self.state.withLock { state in
            state.node = nil
            state.failure = error
        }
    }

    func tamper(_ change: @escaping @Sendable (inout Carried) -> Void) { self.state.withLock { $0.tamper = change } }

    var carried: [Carried] { self.state.withLock { $0.carried } }

    func send(_ request: NodeRequest) async throws(NodeError) -> NodeAnswer {
        guard case .bytes(let body) = request.body else { throw NodeError("only bytes are carried") }
        let (node, carried) = self.state.withLock { state in
            var carried = Carried(
                head: RequestHead(method: request.method, target: request.target, headers: request.headers()),
                body: body)
            carried.head.headers.append("Content-Length", String(body.count))
            state.carried.append(carried)
            state.tamper(&carried)
            return (state.node, carried)
        }
        guard let node else { throw self.state.withLock { $0.failure } }
        let answer = await TestCluster.answer(
            node.plan(carried.head, connection: .gateway, on: TestCluster.loop), carried.body)
        let taken = TakenOnce(Array(answer.text.utf8))
        var headers = answer.headers
        headers.append("Content-Length", String(answer.text.utf8.count))
        return NodeAnswer(status: answer.status, headers: headers, node: "node:1", next: { taken.take() })
    }

    private final class TakenOnce: Sendable {
        private let bytes: Mutex<[UInt8]?>

        init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes.isEmpty ? nil : bytes) }

        func take() -> [UInt8]? {
            self.bytes.withLock { bytes in
                defer { bytes = nil }
                return bytes
            }
        }
    }
}
