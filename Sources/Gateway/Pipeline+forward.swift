internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing

/// The way of a request whose service another process runs, on the gateway.
///
///     … identify → authenticate → throttle → forward → record
///
/// What is left of the way, from decode to encode, is the node's.
extension Pipeline {
    /// The body of a request on its way to a node.
    enum PassedBody: Sendable {
        case bytes([UInt8])
        case stream(RequestBodyStream)
    }

    /// The plan for a body that is too large to be held: it is passed on as it comes. Smaller ones are held, so that
    /// another node can be tried.
    /// - Returns: nil where the service runs here, or the body is small, or longer than the service takes: that is
    ///   refused before it is read.
    func streamedPlan(
        _ way: Way, _ head: RequestHead, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant
    ) -> RequestPlan? {
        guard self.forward != nil, let service = Self.elsewhere(way) else { return nil }
        if let length = head.headers.first("content-length").flatMap({ Int($0) }) {
            let bytesMax = service.registration.bodyBytesMax
            guard length > Self.loopBodyBytesMax, length <= bytesMax else { return nil }
        } else {
            let mayHaveBody = connection.version == .http2 && head.method != "GET" && head.method != "HEAD"
            guard mayHaveBody || head.headers.contains("transfer-encoding") else { return nil }
        }
        let departure: Departure?
        switch way {
        case .operation(let request): departure = self.departure(request, connection, started)
        case .route(let match): departure = self.departure(match, head, connection, started)
        }
        guard let departure else { return nil }
        return .stream { body in await self.forward(departure, body: .stream(body), connection) }
    }

    /// The service of a request, where another process runs it.
    private static func elsewhere(_ way: Way) -> ServiceEntry? {
        let service: ServiceEntry
        switch way {
        case .operation(let request):
            guard case .operation(let entry, _) = request.target else { return nil }
            service = entry
        case .route(let match):
            service = match.entry.service
        }
        return service.registration.nodes == nil ? nil : service
    }

    /// - Returns: nil where the request is not for an operation, or the operation's service runs here.
    func departure(
        _ request: IdentifiedRequest, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant
    ) -> Departure? {
        guard case .operation(let service, let operation) = request.target, let nodes = service.registration.nodes
        else { return nil }
        let requestID = self.requestID(request.target)
        let authenticate = self.authenticate
        let encode = self.encode
        let codec = self.codecs[request.wireProtocol]
        return Departure(
            service: service, nodes: nodes, name: operation.binding.schema.name, head: request.head,
            counters: operation.counters,
            begin: { () throws(ServiceError) in try authenticate.begin(request, connection) },
            finish: { (pending, body) throws(ServiceError) in try authenticate.finish(pending, request, body: body) },
            error: { error in
                encode.error(
                    error, requestID: requestID, head: request.head, service: service.schema, operation: operation,
                    codec)
            },
            record: Ending(request, requestID: requestID, bodyBytes: 0, started: started).record)
    }

    /// - Returns: nil where the route is one of this process, or the method is not the route's.
    func departure(
        _ match: HTTPRoutes.Match, _ head: RequestHead, _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) -> Departure? {
        guard !match.isWrongMethod, let nodes = match.entry.service.registration.nodes else { return nil }
        let requestID = RequestID.uuid(self.random)
        let authenticate = self.authenticate
        let route = match.entry.route
        return Departure(
            service: match.entry.service, nodes: nodes, name: route.name, head: head, counters: match.entry.counters,
            begin: { () throws(ServiceError) in try authenticate.begin(match, head, connection) },
            finish: { (pending, body) throws(ServiceError) in
                try authenticate.finish(pending, match, head, body: body)
            },
            error: { error in
                let (status, body) = route.form.error(error, requestID)
                var message = ResponseMessage(
                    status: status, headers: ["Content-Type": "application/json"], body: body)
                for field in Self.requestIDFields(route.form, requestID) {
                    message.headers.append(field.name, field.value)
                }
                return message
            },
            record: RequestRecord(
                requestID: requestID, service: match.entry.service.schema.id, operation: route.name, status: 200,
                errorCode: nil, context: nil, bodyBytes: 0, responseBytes: 0, started: started,
                traceID: TraceContext.id(head.headers)))
    }

