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
/// the steps of a wire protocol: Pipeline+routes.swift.
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
    /// nil where no service runs elsewhere.
    let forward: Forward?
    let random: any RandomSource

    /// Bytes of the largest body that is worked on on the event loop; a request with a larger one leaves it for its
    /// whole way, and one with a larger answer for encoding it.
    package static let loopBodyBytesMax = 64 << 10

    package init(
        catalog: ServiceCatalog,
        routes: InternalRoutes,
        authenticator: Authenticator,
        authorizer: any Authorizer,
        accessLog: any LogSink,
        clock: any WallClock,
        random: any RandomSource,
        voice: ForwardVoice? = nil
    ) {
        precondition(
            voice != nil || catalog.services.allSatisfy { $0.registration.nodes == nil },
            "whoever sends requests to nodes has something to say of them")
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
        self.forward = voice.map { Forward(voice: $0, log: accessLog, clock: clock) }
        self.random = random
    }

    package func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan {
        if let response = self.routes.response(head) { return .reply(EdgeResponse(response)) }
        if let plan = self.routes.control?.plan(head, connection) { return plan }
        let started = ContinuousClock.now
        let head = ForwardedHeaders.stripped(head)
        let way = self.serviceRoutes.match(head).map(Way.route) ?? .operation(self.identify(head))
        if let plan = self.streamedPlan(way, head, connection, started) { return plan }
        return .collect(limitBytes: self.bodyBytesMax(way)) { body in
            guard body.count > Self.loopBodyBytesMax else {
                return await self.respond(way, head, body: body, connection, started)
            }
            return await self.respondBeside(way, head, body: body, connection, started)
        }
    }

    /// What a request's head says of its way.
    enum Way: Sendable {
        case operation(IdentifiedRequest)
        case route(HTTPRoutes.Match)
    }

    private func bodyBytesMax(_ way: Way) -> Int {
        switch way {
        case .operation(let request): self.bodyBytesMax(request.target)
        case .route(let match): match.entry.service.registration.bodyBytesMax
        }
    }

    private func respond(
        _ way: Way, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        guard let passage = self.passageHere(way, body, connection, started) else {
            return await self.respondHereOrElsewhere(way, head, body: body, connection, started)
        }
        return await self.respond(passage)
    }

    /// Hashing, decoding and checking a large body takes long: the loop's other connections must not wait.
    @inline(never)
    private func respondBeside(
        _ way: Way, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            await self.respond(way, head, body: body, connection, started)
        }
    }

    /// - Returns: nil for what is no operation, or may have to go to another node.
    @inline(never)
    private func passageHere(
        _ way: Way, _ body: [UInt8], _ connection: ConnectionInfo, _ started: ContinuousClock.Instant
    ) -> Passage? {
        self.forward == nil ? self.passage(self.resolved(way, body), body, connection, started) : nil
    }

    @inline(never)
    private func respondHereOrElsewhere(
        _ way: Way, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        let way = self.resolved(way, body)
        if let departure = self.departure(way, head, started) {
            return await self.forward(departure, body: .bytes(body), connection)
        }
        if let passage = self.passage(way, body, connection, started) { return await self.respond(passage) }
        return await self.respondOnRoute(way, head, body: body, connection, started)
    }

    @inline(never)
    private func passage(
        _ way: Way, _ body: [UInt8], _ connection: ConnectionInfo, _ started: ContinuousClock.Instant
    ) -> Passage? {
        guard case .operation(let request) = way else { return nil }
        return self.passage(request, body, connection, started, nil)
    }

    @inline(never)
    private func respondOnRoute(
        _ way: Way, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        guard case .route(let match) = way else { preconditionFailure("what is no operation is a route") }
        return await self.respond(match, head, body: body, connection, started)
    }

    /// What a form's operation is stands in its body.
    @inline(never)
    private func resolved(_ way: Way, _ body: [UInt8]) -> Way {
        guard case .operation(let request) = way, case .form = request.target else { return way }
        return .operation(self.resolveForm(request, body: body))
    }

    func bodyBytesMax(_ target: IdentifiedTarget) -> Int {
        switch target {
        case .operation(let service, _), .notImplemented(let service, _), .unknownOperation(let service, _),
            .unknownVersion(let service, _, _):
            service.registration.bodyBytesMax
        case .form(let services):
            services.map(\.registration.bodyBytesMax).max() ?? 0
        case .unknownService, .unidentified:
            1 << 20
        }
    }

    package func refusal(
        _ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo, on loop: LoopContext
    ) -> EdgeResponse {
        let request =
            head.map { self.identify($0) }
            ?? IdentifiedRequest(
                head: RequestHead(method: "", path: ""), target: .unidentified, wireProtocol: .restJson1, labels: [])
        let requestID = self.requestID(request.target)
        var response = refusal.response
        response.headers.append("x-amzn-RequestId", requestID.description)
        var record = Ending(request, requestID: requestID, bodyBytes: 0, started: .now).record
        record.status = refusal.status
        record.errorCode = refusal.code
        if case .bytes(let body) = response.body { record.responseBytes = body.count }
        self.record.refused(record, connection)
        return response
    }

    /// The steps from authentication on; where a gateway proved the sender, `sender` takes its place.
    func respond(
        _ request: IdentifiedRequest, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, sender: ForwardedSender? = nil
    ) async -> EdgeResponse {
        await self.respond(self.passage(request, body, connection, started, sender))
    }

    // What lives in an asynchronous function is allocated for each request, temporary values of what is inlined too. So
    // the steps that never wait are functions of their own, and what they share is one object.

    private func respond(_ passage: Passage) async -> EdgeResponse {
        do throws(ServiceError) {
            let call = try self.prepared(passage)
            if !self.throttle.admitsAtOnce(call.authenticated.service) {
                try await self.throttle(call.authenticated.service)
            }
            let output = try await self.output(of: call)
            guard self.isLarge(output) else { return self.answered(call, output) }
            return await self.answeredBeside(call, output)
        } catch {
            return self.refused(error, passage)
        }
    }

    @inline(never)
    private func passage(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, _ sender: ForwardedSender?
    ) -> Passage {
        let requestID = sender?.requestID ?? self.requestID(request.target)
        let ending = Ending(request, requestID: requestID, bodyBytes: body.count, started: started)
        let passage = Passage(request, body, connection, sender, self.codecs[request.wireProtocol], ending)
        passage.ending.record.gateway = sender?.gateway
        return passage
    }

    /// The steps before the handler.
    @inline(never)
    private func prepared(_ passage: Passage) throws(ServiceError) -> Call {
        let request = passage.request
        if let refusal = Refuse.error(for: request) { throw refusal }
        let authenticated =
            if let sender = passage.sender {
                try self.authenticate.forwarded(request, body: passage.body, sender)
            } else {
                try self.authenticate(
                    request, body: passage.body, requestID: passage.ending.record.requestID, passage.connection)
            }
        passage.ending.record.context = authenticated.context
        let decoded = try self.decode(authenticated, passage.codec)
        try self.authorize(decoded, of: authenticated.service)
        return Call(passage, authenticated, decoded)
    }

    /// Runs the handler; when it fails, the request's place in the service is given back.
    private func output(of call: Call) async throws(ServiceError) -> any WritableShape {
        do throws(ServiceError) {
            return try await self.invoke(call.decoded)
        } catch {
            self.throttle.release(call.authenticated.service)
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
        self.answered(call, output, self.encode.output(output, call.authenticated, call.passage.codec))
    }

    /// Writes a large output beside the event loop.
    @inline(never)
    private func answeredBeside(_ call: Call, _ output: any WritableShape) async -> EdgeResponse {
        let (request, codec) = (call.authenticated, call.passage.codec)
        let message = await withTaskExecutorPreference(globalConcurrentExecutor) {
            self.encode.output(output, request, codec)
        }
        return self.answered(call, output, message)
    }

    /// The steps behind the handler.
    @inline(never)
    private func answered(
        _ call: Call, _ output: any WritableShape, _ written: ResponseMessage
    ) -> EdgeResponse {
        let passage = call.passage
        var message = written
        for field in call.authenticated.context.answerHeaders { message.headers.append(field.name, field.value) }
        passage.ending.record.status = message.status
        if let events = self.encode.events(output, call.authenticated, passage.codec) {
            return self.streamed(message, events, passage)
        }
        self.throttle.release(call.authenticated.service)
        passage.ending.record.responseBytes = message.body.count
        self.record(passage.ending.record, counters: passage.ending.operation?.counters, passage.connection)
        return EdgeResponse(message)
    }

    @inline(never)
    private func refused(_ error: ServiceError, _ passage: Passage) -> EdgeResponse {
        self.failed(error, passage.request, passage.codec, passage.ending, passage.connection)
    }

    /// The answer to a request that ended with an error.
    private func failed(
        _ error: ServiceError, _ request: IdentifiedRequest, _ codec: any ServerProtocol, _ ending: Ending,
        _ connection: ConnectionInfo
    ) -> EdgeResponse {
        var record = ending.record
        record.errorCode = error.code
        if let context = record.context { ending.onError?(error, context) }
        let message = self.encode.error(
            error,
            requestID: record.requestID,
            head: request.head,
            service: ending.schema,
            operation: ending.operation,
            codec
        )
        record.status = message.status
        record.responseBytes = message.body.count
        self.record(record, counters: ending.operation?.counters, connection)
        return EdgeResponse(message)
    }

    /// An answer whose events follow; it holds its place in the service until they end.
    private func streamed(
        _ message: ResponseMessage, _ events: OutboundEvents, _ passage: Passage
    ) -> EdgeResponse {
        let (request, codec, ending, connection) = (
            passage.request, passage.codec, passage.ending, passage.connection
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
                        return self.failed(error, request, codec, ending, connection)
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
        case .operation(let service, _), .notImplemented(let service, _), .unknownOperation(let service, _):
            service.registration.requestIDForm == .long ? .long(self.random) : .uuid(self.random)
        case .form, .unknownVersion, .unknownService, .unidentified:
            .uuid(self.random)
        }
    }
}

