internal import NIOCore
internal import Primitives

/// What an exchange needs from the connection or stream that carries it. Called on the event loop only.
protocol ExchangeTransport: AnyObject {
    var info: ConnectionInfo { get }
    /// Sends head and body at once.
    /// `room` is that of a large body; it is held until the client has taken it.
    func send(_ response: EdgeResponse, body: [UInt8], holding room: BodyClaim?)
    /// The head of a streamed answer. It may wait for the piece or the end that follows it at once.
    func sendHead(_ response: EdgeResponse)
    /// Sends a piece of a streamed answer, never empty. It has been written when this returns.
    func sendPiece(_ bytes: [UInt8])
    /// The end of a streamed answer.
    func sendEnd()
    /// The answer cannot be completed: makes the client notice, by closing the connection or resetting the stream.
    func abortAnswer()
    /// The answer was sent or given up; called last.
    func answerEnded()
    /// Whether a streamed answer may continue; if not, it must wait for the client.
    var isWritable: Bool { get }
    /// A streamed request body has room for more.
    func bodyHasRoom()
    /// A large collected body has waited too long for room: refuses the request.
    func bodyHasNoRoom()
    /// An answer has started to wait for the client.
    func answerStalled()
}

extension ExchangeTransport {
    /// Sends the edge's own answer to a violated rule, which needs no exchange.
    func sendRefusal(_ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo, loop: EdgeLoop) {
        let response = loop.responder.refusal(refusal, head: head, connection: connection, on: loop.context)
        if case .bytes(let bytes) = response.body {
            self.send(response, body: bytes, holding: nil)
        } else {
            // A stream would need an exchange; a refusal is only a few words.
            self.send(EdgeResponse(status: refusal.status), body: [], holding: nil)
        }
        response.onEnd?(EdgeResponse.Outcome(bodyBytes: 0, isComplete: true))
    }
}

/// One request and its answer. Confined to the connection's event loop; independent of the HTTP version.
final class Exchange {
    private enum RequestBody {
        /// The body is discarded.
        case dropped
        /// One with an announced length has that as its maximum.
        case collected(
            bytes: [UInt8], bytesMax: Int, isAnnounced: Bool, respond: @Sendable ([UInt8]) async -> EdgeResponse)
        case streamed(RequestBodyBuffer)
    }

    private enum Answer {
        case awaited
        /// A stream whose head will be sent with its first piece; until then another answer may replace it.
        case prepared(StreamedAnswer)
        case streaming(StreamedAnswer)
        case ended
    }

    /// One object, because the state is accessed with every piece.
    private final class StreamedAnswer {
        let response: EdgeResponse
        /// Resumed when there is room for the next piece.
        var waiter: CheckedContinuation<ResponseBodyError?, Never>?

        init(_ response: EdgeResponse) {
            self.response = response
        }
    }

    let head: RequestHead
    private let loop: EdgeLoop
    /// Held until the exchange ends, so that a running task always finds its transport.
    private var transport: (any ExchangeTransport)?
    private var body: RequestBody = .dropped
    private var answer: Answer = .awaited
    private var task: Task<Void, Never>?
    private var bodyBytesSent = 0
    private var bodyHasRoom = true
    /// The room of a large body that is collected, or its place in the queue for it.
    private var claim: BodyClaim?
    /// A collected body came to its end while it waited for room.
    private var isBodyComplete = false

    init(head: RequestHead, loop: EdgeLoop, transport: any ExchangeTransport) {
        self.head = head
        self.loop = loop
        self.transport = transport
        loop.counters.requestsInFlight.add(1)
        loop.counters.requestsTotal.add(1)
    }

    /// Whether the head of an answer has been sent.
    var hasAnswerBegun: Bool {
        switch self.answer {
        case .awaited, .prepared: false
        case .streaming, .ended: true
        }
    }

    var hasEnded: Bool {
        if case .ended = self.answer { return true }
        return false
    }

    /// Whether the transport may read more of the request body; false while the reader of a streamed body is behind,
    /// and while a large collected one waits for room.
    var takesBody: Bool { self.bodyHasRoom }

    // The request's side