    func forward(_ departure: Departure, body: PassedBody, _ connection: ConnectionInfo) async -> EdgeResponse {
        var departure = departure
        let failure: ServiceError
        do throws(ServiceError) {
            let answer = try await self.answer(&departure, body, connection)
            departure.record.status = answer.status
            departure.record.node = answer.node
            return try await self.relayed(answer, departure, connection)
        } catch {
            failure = error
        }
        let message = departure.error(failure)
        departure.record.errorCode = failure.code
        departure.record.status = message.status
        departure.record.responseBytes = message.body.count
        self.record(departure.record, counters: departure.counters, connection)
        return EdgeResponse(message)
    }

    /// Proves the sender, takes a place, and asks a node. The place is given back with the head of the answer, unless
    /// a stream follows: that is `relayed`'s.
    private func answer(
        _ departure: inout Departure, _ body: PassedBody, _ connection: ConnectionInfo
    ) async throws(ServiceError) -> NodeAnswer {
        guard let forward = self.forward else { preconditionFailure("who has no voice has no nodes") }
        let pending = try departure.begin()
        switch body {
        case .bytes(let bytes):
            let digest = Digest256(hashing: bytes.span)
            let (principal, region) = try departure.finish(pending, .sha256(digest))
            let context = Authenticate.context(
                departure.head, principal, region, departure.record.requestID, connection,
                self.authenticate.authenticator.clock.now())
            departure.record.context = context
            departure.record.bodyBytes = bytes.count
            try await self.throttle(departure.service)
            do throws(ServiceError) {
                return try await forward(departure, context, body: bytes, digest: digest)
            } catch {
                self.throttle.release(departure.service)
                throw error
            }
        case .stream(let stream):
            let finish = departure.finish
            let passage = forward.passage(stream, departure) { (digest) throws(ServiceError) in
                try finish(pending, .sha256(digest))
            }
            try await self.throttle(departure.service)
            do throws(ServiceError) {
                let answer = try await forward(departure, passage, connection)
                self.note(passage, &departure, connection)
                return answer
            } catch {
                self.note(passage, &departure, connection)
                self.throttle.release(departure.service)
                throw error
            }
        }
    }

    private func note(_ passage: BodyPassage, _ departure: inout Departure, _ connection: ConnectionInfo) {
        departure.record.bodyBytes = passage.count
        guard let (principal, region) = passage.sender else { return }
        departure.record.context = Authenticate.context(
            departure.head, principal, region, departure.record.requestID, connection,
            self.authenticate.authenticator.clock.now())
    }

    /// What the client gets of a node's answer. A short one is held, so that it leaves in one write; of every other one
    /// each piece leaves as it comes, no faster than the client takes it.
    private func relayed(
        _ answer: NodeAnswer, _ departure: Departure, _ connection: ConnectionInfo
    ) async throws(ServiceError) -> EdgeResponse {
        let headers = ForwardedHeaders.answer(answer.headers)
        let length = headers.first("content-length").flatMap { Int($0) }
        if let length, length <= Self.loopBodyBytesMax {
            defer { self.throttle.release(departure.service) }
            let bytes = try await self.whole(answer, departure)
            var record = departure.record
            record.responseBytes = bytes.count
            self.record(record, counters: departure.counters, connection)
            return EdgeResponse(status: answer.status, headers: headers, body: .bytes(bytes))
        }
        let lost = LostNode()
        return EdgeResponse(
            status: answer.status,
            headers: headers,
            body: .stream { writer in
                while true {
                    let piece: [UInt8]?
                    do {
                        piece = try await answer.next()
                    } catch {
                        // The client sees a broken answer, as it would of a server that died.
                        if !Task.isCancelled {
                            lost.note()
                            self.noteLoss(error, answer, departure)
                        }
                        throw error
                    }
                    guard let piece else { return }
                    try await writer.write(piece)
                }
            },
            onEnd: { outcome in
                self.throttle.release(departure.service)
                var record = departure.record
                record.responseBytes = outcome.bodyBytes
                if lost.isNoted { record.errorCode = "NodeLost" }
                self.record(record, counters: departure.counters, connection)
            }
        )
    }

    private func whole(_ answer: NodeAnswer, _ departure: Departure) async throws(ServiceError) -> [UInt8] {
        do {
            guard let first = try await answer.next() else { return [] }
            // Most answers come in one piece.
            var bytes = first
            while let piece = try await answer.next() { bytes += piece }
            return bytes
        } catch {
            if !Task.isCancelled { self.noteLoss(error, answer, departure) }
            throw departure.service.registration.unavailableError
        }
    }

    private func noteLoss(_ error: any Error, _ answer: NodeAnswer, _ departure: Departure) {
        guard let error = error as? NodeError else { return }
        self.forward?.note(departure, answer.node, error.reason, "a node broke off")
    }
}