/// What the steps from authentication on know of a request, and what they leave behind for its record.
private final class Passage {
    let request: IdentifiedRequest
    let body: [UInt8]
    let connection: ConnectionInfo
    /// Who sent the request, where a gateway proved that.
    let sender: ForwardedSender?
    let codec: any ServerProtocol
    var ending: Ending

    init(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo, _ sender: ForwardedSender?,
        _ codec: any ServerProtocol, _ ending: Ending
    ) {
        self.request = request
        self.body = body
        self.connection = connection
        self.sender = sender
        self.codec = codec
        self.ending = ending
    }
}

/// A request that may run.
private final class Call {
    let passage: Passage
    let authenticated: AuthenticatedRequest
    let decoded: DecodedRequest

    init(_ passage: Passage, _ authenticated: AuthenticatedRequest, _ decoded: DecodedRequest) {
        self.passage = passage
        self.authenticated = authenticated
        self.decoded = decoded
    }
}

/// What the end of a request needs, however it ended.
struct Ending {
    /// Of a service that is not served as well, where the form of its errors hangs on it.
    let schema: ServiceSchema?
    let operation: OperationEntry?
    /// What the service does when a client is answered with an error.
    let onError: (@Sendable (ServiceError, RequestContext) -> Void)?
    var record: RequestRecord

    init(
        _ request: IdentifiedRequest, requestID: RequestID, bodyBytes: Int, started: ContinuousClock.Instant
    ) {
        let service: ServiceEntry?
        let name: String
        switch request.target {
        case .operation(let entry, let operation):
            (service, self.operation, name) = (entry, operation, operation.binding.schema.name)
        case .notImplemented(let entry, let operation), .unknownOperation(let entry, let operation),
            .unknownVersion(let entry, let operation, _):
            (service, self.operation, name) = (entry, nil, operation)
        case .form, .unknownService, .unidentified:
            (service, self.operation, name) = (nil, nil, "")
        }
        self.onError = service?.registration.binding.onError
        if case .unknownService(let unserved) = request.target, request.wireProtocol == .restXml {
            self.schema = unserved.schema
        } else {
            self.schema = service?.schema
        }
        self.record = RequestRecord(
            requestID: requestID,
            service: service?.schema.id ?? "",
            operation: name,
            status: 0,
            errorCode: nil,
            context: nil,
            bodyBytes: bodyBytes,
            responseBytes: 0,
            started: started,
            traceID: TraceContext.id(request.head.headers)
        )
    }
}