    /// Starts to collect the body, which is then answered.
    /// - Parameters:
    ///   - bytesMax: a longer body is refused.
    ///   - contentLength: the announced length, if any; memory is reserved for it, up to a limit.
    ///   - respond: makes the answer.
    func collect(bytesMax: Int, contentLength: Int?, respond: @escaping @Sendable ([UInt8]) async -> EdgeResponse) {
        var bytes: [UInt8] = []
        // An announcement costs the client nothing, so it reserves only a little memory.
        bytes.reserveCapacity(min(contentLength ?? 0, bytesMax, self.loop.limits.smallBodyBytesMax))
        self.body = .collected(
            bytes: bytes, bytesMax: min(contentLength ?? bytesMax, bytesMax), isAnnounced: contentLength != nil,
            respond: respond)
    }

    /// Takes room for a body that has turned out to be large, or lets it wait for room. It does so by what has arrived
    /// and not by what is announced, because an announcement costs the client nothing.
    @inline(never)
    private func claimRoom(bytesMax: Int) throws(EdgeRefusal) {
        let bound = NIOLoopBound(self, eventLoop: self.loop.eventLoop)
        let eventLoop = self.loop.eventLoop
        let resume: @Sendable () -> Void = { eventLoop.execute { bound.value.resumeBody() } }
        guard let (claim, hasRoom) = self.loop.bodies.claim(bytesMax, resume: resume) else { throw .noRoom }
        self.claim = claim
        guard !hasRoom else { return }
        self.bodyHasRoom = false
        let timeout = TimeAmount.nanoseconds(self.loop.limits.bodyRoomTimeout.wholeNanoseconds)
        eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            guard let self, !self.bodyHasRoom else { return }
            self.transport?.bodyHasNoRoom()
        }
    }

    func stream(respond: @escaping @Sendable (RequestBodyStream) async -> EdgeResponse) {
        let bound = NIOLoopBound(self, eventLoop: self.loop.eventLoop)
        let eventLoop = self.loop.eventLoop
        let buffer = RequestBodyBuffer(bufferedBytesMax: self.loop.limits.streamBufferBytesMax) {
            // Never inline: the reader may be running inside the transport's own loop over the input.
            eventLoop.execute { bound.value.resumeBody() }
        }
        self.body = .streamed(buffer)
        self.start { await respond(RequestBodyStream(buffer: buffer)) }
    }

    /// Takes a piece of the body.
    /// - Throws: when a collected body exceeds its limit, or is large and there is no room for it.
    func receive(_ piece: ByteBuffer) throws(EdgeRefusal) {
        switch self.body {
        case .dropped: break
        case .collected(var bytes, let bytesMax, let isAnnounced, let respond):
            self.body = .dropped
            let bytesCount = bytes.count + piece.readableBytes
            guard bytesCount <= bytesMax else { throw .bodyTooLarge }
            if bytesCount > self.loop.limits.smallBodyBytesMax {
                if self.claim == nil { try self.claimRoom(bytesMax: bytesMax) }
                // Not doubled again and again: the halves would stay with the allocator, beside what was claimed.
                if self.bodyHasRoom, isAnnounced { bytes.reserveCapacity(bytesMax) }
            }
            bytes.append(contentsOf: piece.readableBytesView)
            self.body = .collected(bytes: bytes, bytesMax: bytesMax, isAnnounced: isAnnounced, respond: respond)
        case .streamed(let buffer):
            self.bodyHasRoom = buffer.append([UInt8](piece.readableBytesView))
        }
    }

    /// The body is complete.
    func receiveEnd() {
        switch self.body {
        case .dropped: break
        case .collected(let bytes, _, _, let respond):
            guard self.bodyHasRoom else {
                // On HTTP/2 the end may be among the frames that had arrived before.
                self.isBodyComplete = true
                return
            }
            self.body = .dropped
            let claim = self.claim.take()
            claim?.keep(bytes.count)
            self.start(holding: claim) { await respond(bytes) }
        case .streamed(let buffer):
            buffer.complete()
        }
        self.bodyHasRoom = true
    }

    private func resumeBody() {
        self.bodyHasRoom = true
        if self.isBodyComplete { self.receiveEnd() }
        self.transport?.bodyHasRoom()
    }

    // The answer's side

    /// Runs the operation on the loop; if it never really suspends, the answer is sent before this returns.
    /// - Parameters:
    ///   - claim: the room of the body, which the operation, and the stream that it answers with, may read.
    ///   - operation: makes the answer.
    private func start(holding claim: BodyClaim? = nil, _ operation: @escaping @Sendable () async -> EdgeResponse) {
        let handle = ExchangeHandle(exchange: self, eventLoop: self.loop.eventLoop)
        // Not awaited: the task ends the exchange, which holds it, and which cancels it when the client disconnects.
        let task = Task.immediate(executorPreference: self.loop.context.executor) {
            defer { withExtendedLifetime(claim) {} }
            let response = await operation()
            switch response.body {
            case .bytes:
                handle.reply(response)
            case .stream(let produce):
                handle.run { $0.prepareStream(response) }
                do {
                    try await produce(ResponseBodyWriter(exchange: handle))
                    handle.run { $0.endStream() }
                } catch let replacement as ReplacementResponse {
                    handle.run { $0.replace(by: replacement) }
                } catch {
                    // Whatever the error, the body is incomplete, and the transport shows that to the client.
                    handle.run { $0.abort() }
                }
            }
        }
        if !self.hasEnded { self.task = task }
    }

    /// Sends the answer, unless the client has left.
    func reply(_ response: EdgeResponse) {
        guard case .awaited = self.answer, let transport = self.transport else {
            self.report(response, isComplete: false)
            return
        }
        switch response.body {
        case .bytes(let bytes):
            var room: BodyClaim?
            if bytes.count > self.loop.limits.smallBodyBytesMax {
                room = self.loop.answers.claimAtOnce(bytes.count)
                guard room != nil else { return self.refuseAnswer(response, transport) }
            }
            self.end()
            transport.send(response, body: bytes, holding: room)
            self.bodyBytesSent = bytes.count
            self.report(response, isComplete: true)
            transport.answerEnded()
        case .stream:
            // A plan that replied at once, with a stream.
            self.start { response }
        }
    }

    /// Too many clients do not take their large answers: there is no room for another.
    private func refuseAnswer(_ response: EdgeResponse, _ transport: any ExchangeTransport) {
        self.end()
        self.report(response, isComplete: false)
        transport.sendRefusal(.noRoom, head: self.head, connection: transport.info, loop: self.loop)
        transport.answerEnded()
    }

    private func prepareStream(_ response: EdgeResponse) {
        guard case .awaited = self.answer else {
            self.report(response, isComplete: false)
            return
        }
        self.answer = .prepared(StreamedAnswer(response))
    }

    /// The stream failed before its first piece: its head was not sent, and another answer takes its place.
    private func replace(by replacement: ReplacementResponse) {
        guard case .prepared = self.answer else { return self.abort() }
        self.answer = .awaited
        self.reply(replacement.response())
    }

    /// Sends the head of a stream, unless it was sent.
    private func beginStream() {
        guard case .prepared(let streamed) = self.answer, let transport = self.transport else { return }
        self.answer = .streaming(streamed)
        transport.sendHead(streamed.response)
    }

    private func endStream() {
        self.beginStream()
        guard case .streaming(let streamed) = self.answer, let transport = self.transport else { return }
        self.end()
        transport.sendEnd()
        self.report(streamed.response, isComplete: true)
        transport.answerEnded()
    }

    /// Gives up the answer: the client sees a broken one.
    private func abort() {
        self.beginStream()
        guard case .streaming(let streamed) = self.answer, let transport = self.transport else { return }
        self.end()
        transport.abortAnswer()
        self.report(streamed.response, isComplete: false)
        transport.answerEnded()
    }

    /// The result of writing one piece.
    enum WriteResult {
        case sent
        /// Written, but the next must wait.
        case full
        case failed(ResponseBodyError)
    }

    func write(_ bytes: [UInt8]) -> WriteResult {
        self.beginStream()
        guard case .streaming = self.answer, let transport = self.transport else { return .failed(.disconnected) }
        self.bodyBytesSent += bytes.count
        transport.sendPiece(bytes)
        guard case .streaming = self.answer else { return .failed(.disconnected) }
        return transport.isWritable ? .sent : .full
    }

    func waitForRoom(_ waiter: CheckedContinuation<ResponseBodyError?, Never>) {
        guard case .streaming(let streamed) = self.answer, let transport = self.transport else {
            waiter.resume(returning: .disconnected)
            return
        }
        precondition(streamed.waiter == nil, "a streamed answer has one writer")
        if transport.isWritable {
            waiter.resume(returning: nil)
            return
        }
        streamed.waiter = waiter
        transport.answerStalled()
    }

    /// The transport has room for the next piece.
    func becameWritable() {
        guard case .streaming(let streamed) = self.answer, let waiter = streamed.waiter.take() else { return }
        waiter.resume(returning: nil)
    }

    /// The client has left, or is too slow: cancels the task and discards its answer.
    func abandon(_ error: RequestBodyError = .disconnected) {
        guard !self.hasEnded else { return }
        let answer = self.answer
        if case .streamed(let buffer) = self.body { buffer.fail(error) }
        self.body = .dropped
        let task = self.task
        self.end()
        task?.cancel()
        switch answer {
        case .awaited, .ended: break
        case .prepared(let streamed): self.report(streamed.response, isComplete: false)
        case .streaming(let streamed):
            streamed.waiter.take()?.resume(returning: .disconnected)
            self.report(streamed.response, isComplete: false)
        }
    }

    private func end() {
        self.answer = .ended
        self.task = nil
        self.transport = nil
        self.loop.counters.requestsInFlight.add(-1)
        // What the answer did not read is discarded, and must not block the connection.
        if case .streamed(let buffer) = self.body { buffer.fail(.disconnected) }
        self.body = .dropped
        self.claim = nil
        self.bodyHasRoom = true
    }

    private func report(_ response: EdgeResponse, isComplete: Bool) {
        response.onEnd?(EdgeResponse.Outcome(bodyBytes: self.bodyBytesSent, isComplete: isComplete))
    }
}

