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
            // Hashing, decoding and checking a large body takes long: the loop's other connections must not wait.
            return await withTaskExecutorPreference(globalConcurrentExecutor) {
                await self.respond(way, head, body: body, connection, started)
            }
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
        switch way {
        case .operation(let request):
            let resolved = self.resolveForm(request, body: body)
            if let departure = self.departure(resolved, connection, started) {
                return await self.forward(departure, body: .bytes(body), connection)
            }
            return await self.respond(resolved, body: body, connection, started)
        case .route(let match):
            if let departure = self.departure(match, head, connection, started) {
                return await self.forward(departure, body: .bytes(body), connection)
            }
            return await self.respond(match, head, body: body, connection, started)
        }
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
        let requestID = sender?.requestID ?? self.requestID(request.target)
        let codec = self.codecs[request.wireProtocol]
        var ending = Ending(request, requestID: requestID, bodyBytes: body.count, started: started)
        ending.record.gateway = sender?.gateway
        let message: ResponseMessage
        do throws(ServiceError) {
            let answer = try await self.answer(request, body, connection, sender, codec, &ending)
            ending.record.status = answer.message.status
            if let events = answer.events {
                return self.streamed(answer.message, events, request, codec, ending, connection)
            }
            message = answer.message
        } catch {
            return self.failed(error, request, codec, ending, connection)
        }
        ending.record.responseBytes = message.body.count
        self.record(ending.record, counters: ending.operation?.counters, connection)
        return EdgeResponse(message)
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

    /// The steps between identification and recording.
    private func answer(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo, _ sender: ForwardedSender?,
        _ codec: any ServerProtocol, _ ending: inout Ending
    ) async throws(ServiceError) -> Answer {
        if let refusal = Refuse.error(for: request) { throw refusal }
        let authenticated =
            if let sender {
                self.authenticate.forwarded(request, body: body, sender)
            } else {
                try self.authenticate(request, body: body, requestID: ending.record.requestID, connection)
            }
        ending.record.context = authenticated.context
        let decoded = try self.decode(authenticated, codec)
        try self.authorize(decoded)
        try await self.throttle(authenticated.service)
        let output: any WritableShape
        do throws(ServiceError) {
            output = try await self.invoke(decoded)
        } catch {
            self.throttle.release(authenticated.service)
            throw error
        }
        var message = await self.encoded(output, authenticated, codec)
        for field in authenticated.context.answerHeaders { message.headers.append(field.name, field.value) }
        if let events = self.encode.events(output, authenticated, codec) {
            return Answer(message: message, events: events)
        }
        self.throttle.release(authenticated.service)
        return Answer(message: message, events: nil)
    }

    /// Writes a large output beside the event loop, and every other one where it is.
    private func encoded(
        _ output: any WritableShape, _ request: AuthenticatedRequest, _ codec: any ServerProtocol
    ) async -> ResponseMessage {
        guard let sized = output as? any SizedOutput, sized.heldBytes > Self.loopBodyBytesMax else {
            return self.encode.output(output, request, codec)
        }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            self.encode.output(output, request, codec)
        }
    }

    /// An answer whose events follow; it holds its place in the service until they end.
    private func streamed(
        _ message: ResponseMessage, _ events: OutboundEvents, _ request: IdentifiedRequest,
        _ codec: any ServerProtocol, _ ending: Ending, _ connection: ConnectionInfo
    ) -> EdgeResponse {
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

/// An answer, and what follows its head where that is a stream.
private struct Answer {
    let message: ResponseMessage
    let events: OutboundEvents?
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
