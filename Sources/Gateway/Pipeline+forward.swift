internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing
internal import WireProtocols

/// The path of a request whose service another process runs, on the gateway.
///
///      … identify → authenticate → throttle → forward → record
///
/// The remaining steps, from decode to encode, are done by the node.
extension Pipeline {
    /// The body of a request on its way to a node.
    enum PassedBody: Sendable {
        case bytes([UInt8])
        case stream(RequestBodyStream)
    }

    /// The plan for a body that is too large to be held: it is streamed to the node. Smaller bodies are held, so that
    /// another node can be tried.
    /// - Returns: nil when the service runs here, when the body is small, or when it is longer than the service
    ///   accepts, which is refused before it is read.
    func streamedPlan(
        _ kind: RequestKind, _ head: RequestHead, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant
    ) -> RequestPlan? {
        guard self.forward != nil, let service = Self.elsewhere(kind),
            Self.mayBeLarge(head, connection, bytesMax: service.registration.bodyBytesMax)
        else { return nil }
        guard let outgoing = self.outgoing(kind, head, started) else { return nil }
        return .stream { body in await self.forward(outgoing, body: .stream(body), connection) }
    }

    /// The service of a request, if another process runs it.
    private static func elsewhere(_ kind: RequestKind) -> ServiceEntry? {
        let service: ServiceEntry
        switch kind {
        case .operation(let request):
            guard case .operation(let entry, _) = request.target else { return nil }
            service = entry
        case .route(let match):
            service = match.entry.service
        }
        return service.registration.nodes == nil ? nil : service
    }

    /// - Returns: nil when the request's service runs here, or is unknown.
    @inline(never)
    func outgoing(_ kind: RequestKind, _ head: RequestHead, _ started: ContinuousClock.Instant) -> OutgoingRequest? {
        switch kind {
        case .operation(let request):
            guard case .operation(let service, let operation) = request.target,
                let nodes = service.registration.nodes
            else { return nil }
            let record = RequestRecord(
                request, requestID: self.requestID(request.target), bodyBytes: 0, started: started)
            return OutgoingRequest(kind, request.head, service, nodes, operation.counters, record)
        case .route(let match):
            let service = match.entry.service
            guard match.fault == nil, let nodes = service.registration.nodes else { return nil }
            let record = RequestRecord(
                requestID: RequestID.uuid(self.random), service: service.schema.id, operation: match.entry.route.name,
                status: 200, errorCode: nil, context: nil, bodyBytes: 0, responseBytes: 0, started: started,
                traceID: TraceContext.id(head.headers))
            return OutgoingRequest(kind, head, service, nodes, match.entry.counters, record)
        }
    }

    /// What one task knows about the request that it forwards.
    private final class Forwarding {
        let outgoing: OutgoingRequest
        let connection: ConnectionInfo
        var record: RequestRecord

        init(_ outgoing: OutgoingRequest, _ connection: ConnectionInfo) {
            self.outgoing = outgoing
            self.connection = connection
            self.record = outgoing.record
        }
    }

    func forward(_ outgoing: OutgoingRequest, body: PassedBody, _ connection: ConnectionInfo) async -> EdgeResponse {
        let forwarding = Forwarding(outgoing, connection)
        do throws(ServiceError) {
            let answer =
                switch body {
                case .bytes(let bytes): try await self.answer(forwarding, bytes)
                case .stream(let stream): try await self.answer(forwarding, stream)
                }
            guard self.isShort(answer, forwarding) else { return self.streamed(answer, forwarding) }
            let bytes = try await self.whole(answer, forwarding)
            return self.answered(answer, bytes, forwarding)
        } catch {
            return self.failed(error, forwarding)
        }
    }

    // Authenticates the sender, takes a place in the service, and asks a node. The place is given back when the answer
    // ends.

    private func answer(_ forwarding: Forwarding, _ body: [UInt8]) async throws(ServiceError) -> NodeAnswer {
        let service = forwarding.outgoing.service
        let (forward, request) = try self.proved(forwarding, body)
        if !self.throttle.admitsAtOnce(service) { try await self.throttle(service) }
        do throws(ServiceError) {
            return try await forward.send(request, forwarding.outgoing)
        } catch {
            self.throttle.release(service)
            throw error
        }
    }

