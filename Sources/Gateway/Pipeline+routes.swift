internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Synchronization

extension Pipeline {
    /// The way of a request that took a route; `refusal` is what is known against its sender.
    func respond(
        _ match: HTTPRoutes.Match, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, sender: ForwardedSender? = nil, refusal: ServiceError? = nil
    ) async -> EdgeResponse {
        let route = match.entry.route
        let requestID = sender?.requestID ?? RequestID.uuid(self.random)
        var record = RequestRecord(
            requestID: requestID,
            service: match.entry.service.schema.id,
            operation: route.name,
            status: 200,
            errorCode: nil,
            context: nil,
            bodyBytes: body.count,
            responseBytes: 0,
            started: started,
            traceID: TraceContext.id(head.headers),
            gateway: sender?.gateway
        )
        let message: ResponseMessage
        var added: [HeaderFields.Field] = []
        do throws(ServiceError) {
            if let fault = match.fault { throw Self.error(fault, head, route) }
            if let refusal { throw refusal }
            let context =
                if let sender {
                    try self.authenticate.forwarded(head, sender, match.entry.service)
                } else {
                    try self.authenticate(match, head, body: body, requestID: requestID, connection)
                }
            record.context = context
            let request = HTTPRouteRequest(head: head, labels: match.labels, body: body)
            // Its JSON may need much more memory than its body.
            let room = try await self.memory.input(of: body, for: match.entry.service.registration)
            defer { withExtendedLifetime(room) {} }
            switch try await self.answer(request, match.entry, context) {
            case .whole(let whole):
                message = whole
                added = context.answerHeaders
            case .events(let produce):
                return self.streamed(match.entry, record, context, connection, produce).holding(room)
            }
        } catch {
            return self.failed(error, match.entry, record, connection, added: match.refusalHeaders)
        }
        return self.ended(message, added, match.entry, record, connection)
    }

    /// The answer to a request that ended with an error.
    private func failed(
        _ error: ServiceError, _ entry: HTTPRouteEntry, _ record: RequestRecord, _ connection: ConnectionInfo,
        added: [HeaderFields.Field] = []
    ) -> EdgeResponse {
        var record = record
        record.errorCode = error.code
        let (status, body) = entry.route.form.error(error, record.requestID)
        let message = ResponseMessage(status: status, headers: ["Content-Type": "application/json"], body: body)
        return self.ended(message, added, entry, record, connection)
    }

    /// A whole answer, which is recorded.
    private func ended(
        _ message: ResponseMessage, _ added: [HeaderFields.Field], _ entry: HTTPRouteEntry, _ record: RequestRecord,
        _ connection: ConnectionInfo
    ) -> EdgeResponse {
        var message = message
        for field in added + Self.requestIDFields(entry.route.form, record.requestID) {
            message.headers.append(field.name, field.value)
        }
        var record = record
        record.status = message.status
        record.responseBytes = message.body.count
        self.record(record, counters: entry.counters, connection)
        return EdgeResponse(message)
    }

    private static func error(
        _ fault: HTTPRoutes.Fault, _ head: RequestHead, _ route: HTTPRoute
    ) -> ServiceError {
        switch fault {
        case .unknownPath: .unknownPath(head, remedy: route.remedy)
        case .wrongMethod:
            ServiceError(
                code: ServiceError.RouteCode.methodNotAllowed, status: 405,
                message: "Not allowed to \(head.method) on this path.")
        }
    }

    static func requestIDFields(_ form: HTTPRouteForm, _ requestID: RequestID) -> [HeaderFields.Field] {
        [.init("x-amzn-RequestId", requestID.description), .init(form.requestIDHeader, requestID.description)]
    }

    /// Authorisation, a place in the service, then the handler. A stream of events keeps the place until it ends.
    private func answer(
        _ request: HTTPRouteRequest, _ entry: HTTPRouteEntry, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        try self.authorize.authorizer.authorize(context, of: entry.service) { entry.route.access(request, context) }
        try await self.throttle(entry.service)
        let answer: HTTPRouteAnswer
        do throws(ServiceError) {
            answer = try await entry.route.respond(request, context)
        } catch {
            self.throttle.release(entry.service)
            throw error
        }
        if case .whole = answer { self.throttle.release(entry.service) }
        return answer
    }

    private func streamed(
        _ entry: HTTPRouteEntry, _ record: RequestRecord, _ context: RequestContext, _ connection: ConnectionInfo,
        _ produce: @escaping @Sendable (_ send: Sink<[UInt8]>) async throws -> Void
    ) -> EdgeResponse {
        let form = entry.route.form
        let progress = StreamProgress()
        var headers: HeaderFields = [
            "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache",
        ]
        for field in context.answerHeaders + Self.requestIDFields(form, record.requestID) {
            headers.append(field.name, field.value)
        }
        return EdgeResponse(
            status: 200,
            headers: headers,
            body: .stream { writer in
                do {
                    let pieces = writer.sink
                    try await produce(
                        Sink(
                            take: { piece in
                                progress.hasBegun.store(true, ordering: .relaxed)
                                return try pieces.take(piece)
                            }, room: pieces.room))
                } catch let error as ServiceError {
                    guard progress.hasBegun.load(ordering: .relaxed) else {
                        throw ReplacementResponse {
                            self.throttle.release(entry.service)
                            return self.failed(error, entry, record, connection)
                        }
                    }
                    progress.errorCode.withLock { $0 = error.code }
                    try await writer.write(form.errorEvent(error, record.requestID))
                }
            },
            onEnd: { outcome in
                self.throttle.release(entry.service)
                var ended = record
                ended.responseBytes = outcome.bodyBytes
                ended.errorCode = progress.errorCode.withLock { $0 }
                self.record(ended, counters: entry.counters, connection)
            }
        )
    }
}

/// How far a stream has come, and the code of the error that ended it; written by its task, read at its end.
private final class StreamProgress: Sendable {
    let hasBegun = Atomic(false)
    let errorCode = Mutex<String?>(nil)
}
