package import Primitives
internal import ServiceModel
package import Telemetry
internal import WireProtocols

/// The request's way, from its head to its answer:
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
/// body is discarded as it arrives: Pipeline+unkept.swift.
///
/// Each step takes the value of the one before and makes the next; nothing else is shared.
package final class Pipeline: EdgeResponder {
    let catalog: ServiceCatalog
    let routes: InternalRoutes
    let serviceRoutes: HTTPRoutes
    let codecs: ServerProtocols
    let identify: Identify
    private let resolveForm = ResolveForm()
    let authenticate: Authenticate
    private let decode = Decode()
    let authorize: Authorize
    let throttle = Throttle()
    private let invoke = Invoke()
    let encode = Encode()
    let record: Record
    /// nil when every service runs in this process.
    let forward: Forward?
    let random: any RandomSource

    /// The largest body, in bytes, that is processed on the event loop. A request with a larger one is processed
    /// elsewhere from start to end; an answer with a larger one is encoded elsewhere.
    package static let loopBodyBytesMax = 64 << 10

    package init(
        catalog: ServiceCatalog,
        routes: InternalRoutes,
        authenticator: Authenticator,
        authorizer: any Authorizer,
        accessLog: any LogSink,
        clock: any WallClock,
        random: any RandomSource,
        signer: ForwardSigner? = nil
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
    }

    package func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan {
        if let response = self.routes.response(head) { return .reply(EdgeResponse(response)) }
        if let plan = self.routes.control?.plan(head, connection) { return plan }
        // Few clients send headers that only a gateway may send.
        guard ForwardedHeaders.isReserved(in: head) else { return self.publicPlan(head, connection, loop) }
        return self.publicPlan(ForwardedHeaders.stripped(head), connection, loop)
    }

    private func publicPlan(
        _ head: RequestHead, _ connection: ConnectionInfo, _ loop: LoopContext
    ) -> RequestPlan {
        let started = ContinuousClock.now
        let kind = self.serviceRoutes.match(head).map(RequestKind.route) ?? .operation(self.identify(head))
        if self.forward != nil, let plan = self.streamedPlan(kind, head, connection, started) { return plan }
        if let plan = self.unkeptPlan(kind, head, connection, started, loop) { return plan }
        if self.forward == nil, case .operation(let request) = kind {
            return self.planHere(request, connection, started)
        }
        return .collect(limitBytes: self.bodyBytesMax(kind)) { body in
            guard body.count > Self.loopBodyBytesMax else {
                return await self.respond(kind, head, body: body, connection, started)
            }
            return await self.respondBeside(kind, head, body: body, connection, started)
        }
    }

    /// The plan of nearly all requests: an operation of a service in this process.
    private func planHere(
        _ request: IdentifiedRequest, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant
    ) -> RequestPlan {
        .collect(limitBytes: self.bodyBytesMax(request.target)) { body in
            guard body.count > Self.loopBodyBytesMax else {
                return await self.respond(self.passage(request, body, connection, started))
            }
            return await self.respondBeside(request, body, connection, started)
        }
    }

    /// Hashing, decoding and checking a large body takes long, and so does parsing a form: the loop's other connections
    /// must not wait.
    @inline(never)
    private func respondBeside(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            await self.respond(self.passage(request, body, connection, started))
        }
    }

    @inline(never)
    private func passage(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) -> Passage {
        self.passage(self.resolveForm(request, body: body), body, connection, started, nil)
    }

    /// What a request is for, as far as its head tells.
    enum RequestKind: Sendable {
        case operation(IdentifiedRequest)
        case route(HTTPRoutes.Match)
    }

    func bodyBytesMax(_ kind: RequestKind) -> Int {
        switch kind {
        case .operation(let request): self.bodyBytesMax(request.target)
        case .route(let match): match.entry.service.registration.bodyBytesMax
        }
    }

    @inline(never)
    private func respondBeside(
        _ kind: RequestKind, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            await self.respond(kind, head, body: body, connection, started)
        }
    }

    /// A request that matched a route, or may have to be forwarded to a node.
    @inline(never)
    private func respond(
        _ kind: RequestKind, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        let kind = self.resolved(kind, body)
        if let outgoing = self.outgoing(kind, head, started) {
            return await self.forward(outgoing, body: .bytes(body), connection)
        }
        switch kind {
        case .operation(let request):
            return await self.respond(self.passage(request, body, connection, started, nil))
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

    func bodyBytesMax(_ target: IdentifiedTarget) -> Int {
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

    /// The steps from authentication on; `sender` replaces authentication when a gateway has done it.
    func respond(
        _ request: IdentifiedRequest, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, sender: ForwardedSender? = nil
    ) async -> EdgeResponse {
        await self.respond(self.passage(request, body, connection, started, sender))
    }

    // Everything that lives in an asynchronous function is allocated for each request, including temporary values of
    // inlined code. So the steps that never wait are functions of their own, and what they share is one object.

    private func respond(_ passage: Passage) async -> EdgeResponse {
        do throws(ServiceError) {
            let call = try self.prepared(passage)
            if !self.throttle.admitsAtOnce(call.service) { try await self.throttle(call.service) }
            let output = try await self.output(of: call)
            guard call.operation.binding.hasSizedOutput, self.isLarge(output) else {
                return self.answered(call, output)
            }
            return await self.answeredBeside(call, output)
        } catch {
            return self.refused(error, passage)
        }
    }

    @inline(never)
    func passage(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, _ sender: ForwardedSender?
    ) -> Passage {
        Passage(
            request, requestID: sender?.requestID ?? self.requestID(request.target), body, connection, started, sender,
            self.codecs[request.wireProtocol])
    }

    /// The steps before the handler.
    @inline(never)
    private func prepared(_ passage: Passage) throws(ServiceError) -> Call {
        let request = passage.request
        if let refusal = Refuse.error(for: request) { throw refusal }
        let (service, operation) = Authenticate.named(request)
        let context =
            if let sender = passage.sender {
                try self.authenticate.forwarded(request.head, sender, service)
            } else {
                try self.authenticate(
                    request, body: passage.body, requestID: passage.requestID, passage.connection)
            }
        passage.context = context
        let input = try self.decode(request, body: passage.body, service, operation, passage.codec)
        try self.authorize(operation, input, context, of: service)
        return Call(passage, service, operation, input, context)
    }

    /// Runs the handler; if it fails, gives back the request's place in the service.
    private func output(of call: Call) async throws(ServiceError) -> any WritableShape {
        do throws(ServiceError) {
            return try await self.invoke(call)
        } catch {
            self.throttle.release(call.service)
            throw error
        }
    }

    @inline(never)
    private func isLarge(_ output: any WritableShape) -> Bool {
        guard let sized = output as? any SizedOutput else { return false }
        return sized.heldBytes > Self.loopBodyBytesMax
    }

    @inline(never)
    private func answered(_ call: Call, _ output: any WritableShape) -> EdgeResponse {
        self.answered(call, output, self.encode.output(output, call))
    }

    /// Encodes a large output off the event loop.
    @inline(never)
    private func answeredBeside(_ call: Call, _ output: any WritableShape) async -> EdgeResponse {
        let message = await withTaskExecutorPreference(globalConcurrentExecutor) {
            self.encode.output(output, call)
        }
        return self.answered(call, output, message)
    }

    /// The steps after the handler.
    @inline(never)
    private func answered(
        _ call: Call, _ output: any WritableShape, _ written: consuming ResponseMessage
    ) -> EdgeResponse {
        var message = written
        for field in call.context.answerHeaders { message.headers.append(field.name, field.value) }
        if let events = self.encode.events(output, call) {
            return self.streamed(message, events, call.passage)
        }
        self.throttle.release(call.service)
        self.record(
            call.passage.record(status: message.status, responseBytes: message.body.count),
            counters: call.operation.counters, call.passage.connection)
        return EdgeResponse(message)
    }

    @inline(never)
    func refused(_ error: ServiceError, _ passage: Passage) -> EdgeResponse {
        self.failed(error, passage.ending(status: 0), passage.codec, passage.connection)
    }

    /// The answer to a request that failed.
    private func failed(
        _ error: ServiceError, _ ending: Ending, _ codec: any ServerProtocol, _ connection: ConnectionInfo
    ) -> EdgeResponse {
        var record = ending.record
        record.errorCode = error.code
        if let context = record.context { ending.onError?(error, context) }
        let message = self.encode.error(
            error,
            requestID: record.requestID,
            head: ending.request.head,
            service: ending.schema,
            operation: ending.operation,
            codec
        )
        record.status = message.status
        record.responseBytes = message.body.count
        self.record(record, counters: ending.operation?.counters, connection)
        return EdgeResponse(message)
    }

    /// An answer with a stream of events; it keeps its place in the service until they end.
    private func streamed(
        _ message: ResponseMessage, _ events: OutboundEvents, _ passage: Passage
    ) -> EdgeResponse {
        let (ending, codec, connection) = (
            passage.ending(status: message.status), passage.codec, passage.connection
        )
        let record = self.record
        let throttle = self.throttle
        var headers = message.headers
        headers.set("Content-Type", EventStreamCodec.contentType)
        return EdgeResponse(
            status: message.status,
            headers: headers,
            body: .stream { writer in
                do {
                    try await events.send(to: writer)
                } catch let error as ServiceError {
                    throw UnbegunStream {
                        throttle.release(events.service)
                        return self.failed(error, ending, codec, connection)
                    }
                }
            },
            onEnd: { outcome in
                throttle.release(events.service)
                var ended = ending.record
                ended.responseBytes = outcome.bodyBytes
                ended.errorCode = events.errorCode
                record(ended, counters: ending.operation?.counters, connection)
            }
        )
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
