internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Synchronization

extension Pipeline {
    /// The way of a request that took a route.
    func respond(
        _ match: HTTPRoutes.Match, _ head: RequestHead, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, sender: ForwardedSender? = nil
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
        var message: ResponseMessage
        var added: [HeaderFields.Field] = []
        do throws(ServiceError) {
            guard !match.isWrongMethod else { throw Self.wrongMethod(head.method) }
            let context =
                if let sender {
                    self.authenticate.forwarded(head, sender)
                } else {
                    try self.authenticate(match, head, body: body, requestID: requestID, connection)
                }
            record.context = context
            let request = HTTPRouteRequest(head: head, labels: match.labels, body: body)
            switch try await self.answer(request, match.entry, context) {
            case .whole(let whole):
                message = whole
                added = context.answerHeaders
            case .events(let produce):
                return self.streamed(match.entry, record, context, connection, produce)
            }
        } catch {
            record.errorCode = error.code
            let (status, body) = route.form.error(error, requestID)
            message = ResponseMessage(status: status, headers: ["Content-Type": "application/json"], body: body)
        }
        record.status = message.status
        record.responseBytes = message.body.count
        for field in added + Self.requestIDFields(route.form, requestID) {
            message.headers.append(field.name, field.value)
        }
        self.record(record, counters: match.entry.counters, connection)
        return EdgeResponse(message)
    }

    static func wrongMethod(_ method: String) -> ServiceError {
        ServiceError(
            code: ServiceError.RouteCode.methodNotAllowed, status: 405,
            message: "Not allowed to \(method) on this path.")
    }

    static func requestIDFields(_ form: HTTPRouteForm, _ requestID: RequestID) -> [HeaderFields.Field] {
        [.init("x-amzn-RequestId", requestID.description), .init(form.requestIDHeader, requestID.description)]
    }

    /// Permission, a place in the service, the handler. Events keep the place until they end.
    private func answer(
        _ request: HTTPRouteRequest, _ entry: HTTPRouteEntry, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        try self.authorize.authorizer.authorize(context) { entry.route.access(request, context) }
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
        _ produce: @escaping @Sendable (_ send: @Sendable ([UInt8]) async throws -> Void) async throws -> Void
    ) -> EdgeResponse {
        let form = entry.route.form
        let failure = FailureCode()
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
                    try await produce { try await writer.write($0) }
                } catch let error as ServiceError {
                    failure.code.withLock { $0 = error.code }
                    try await writer.write(form.errorEvent(error, record.requestID))
                }
            },
            onEnd: { outcome in
                self.throttle.release(entry.service)
                var ended = record
                ended.responseBytes = outcome.bodyBytes
                ended.errorCode = failure.code.withLock { $0 }
                self.record(ended, counters: entry.counters, connection)
            }
        )
    }
}

/// The code of the error that ended a stream, from its task to its end.
private final class FailureCode: Sendable {
    let code = Mutex<String?>(nil)
}