    /// The request to the node, after the sender is authenticated.
    @inline(never)
    private func proved(
        _ forwarding: Forwarding, _ body: [UInt8]
    ) throws(ServiceError) -> (forward: Forward, request: NodeRequest) {
        guard let forward = self.forward else { preconditionFailure("a service with nodes has a forwarder") }
        let outgoing = forwarding.outgoing
        let pending = try self.begin(outgoing, forwarding.connection)
        let digest = Digest256(hashing: body.span)
        let (principal, region) = try self.finish(pending, outgoing, .sha256(digest))
        let context = self.context(principal, region, forwarding)
        forwarding.record.context = context
        forwarding.record.bodyBytes = body.count
        return (forward, forward.request(outgoing, context, body: body, digest: digest))
    }

    @inline(never)
    private func answer(_ forwarding: Forwarding, _ body: RequestBodyStream) async throws(ServiceError) -> NodeAnswer {
        guard let forward = self.forward else { preconditionFailure("a service with nodes has a forwarder") }
        let outgoing = forwarding.outgoing
        let pending = try self.begin(outgoing, forwarding.connection)
        let forwardedBody = forward.forwardedBody(body, outgoing) { (digest) throws(ServiceError) in
            try self.finish(pending, outgoing, .sha256(digest))
        }
        try await self.throttle(outgoing.service)
        do throws(ServiceError) {
            let answer = try await forward(outgoing, forwardedBody, forwarding.connection)
            self.note(forwardedBody, forwarding)
            return answer
        } catch {
            self.note(forwardedBody, forwarding)
            self.throttle.release(outgoing.service)
            throw error
        }
    }

    private func note(_ forwardedBody: ForwardedBody, _ forwarding: Forwarding) {
        forwarding.record.bodyBytes = forwardedBody.count
        guard let (principal, region) = forwardedBody.sender else { return }
        forwarding.record.context = self.context(principal, region, forwarding)
    }

    private func context(_ principal: Principal, _ region: Region, _ forwarding: Forwarding) -> RequestContext {
        Authenticate.context(
            forwarding.outgoing.head, principal, region, forwarding.record.requestID, forwarding.connection,
            self.authenticate.authenticator.clock.now())
    }

    /// Authenticates as far as the head allows.
    private func begin(
        _ outgoing: OutgoingRequest, _ connection: ConnectionInfo
    ) throws(ServiceError) -> PendingProof {
        switch outgoing.kind {
        case .operation(let request): try self.authenticate.begin(request, connection)
        case .route(let match): try self.authenticate.begin(match, outgoing.head, connection)
        }
    }

    /// Completes the authentication with the body.
    private func finish(
        _ pending: PendingProof, _ outgoing: OutgoingRequest, _ evidence: BodyEvidence
    ) throws(ServiceError) -> (Principal, Region) {
        switch outgoing.kind {
        case .operation(let request): try self.authenticate.finish(pending, request, body: evidence)
        case .route(let match): try self.authenticate.finish(pending, match, outgoing.head, body: evidence)
        }
    }

    // The client's answer.

    @inline(never)
    private func failed(_ error: ServiceError, _ forwarding: Forwarding) -> EdgeResponse {
        let message = self.message(error, forwarding.outgoing)
        forwarding.record.errorCode = error.code
        forwarding.record.status = message.status
        forwarding.record.responseBytes = message.body.count
        self.record(forwarding.record, counters: forwarding.outgoing.counters, forwarding.connection)
        return EdgeResponse(message)
    }

    /// An error in the client's format.
    private func message(_ error: ServiceError, _ outgoing: OutgoingRequest) -> ResponseMessage {
        let requestID = outgoing.record.requestID
        switch outgoing.kind {
        case .operation(let request):
            var operation: OperationEntry?
            if case .operation(_, let entry) = request.target { operation = entry }
            return self.encode.error(
                error, requestID: requestID, head: request.head, service: outgoing.service.schema,
                operation: operation, self.codecs[request.wireProtocol])
        case .route(let match):
            let form = match.entry.route.form
            let (status, body) = form.error(error, requestID)
            var message = ResponseMessage(status: status, headers: ["Content-Type": "application/json"], body: body)
            for field in Self.requestIDFields(form, requestID) { message.headers.append(field.name, field.value) }
            return message
        }
    }

