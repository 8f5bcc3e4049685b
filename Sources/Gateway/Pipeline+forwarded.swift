internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing
internal import Telemetry

/// The path of a request that a gateway forwards, on the node that runs its service.
extension Pipeline {
    /// Why a node refuses a forwarded request without processing it.
    enum HandoverRefusal: Error {
        case notBelieved(ForwardError)
        /// The service does not run here; requests are never forwarded twice.
        case notServed(String)
        /// Gateway and node identify different operations: they run different versions.
        case readOtherwise(String)

        var sentence: String {
            switch self {
            case .notBelieved(let error): error.sentence
            case .notServed(let service): "This node does not run \(service)."
            case .readOtherwise(let what): "This node does not take the request for \(what); the versions may differ."
            }
        }
    }

    /// - Parameters:
    ///   - head: as it came.
    ///   - connection: the gateway's.
    ///   - accept: verifies the gateway's statement.
    /// - Returns: a refusal, or a plan that takes the body.
    func plan(_ head: RequestHead, _ connection: ConnectionInfo, accept: AcceptForwarded) -> RequestPlan {
        let started = ContinuousClock.now
        let request: ForwardedRequest
        let kind: RequestKind
        do throws(HandoverRefusal) {
            do throws(ForwardError) {
                request = try accept.head(head, connection)
            } catch {
                throw .notBelieved(error)
            }
            kind = try self.kind(ForwardedHeaders.stripped(head), request.statement)
        } catch {
            return .reply(self.refused(error, head, connection))
        }
        let bytesMax = self.bodyBytesMax(kind)
        let (framedBytesMax, _) = ForwardedHeaders.framedBodyBytes(head, bytesMax: bytesMax)
        if let frames = accept.frames(request, bodyBytesMax: framedBytesMax) {
            return .stream { stream in
                await self.receive(kind, head, stream, frames, request, connection, started, accept)
            }
        }
        return .collect(limitBytes: bytesMax) { body in
            guard Self.leavesLoop(head, body) else {
                return await self.respondToGateway(kind, head, body, nil, request, connection, started, accept)
            }
            return await withTaskExecutorPreference(globalConcurrentExecutor) {
                await self.respondToGateway(kind, head, body, nil, request, connection, started, accept)
            }
        }
    }

    /// Identifies the request among the operations of the service that the gateway states.
    private func kind(
        _ head: RequestHead, _ statement: ForwardStatement
    ) throws(HandoverRefusal) -> RequestKind {
        guard let service = self.catalog.services.first(where: { $0.schema.id == statement.service }),
            service.registration.nodes == nil
        else { throw .notServed(statement.service) }
        if let match = self.serviceRoutes.match(head), match.entry.service === service,
            match.entry.route.name == statement.operation, match.fault == nil
        {
            return .route(match)
        }
        return .operation(self.identify(head, of: service))
    }

    /// Takes the body frame by frame; the first frame that fails verification ends the request. A large one takes room
    /// for all that it may become, like those that the edge collects, and keeps it until the request ends.
    private func receive(
        _ kind: RequestKind, _ head: RequestHead, _ stream: RequestBodyStream, _ frames: ForwardFrameReader,
        _ request: ForwardedRequest, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant,
        _ accept: AcceptForwarded
    ) async -> EdgeResponse {
        let body: [UInt8]
        let last: ForwardedPrincipal
        var room: BodyClaim?
        do {
            var frames = frames
            for try await piece in stream {
                try frames.receive(piece.span)
                guard room == nil, self.memory.isCounted(frames.bodyBytes) else { continue }
                room = try await self.room(for: kind, head, &frames)
            }
            (body, last) = try frames.finish()
            room?.keep(body.count)
        } catch let refusal as EdgeRefusal {
            return self.refusal(refusal, head: ForwardedHeaders.stripped(head), connection: connection)
        } catch let error as ForwardError {
            return self.refused(.notBelieved(error), head, connection)
        } catch {
            // The gateway has disconnected, or the edge has answered it: this answer is not sent.
            return EdgeResponse(status: 400)
        }
        // The rest of the work on a large body takes long, so it leaves the event loop.
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            await self.respondToGateway(kind, head, body, last, request, connection, started, accept)
        }.holding(room)
    }

    private func room(
        for kind: RequestKind, _ head: RequestHead, _ frames: inout ForwardFrameReader
    ) async throws(EdgeRefusal) -> BodyClaim {
        let (bytes, isAnnounced) = ForwardedHeaders.framedBodyBytes(head, bytesMax: self.bodyBytesMax(kind))
        guard let room = await self.memory.body(of: bytes) else { throw .noRoom }
        if isAnnounced { frames.reserve(bytes) }
        return room
    }

    private func respondToGateway(
        _ kind: RequestKind, _ head: RequestHead, _ body: [UInt8], _ last: ForwardedPrincipal?,
        _ request: ForwardedRequest, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant,
        _ accept: AcceptForwarded
    ) async -> EdgeResponse {
        let sender: ForwardedSender
        do throws(ForwardError) {
            sender = try accept.sender(request, body: body, last: last)
        } catch {
            return self.refused(.notBelieved(error), head, connection)
        }
        switch kind {
        case .route(let match):
            return await self.respond(
                match, ForwardedHeaders.stripped(head), body: body, connection, started, sender: sender)
        case .operation(let identified):
            let resolved = ResolveForm()(identified, body: body)
            guard case .operation(let service, let operation) = resolved.target,
                service.schema.id == request.statement.service,
                operation.binding.schema.name == request.statement.operation
            else {
                return self.refused(.readOtherwise(request.statement.operation), head, connection)
            }
            return await self.respond(resolved, body: body, connection, started, sender: sender)
        }
    }

    /// The gateway answers its client in the service's words; this text is for the gateway's log, and for anyone who
    /// calls the internal port without being a gateway.
    private func refused(
        _ refusal: HandoverRefusal, _ head: RequestHead, _ connection: ConnectionInfo
    ) -> EdgeResponse {
        self.record.log.write(
            LogRecord(
                time: self.record.clock.now(), level: .warning, message: "forwarded request refused",
                members: [
                    .init("gateway", .string(connection.remoteAddress)), .init("reason", .string(refusal.sentence)),
                ]))
        return EdgeResponse(
            status: 403,
            headers: ["Content-Type": "text/plain; charset=utf-8", Forward.refusedHeader: refusal.sentence],
            body: .bytes(Array((refusal.sentence + "\n").utf8)))
    }
}
