package import Primitives
internal import ServiceKit
internal import ServiceModel

extension Pipeline {
    package func refusal(
        _ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo, on loop: LoopContext
    ) -> EdgeResponse {
        self.refusal(refusal, head: head, connection: connection)
    }

    func refusal(_ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo) -> EdgeResponse {
        var (record, response) =
            if let head, let match = self.serviceRoutes.match(head) {
                self.refused(refusal, head, match.entry)
            } else {
                self.refused(refusal, head.map { self.identify($0) })
            }
        record.status = response.status
        record.errorCode = refusal.code
        if case .bytes(let body) = response.body { record.responseBytes = body.count }
        self.record.refused(record, connection)
        return response
    }

    /// In the error format of the service that the request names; as plain text when it names none.
    private func refused(_ refusal: EdgeRefusal, _ request: IdentifiedRequest?) -> (RequestRecord, EdgeResponse) {
        let request =
            request
            ?? IdentifiedRequest(
                head: RequestHead(method: "", path: ""), target: .unidentified, wireProtocol: .restJson1, labels: [])
        let requestID = self.requestID(request.target)
        let record = RequestRecord(request, requestID: requestID, bodyBytes: 0, started: .now)
        let answered = AnsweredRequest(request: request, record: record)
        guard let error = refusal.error(of: request.target.service?.registration), let schema = answered.schema else {
            var response = refusal.response
            response.headers.append("x-amzn-RequestId", requestID.description)
            return (record, response)
        }
        let message = self.encode.error(
            error, requestID: requestID, head: request.head, service: schema, operation: answered.operation,
            self.codecs[request.wireProtocol])
        return (record, EdgeResponse(message))
    }

    /// In the route's error format.
    private func refused(
        _ refusal: EdgeRefusal, _ head: RequestHead, _ entry: HTTPRouteEntry
    ) -> (RequestRecord, EdgeResponse) {
        let requestID = RequestID.uuid(self.random)
        let record = RequestRecord(
            requestID: requestID, service: entry.service.schema.id, operation: entry.route.name, status: 0,
            errorCode: nil, context: nil, bodyBytes: 0, responseBytes: 0, started: .now,
            traceID: TraceContext.id(head.headers))
        var response = refusal.response
        if let error = refusal.error(of: entry.service.registration) {
            let (status, body) = entry.route.form.error(error, requestID)
            response = EdgeResponse(
                status: status, headers: ["Content-Type": "application/json"], body: .bytes(body))
        }
        for field in Self.requestIDFields(entry.route.form, requestID) {
            response.headers.append(field.name, field.value)
        }
        return (record, response)
    }
}

extension EdgeRefusal {
    /// A service's error for a request that it cannot read; nil when the head was not understood either.
    /// - Source: "Common Errors" of AWS's API references, for codes and statuses; the sentences are ours.
    func error(of service: RegisteredService?) -> ServiceError? {
        switch self {
        case .bodyTooLarge:
            ServiceError(code: "RequestEntityTooLargeException", status: self.status, message: self.explanation)
        case .tooSlow:
            ServiceError(code: "RequestTimeoutException", status: self.status, message: self.explanation)
        case .noRoom:
            ServiceError(
                code: (service?.unavailableError ?? RegisteredService.unavailable).code, status: self.status,
                message: self.explanation)
        case .malformed:
            ServiceError(code: "MalformedHttpRequestException", status: self.status, message: self.explanation)
        case .targetTooLong, .headTooLarge, .expectationFailed: nil
        }
    }
}