    /// Whether an answer is held, so that it can be sent in one write. Any other answer is passed on piece by piece, no
    /// faster than the client takes it.
    @inline(never)
    private func isShort(_ answer: NodeAnswer, _ forwarding: Forwarding) -> Bool {
        forwarding.record.status = answer.status
        forwarding.record.node = answer.node
        let length = answer.headers.first("content-length").flatMap { Int($0) }
        return length.map { $0 <= Self.loopBodyBytesMax } ?? false
    }

    @inline(never)
    private func answered(_ answer: NodeAnswer, _ bytes: [UInt8], _ forwarding: Forwarding) -> EdgeResponse {
        self.throttle.release(forwarding.outgoing.service)
        forwarding.record.responseBytes = bytes.count
        self.record(forwarding.record, counters: forwarding.outgoing.counters, forwarding.connection)
        return EdgeResponse(
            status: answer.status, headers: ForwardedHeaders.answer(answer.headers), body: .bytes(bytes))
    }

    @inline(never)
    private func streamed(_ answer: NodeAnswer, _ forwarding: Forwarding) -> EdgeResponse {
        let (outgoing, record, connection) = (forwarding.outgoing, forwarding.record, forwarding.connection)
        let aborted = AbortFlag()
        return EdgeResponse(
            status: answer.status,
            headers: ForwardedHeaders.answer(answer.headers),
            body: .stream { writer in
                var boundary = EventBoundary(contentType: answer.headers.first("content-type"))
                while true {
                    let piece: [UInt8]?
                    do {
                        piece = try await answer.next()
                    } catch {
                        guard !Task.isCancelled else { throw error }
                        aborted.set()
                        self.noteLoss(error, answer, outgoing)
                        // Between two events the error can be sent as AWS sends it. Elsewhere the client gets a broken
                        // answer, as from a server that crashed.
                        guard boundary?.isReached == true, let last = self.lastEvent(outgoing) else { throw error }
                        return try await writer.write(last)
                    }
                    guard let piece else { return }
                    boundary?.pass(piece)
                    try await writer.write(piece)
                }
            },
            onEnd: { outcome in
                self.throttle.release(outgoing.service)
                var record = record
                record.responseBytes = outcome.bodyBytes
                if aborted.isSet { record.errorCode = "NodeLost" }
                self.record(record, counters: outgoing.counters, connection)
            }
        )
    }

    private func whole(_ answer: NodeAnswer, _ forwarding: Forwarding) async throws(ServiceError) -> [UInt8] {
        do {
            guard let first = try await answer.next() else { return [] }
            // Most answers arrive in one piece.
            var bytes = first
            while let piece = try await answer.next() { bytes += piece }
            return bytes
        } catch {
            let outgoing = forwarding.outgoing
            self.throttle.release(outgoing.service)
            if !Task.isCancelled { self.noteLoss(error, answer, outgoing) }
            throw outgoing.service.registration.unavailableError
        }
    }

    /// The last event of a stream, reporting that the node was lost; nil when the answer is not a stream of events.
    @inline(never)
    private func lastEvent(_ outgoing: OutgoingRequest) -> [UInt8]? {
        let error = outgoing.service.registration.unavailableError
        switch outgoing.kind {
        case .operation(let request):
            guard case .operation(_, let operation) = request.target, let stream = operation.eventStream else {
                return nil
            }
            let format = self.codecs[request.wireProtocol].bodyFormat
            // Cannot fail: the error's sentence is far shorter than a message may be.
            return try? EventStreamCodec(stream: stream.target, format: format).message(error: error).encode()
        case .route(let match):
            return match.entry.route.form.errorEvent(error, outgoing.record.requestID)
        }
    }

    private func noteLoss(_ error: any Error, _ answer: NodeAnswer, _ outgoing: OutgoingRequest) {
        guard let error = error as? NodeError else { return }
        self.forward?.note(outgoing, answer.node, error.reason, "a node broke off")
    }
}
