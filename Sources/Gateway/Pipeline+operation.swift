internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// The steps of a request for an operation of this process, from authentication on.
///
/// Everything that lives in an asynchronous function is allocated for each request, including temporary values of
/// inlined code. So the steps that never wait are functions of their own, marked `@inline(never)`, and what they share
/// is one object, the `RequestState`.
extension Pipeline {
    /// The steps from authentication on; `sender` replaces authentication when a gateway has done it.
    func respond(
        _ request: IdentifiedRequest, body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, sender: ForwardedSender? = nil
    ) async -> EdgeResponse {
        let state = self.state(request, body, connection, started, sender)
        guard Self.leavesLoop(request.head, body) else { return await self.run(state) }
        return await self.runInTurn(state)
    }

    /// Runs a request whose input may need much more memory than its body: it waits for room first. Who the sender is
    /// must be known then, so that nobody else takes room.
    @inline(never)
    func runInTurn(_ state: RequestState) async -> EdgeResponse {
        do throws(ServiceError) {
            let room = try await self.room(for: state)
            defer { withExtendedLifetime(room) {} }
            return await self.run(state).holding(room)
        } catch {
            return self.refused(error, state)
        }
    }

    private func room(for state: RequestState) async throws(ServiceError) -> BodyClaim? {
        let (service, operation, _) = try self.authenticated(state)
        let inbound = InboundRequest(state.request, body: state.body)
        let isText = state.request.wireProtocol != .rpcv2Cbor
        guard ContentEncoding.isGzip(inbound, for: operation.binding.schema) else {
            return try await self.memory.input(of: state.body, isText: isText, for: service.registration)
        }
        guard let room = try await self.memory.input(inflatedFrom: state.body.count, for: service.registration) else {
            return nil
        }
        let inflated = try self.decode.inflated(inbound, service, operation, state.codec)
        state.inflated = inflated
        room.keep(inflated.body.count + RequestMemory.inputBytes(of: inflated.body, isText: isText))
        return room
    }

    func run(_ state: RequestState) async -> EdgeResponse {
        do throws(ServiceError) {
            let call = try self.prepared(state)
            if !self.throttle.admitsAtOnce(call.service) { try await self.throttle(call.service) }
            let output = try await self.output(of: call)
            guard call.operation.binding.hasSizedOutput, self.isLarge(output) else {
                return self.answered(call, output)
            }
            return await self.answeredOffLoop(call, output)
        } catch {
            guard let detail = error.detail, self.isLarge(detail) else { return self.refused(error, state) }
            return await self.refusedOffLoop(error, state)
        }
    }

    @inline(never)
    func state(
        _ request: IdentifiedRequest, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, _ sender: ForwardedSender?
    ) -> RequestState {
        RequestState(
            request, requestID: sender?.requestID ?? self.requestID(request.target), body, connection, started, sender,
            self.codecs[request.wireProtocol])
    }

    /// The steps before the handler.
    @inline(never)
    private func prepared(_ state: RequestState) throws(ServiceError) -> Call {
        let (service, operation, context) = try self.authenticated(state)
        let input =
            if let inflated = state.inflated.take() {
                try self.decode(inflated, service, operation, state.codec)
            } else {
                try self.decode(
                    self.decode.inflated(
                        InboundRequest(state.request, body: state.body), service, operation, state.codec),
                    service, operation, state.codec)
            }
        try self.authorize(operation, input, context, of: service)
        return Call(state, service, operation, input, context)
    }

    /// What a request is for and who has sent it. Found out once, as the hash of a large body takes long.
    private func authenticated(
        _ state: RequestState
    ) throws(ServiceError) -> (ServiceEntry, OperationEntry, RequestContext) {
        let request = state.request
        if let refusal = Refuse.error(for: request) { throw refusal }
        let (service, operation) = Authenticate.named(request)
        if let context = state.context { return (service, operation, context) }
        let context =
            if let sender = state.sender {
                try self.authenticate.forwarded(request.head, sender, service)
            } else {
                try self.authenticate(
                    request, body: state.body, requestID: state.requestID, state.connection)
            }
        state.context = context
        return (service, operation, context)
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
        self.finished(call, output, self.encode.output(output, call))
    }

    /// Encodes a large output off the event loop.
    @inline(never)
    private func answeredOffLoop(_ call: Call, _ output: any WritableShape) async -> EdgeResponse {
        let message = await withTaskExecutorPreference(globalConcurrentExecutor) {
            self.encode.output(output, call)
        }
        return self.finished(call, output, message)
    }

    /// Encodes a large error off the event loop.
    @inline(never)
    private func refusedOffLoop(_ error: ServiceError, _ state: RequestState) async -> EdgeResponse {
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            self.refused(error, state)
        }
    }

    /// The steps after the handler.
    @inline(never)
    private func finished(
        _ call: Call, _ output: any WritableShape, _ written: consuming ResponseMessage
    ) -> EdgeResponse {
        var message = written
        for field in call.context.answerHeaders { message.headers.append(field.name, field.value) }
        if let events = self.encode.events(output, call) {
            return self.streamed(message, events, call.state)
        }
        self.throttle.release(call.service)
        self.record(
            call.state.record(status: message.status, responseBytes: message.body.count),
            counters: call.operation.counters, call.state.connection)
        return EdgeResponse(message)
    }

    @inline(never)
    func refused(_ error: ServiceError, _ state: RequestState) -> EdgeResponse {
        self.failed(error, state.answered(status: 0), state.codec, state.connection)
    }

    /// The answer to a request that failed.
    private func failed(
        _ error: ServiceError, _ answered: AnsweredRequest, _ codec: any ServerProtocol, _ connection: ConnectionInfo
    ) -> EdgeResponse {
        var record = answered.record
        record.errorCode = error.code
        if let context = record.context { answered.onError?(error, context) }
        let message = self.encode.error(
            error,
            requestID: record.requestID,
            head: answered.request.head,
            service: answered.schema,
            operation: answered.operation,
            codec
        )
        record.status = message.status
        record.responseBytes = message.body.count
        self.record(record, counters: answered.operation?.counters, connection)
        return EdgeResponse(message)
    }

    /// An answer with a stream of events; it keeps its place in the service until they end.
    private func streamed(
        _ message: ResponseMessage, _ events: OutboundEvents, _ state: RequestState
    ) -> EdgeResponse {
        let (answered, codec, connection) = (
            state.answered(status: message.status), state.codec, state.connection
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
                    throw ReplacementResponse {
                        throttle.release(events.service)
                        return self.failed(error, answered, codec, connection)
                    }
                }
            },
            onEnd: { outcome in
                throttle.release(events.service)
                var ended = answered.record
                ended.responseBytes = outcome.bodyBytes
                ended.errorCode = events.errorCode
                record(ended, counters: answered.operation?.counters, connection)
            }
        )
    }
}
