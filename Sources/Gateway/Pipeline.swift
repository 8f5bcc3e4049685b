package import Primitives
internal import ServiceModel
package import Telemetry
internal import WireProtocols

/// The way of a request from its head to its answer. This file plans it; the steps run in Pipeline+operation.swift.
///
///     accept → limits     Edge/
///     identify            Steps/Identify.swift, Steps/ResolveForm.swift, Steps/Refuse.swift
///     authenticate        Steps/Authenticate.swift
///     decode              Steps/Decode.swift
///     authorize           Steps/Authorize.swift
///     throttle            Steps/Throttle.swift
///     invoke              Steps/Invoke.swift
///     encode              Steps/Encode.swift
///     record              Steps/Record.swift
///
/// A request for a service that runs elsewhere is authenticated and then handed to a node: Pipeline+forward.swift, with
/// Steps/Forward.swift. At the node it comes in through Pipeline+forwarded.swift, where Steps/AcceptForwarded.swift
/// takes the place of authentication.
///
/// A request for a route that a service has beside its operations (Catalog/HTTPRoutes.swift) goes the same way without
/// the steps of a wire protocol: Pipeline+routes.swift. If the head alone shows that a request will be refused, a large
/// body is discarded as it arrives: Pipeline+discardedBody.swift. Before a large one is decoded it waits for room for
/// what is made of it: Steps/RequestMemory.swift.
///
/// Each step takes the value of the one before and makes the next; nothing else is shared.
package final class Pipeline: EdgeResponder {
    let catalog: ServiceCatalog
    let routes: InternalRoutes
    let serviceRoutes: HTTPRoutes
    let codecs: ServerProtocols
    let identify: Identify
    let resolveForm = ResolveForm()
    let authenticate: Authenticate
    let decode = Decode()
    let authorize: Authorize
    let throttle = Throttle()
    let invoke = Invoke()
    let encode = Encode()
    let record: Record
    /// nil when every service runs in this process.
    let forward: Forward?
    let random: any RandomSource
    let memory: RequestMemory

    /// The largest body, in bytes, that is processed on the event loop. A request with a larger one is processed
    /// elsewhere from start to end; an answer with a larger one is encoded elsewhere.
    package static let loopBodyBytesMax = 64 << 10

    /// Whether a request is processed elsewhere than on the event loop: its body is large, or may be under gzip, which
    /// makes megabytes of a few kilobytes.
    static func leavesLoop(_ head: RequestHead, _ body: [UInt8]) -> Bool {
        body.count > self.loopBodyBytesMax || head.headers.contains("content-encoding")
    }

    package init(
        catalog: ServiceCatalog,
        routes: InternalRoutes,
        authenticator: Authenticator,
        authorizer: any Authorizer,
        accessLog: any LogSink,
        clock: any WallClock,
        random: any RandomSource,
        signer: ForwardSigner? = nil,
        memory: RequestMemory = RequestMemory()
    ) {
        precondition(
            signer != nil || catalog.services.allSatisfy { $0.registration.nodes == nil },
            "a process with nodes signs its requests to them")
        self.catalog = catalog
        self.routes = routes
        self.serviceRoutes = HTTPRoutes(catalog)
        self.codecs = ServerProtocols()
        self.identify = Identify(catalog: catalog, routes: ServiceRoutes(catalog))
        self.authenticate = Authenticate(authenticator: authenticator)
        self.authorize = Authorize(authorizer: authorizer)
        self.record = Record(
            log: accessLog,
            clock: clock,
            unrecognised: routes.metrics.counter(
                "brume_unrecognised_requests_total",
                help: "Requests that named no operation that is served here"
            )
        )
        self.forward = signer.map { Forward(signer: $0, log: accessLog, clock: clock) }
        self.random = random
        self.memory = memory
    }

    package func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan {
        if let response = self.routes.response(head) { return .reply(EdgeResponse(response)) }
        if let plan = self.routes.control?.plan(head, connection) { return plan }
        // Few clients send headers that only a gateway may send.
        guard ForwardedHeaders.isReserved(in: head) else { return self.publicPlan(head, connection, loop) }
        return self.publicPlan(ForwardedHeaders.stripped(head), connection, loop)
    }

    /// What a request is for, as far as its head tells.
    enum RequestKind: Sendable {
        case operation(IdentifiedRequest)
        case route(HTTPRoutes.Match)
    }

    private func publicPlan(
        _ head: RequestHead, _ connection: ConnectionInfo, _ loop: LoopContext
    ) -> RequestPlan {
        let started = ContinuousClock.now
        let kind = self.serviceRoutes.match(head).map(RequestKind.route) ?? .operation(self.identify(head))
        if self.forward != nil, let plan = self.streamedPlan(kind, head, connection, started) { return plan }
        if let plan = self.planDiscardingBody(kind, head, connection, started, loop) { return plan }
        if self.forward == nil, case .operation(let request) = kind {
            return self.planHere(request, connection, started)
        }
        return .collect(limitBytes: self.bodyBytesMax(kind)) { body in
            guard Self.leavesLoop(head, body) else {
                return await self.respondOrForward(kind, head, body: body, connection, started)
            }
            return await self.respondOffLoop(kind, head, body: body, connection, started)
        }
    }

    /// The plan of nearly all requests: an operation of a service in this process.
    private func planHere(
        _ request: IdentifiedRequest, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant
    ) -> RequestPlan {
        .collect(limitBytes: self.bodyBytesMax(request.target)) { body in
            guard Self.leavesLoop(request.head, body) else {
                return await self.run(self.resolvedState(request, body, connection, started))
            }
            return await self.respondOffLoop(request, body, connection, started)
        }
    }

    /// Hashing, decoding and checking a large body takes long, and so does parsing a form: the loop's other connections
    /// must not wait.
    @inline(never)
    private func respondOffLoop(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            await self.runInTurn(self.resolvedState(request, body, connection, started))
        }
    }

    @inline(never)
    private func resolvedState(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) -> RequestState {
        self.state(self.resolveForm(request, body: body), body, connection, started, nil)
    }

    @inline(never)
    private func respondOffLoop(
        _ kind: RequestKind, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            await self.respondOrForward(kind, head, body: body, connection, started)
        }
    }

    /// A request that matched a route, or may have to be forwarded to a node.
    @inline(never)
    private func respondOrForward(
        _ kind: RequestKind, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        let kind = self.resolved(kind, body)
        if let outgoing = self.outgoing(kind, head, started) {
            return await self.forward(outgoing, body: .bytes(body), connection)
        }
        switch kind {
        case .operation(let request):
            return await self.respond(request, body: body, connection, started)
        case .route(let match):
            return await self.respond(match, head, body: body, connection, started)
        }
    }

    /// The operation of a form is named in its body.
    @inline(never)
    private func resolved(_ kind: RequestKind, _ body: [UInt8]) -> RequestKind {
        guard case .operation(let request) = kind, case .form = request.target else { return kind }
        return .operation(self.resolveForm(request, body: body))
    }

    func bodyBytesMax(_ kind: RequestKind) -> Int {
        switch kind {
        case .operation(let request): self.bodyBytesMax(request.target)
        case .route(let match): match.entry.service.registration.bodyBytesMax
        }
    }

    private func bodyBytesMax(_ target: IdentifiedTarget) -> Int {
        switch target {
        case .operation(let service, _), .notImplemented(let service, _), .unknownOperation(let service, _),
            .unknownMediaType(let service), .unknownVersion(let service, _, _):
            service.registration.bodyBytesMax
        case .form(let services):
            services.map(\.registration.bodyBytesMax).max() ?? 0
        case .unknownService, .unidentified:
            1 << 20
        }
    }

    func requestID(_ target: IdentifiedTarget) -> RequestID {
        switch target {
        case .operation(let service, _), .notImplemented(let service, _), .unknownOperation(let service, _),
            .unknownMediaType(let service):
            service.registration.requestIDForm == .long ? .long(self.random) : .uuid(self.random)
        case .form, .unknownVersion, .unknownService, .unidentified:
            .uuid(self.random)
        }
    }
}