/// Lets a task on any thread reach its exchange.
struct ExchangeHandle: Sendable {
    private let exchange: NIOLoopBound<Exchange>
    private let eventLoop: any EventLoop

    init(exchange: Exchange, eventLoop: any EventLoop) {
        self.exchange = NIOLoopBound(exchange, eventLoop: eventLoop)
        self.eventLoop = eventLoop
    }

    /// Immediately on the loop, where a task that prefers the loop always is.
    func run(_ body: @escaping @Sendable (Exchange) -> Void) {
        if self.eventLoop.inEventLoop {
            body(self.exchange.value)
        } else {
            let exchange = self.exchange
            self.eventLoop.execute { body(exchange.value) }
        }
    }

    func reply(_ response: EdgeResponse) {
        if self.eventLoop.inEventLoop {
            self.exchange.value.reply(response)
        } else {
            self.run { $0.reply(response) }
        }
    }

    /// - Returns: whether there is room for more; nil off the event loop, where nothing was written.
    func writeAtOnce(_ bytes: [UInt8]) throws(ResponseBodyError) -> Bool? {
        guard self.eventLoop.inEventLoop else { return nil }
        if bytes.isEmpty { return true }
        switch self.exchange.value.write(bytes) {
        case .sent: return true
        case .full: return false
        case .failed(let reason): throw reason
        }
    }

    func waitForRoom() async throws(ResponseBodyError) {
        let error = await withCheckedContinuation { continuation in
            self.run { $0.waitForRoom(continuation) }
        }
        if let error { throw error }
    }

    func write(_ bytes: [UInt8]) async throws(ResponseBodyError) {
        if bytes.isEmpty { return }
        let error: ResponseBodyError?
        if self.eventLoop.inEventLoop {
            switch self.exchange.value.write(bytes) {
            case .sent: return
            case .failed(let reason): throw reason
            case .full: error = await withCheckedContinuation { self.exchange.value.waitForRoom($0) }
            }
        } else {
            error = await withCheckedContinuation { continuation in
                self.run { exchange in
                    switch exchange.write(bytes) {
                    case .sent: continuation.resume(returning: nil)
                    case .failed(let reason): continuation.resume(returning: reason)
                    case .full: exchange.waitForRoom(continuation)
                    }
                }
            }
        }
        if let error { throw error }
    }
}
