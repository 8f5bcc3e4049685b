internal import NIOCore
internal import Primitives

/// One HTTP/1.1 connection, from its first request to its end.
///
/// Requests are processed one after another: the next head is parsed when the previous answer is complete, so answers
/// are in order by construction, and a pipelined PUT is done before the GET behind it. `EdgeLimits.pipelinedBytesMax`
/// bounds what waits in between; beyond it the socket is not read. A client that does not read its answers gets no more
/// of them: while the channel is not writable, no request is begun and nothing is read.
final class HTTP1Connection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The state of the connection.
    enum Phase {
        /// Between requests, or within a head.
        case head
        /// A request is being read or answered.
        case exchange(Exchange)
        /// Refused: the rest of the input is discarded until the client has seen the answer.
        case lingering
        case closed
    }

    /// The meaning of the armed deadline.
    enum Deadline {
        case none
        /// The client must have taken the last answer by now; then it may idle for the rest of the time.
        case taken
        case idle, head, body, stall, linger
        /// The client has closed its side, and may be gone.
        case halfClosed
    }

    let loop: EdgeLoop
    let membership: ConnectionMembership
    let info: ConnectionInfo
    var deadlineSlot = -1
    var phase: Phase = .head
    var context: ChannelHandlerContext?
    /// Received but not parsed; nil if empty.
    var input: ByteBuffer?
    private var headParser = HTTP1HeadParser()

    /// The channel's writability as last reported: the channel reports changes, and asking it costs more.
    private(set) var isWritable = true

    // The current exchange
    var bodyParser: HTTP1BodyParser?
    var isRequestComplete = true
    var keepsAlive = true
    /// The client has closed its side; requests that are complete are still answered.
    var isInputClosed = false
    /// HTTP/1.0: no chunked encoding, and connections are kept only on request.
    var isVersion10 = false
    /// HEAD: the answer has no body.
    var isHead = false
    /// How the client recognises the end of a streamed answer; if by length, the bytes that are still to come.
    var answerFraming: HTTP1ResponseEncoder.Framing = .none
    /// Bytes of a request body that were discarded because the answer is complete.
    private var discardedBytes = 0

    // `process` is running: what it calls may call back into it.
    private var isProcessing = false
    /// More may follow in this round of reading, so flushing and deadlines wait for its end.
    private var isReading = false
    private var isTurnScheduled = false
    var needsFlush = false
    /// Whether the pieces of this round of the loop will be flushed at its end.
    var isSettlingSoon = false

    // The deadline
    var deadline: Deadline = .none
    /// Bytes received of a body since its deadline was armed, or after a refusal.
    var windowBytes = 0
    /// Bytes of an answer that the client had not taken when its deadline was armed.
    var unsentBytes = 0
    var isAnswerTaken = false
    /// How long the client has had its side closed while its answer, or the rest of it, is awaited.
    var halfClosedTicks: UInt32 = 0

    init(loop: EdgeLoop, membership: ConnectionMembership, info: ConnectionInfo) {
        self.loop = loop
        self.membership = membership
        self.info = info
    }

    // Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.isWritable = context.channel.isWritable
        self.loop.register(self)
        self.settle()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        self.loop.counters.bytesIn.add(bytes.readableBytes)
        self.windowBytes &+= bytes.readableBytes
        self.isReading = true
        if case .lingering = self.phase {
            if self.windowBytes > self.loop.limits.lingerBytesMax { context.close(promise: nil) }
            return
        }
        if self.input == nil {
            self.input = bytes
        } else {
            self.input?.writeImmutableBuffer(bytes)
        }
        self.process()
        self.keepUnparsedInput(sharedWith: bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.settle()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        if self.isWritable {
            switch self.phase {
            case .exchange(let exchange):
                exchange.becameWritable()
                self.settle()
            // This may be called from within a flush: waiting requests are begun after it.
            case .head: if !self.isTurnScheduled { self.scheduleTurn() }
            case .lingering, .closed: break
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            self.isInputClosed = true
            self.process()
            self.settle()
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// NIO reuses one receive buffer as long as nobody retains it, so the rest is moved to a small buffer of its own.
    private func keepUnparsedInput(sharedWith bytes: ByteBuffer) {
        guard let rest = self.input else { return }
        if rest.readableBytes == 0 {
            self.input = nil
        } else if rest.storageCapacity >= self.loop.limits.receiveBufferBytes,
            rest.readableBytes < self.loop.limits.receiveBufferBytes
        {
            self.input = ByteBuffer(bytes: rest.readableBytesView)
        }
    }

    // The turn

    /// Advances as far as input, answers and fairness allow. May be called at any time.
    func process() {
        guard !self.isProcessing, !self.isTurnScheduled else { return }
        self.isProcessing = true
        defer { self.isProcessing = false }
        var requestCount = 0
        do throws(EdgeRefusal) {
            while true {
                switch self.phase {
                case .head:
                    guard self.isWritable else { return }
                    guard self.input != nil else { return self.endWithInput() }
                    if requestCount == self.loop.limits.pipelinedRequestsPerTurnMax { return self.scheduleTurn() }
                    guard let head = try self.takeHead() else { return self.endWithInput() }
                    requestCount += 1
                    try self.begin(head)
                case .exchange(let exchange):
                    guard try self.advance(exchange) else { return }
                case .lingering, .closed:
                    self.input = nil
                    return
                }
            }
        } catch {
            self.refuse(error)
        }
    }

    /// Lets the loop's other connections have their turn first.
    private func scheduleTurn() {
        self.isTurnScheduled = true
        let bound = NIOLoopBound(self, eventLoop: self.loop.eventLoop)
        self.loop.eventLoop.execute {
            let connection = bound.value
            connection.isTurnScheduled = false
            connection.process()
            connection.settle()
        }
    }

    private func takeHead() throws(EdgeRefusal) -> HTTP1Head? {
        guard var input = self.input.take() else { return nil }
        defer { if input.readableBytes > 0 { self.input = input } }
        return try self.headParser.next(&input, limits: self.loop.limits)
    }

    private func begin(_ head: HTTP1Head) throws(EdgeRefusal) {
        let exchange = Exchange(head: head.request, loop: self.loop, transport: self)
        self.phase = .exchange(exchange)
        self.deadline = .none
        self.windowBytes = self.input?.readableBytes ?? 0
        self.isVersion10 = head.isVersion10
        self.isHead = head.request.method == "HEAD"
        self.keepsAlive = head.keepsAlive && !self.loop.isDraining
        self.discardedBytes = 0
        self.unsentBytes = 0
        self.halfClosedTicks = 0
        self.isAnswerTaken = false
        self.isRequestComplete = head.framing == .length(0)
        let bodyParser = try HTTP1BodyParser(framing: head.framing, limits: self.loop.limits)
        self.bodyParser = self.isRequestComplete ? nil : bodyParser
        switch self.loop.responder.plan(head.request, connection: self.info, on: self.loop.context) {
        case .reply(let response):
            // A client that waits for 100 may or may not send the body after this answer: only closing is unambiguous.
            if head.expectsContinue, !self.isRequestComplete { self.keepsAlive = false }
            exchange.reply(response)
        case .collect(let bytesMax, let respond):
            var announced: Int?
            if case .length(let bytes) = head.framing { announced = bytes }
            if let announced, announced > bytesMax { throw .bodyTooLarge }
            exchange.collect(bytesMax: bytesMax, contentLength: announced, respond: respond)
            self.sendContinue(head)
        case .stream(let respond):
            self.sendContinue(head)
            exchange.stream(respond: respond)
        }
        if self.isRequestComplete { exchange.receiveEnd() }
    }

    private func sendContinue(_ head: HTTP1Head) {
        if head.expectsContinue, !self.isRequestComplete { self.sendContinue() }
    }

    /// The interim answer 100.
    func sendContinue() {
        guard let context = self.context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 32)
        buffer.writeStaticString(HTTP1ResponseEncoder.continueHead)
        self.write(buffer)
        self.flush()
    }

    /// Advances the current exchange.
    /// - Returns: false when it must wait for input or for its answer.
    private func advance(_ exchange: Exchange) throws(EdgeRefusal) -> Bool {
        if self.isRequestComplete {
            guard exchange.hasEnded else { return false }
            self.finish()
            return true
        }
        if exchange.hasEnded, !self.keepsAlive {
            self.linger()
            return true
        }
        guard exchange.takesBody else { return false }
        // Also without input: the parser knows whether the body is complete.
        var input = self.input.take() ?? ByteBuffer()
        defer { if input.readableBytes > 0 { self.input = input } }
        guard let part = try self.bodyParser?.next(&input, limits: self.loop.limits) else { return false }
        switch part {
        case .incomplete:
            if self.isInputClosed {
                exchange.abandon()
                self.closeAfterSending()
            }
            return false
        case .bytes(let piece):
            if exchange.hasEnded {
                self.discardedBytes += piece.readableBytes
                if self.discardedBytes > self.loop.limits.discardBytesMax { self.keepsAlive = false }
            }
            try exchange.receive(piece)
        case .end:
            self.isRequestComplete = true
            self.bodyParser = nil
            exchange.receiveEnd()
        }
        return true
    }

    /// Request and answer are complete.
    private func finish() {
        if self.keepsAlive, !self.loop.isDraining {
            self.phase = .head
        } else if self.input != nil {
            self.linger()
        } else {
            self.closeAfterSending()
        }
    }

    /// The client has closed its side, so no request will follow.
    private func endWithInput() {
        if self.isInputClosed { self.closeAfterSending() }
    }

    /// A plain close would discard what the kernel has not taken yet.
    func closeAfterSending() {
        self.phase = .closed
        guard let context = self.context else { return }
        let sent = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        context.write(self.wrapOutboundOut(context.channel.allocator.buffer(capacity: 0)), promise: sent)
        self.flush()
    }

    /// Sends the edge's own answer to a violated rule; the connection ends with it.
    func refuse(_ refusal: EdgeRefusal) {
        self.loop.counters.requestsRefused.add(1)
        var head: RequestHead?
        if case .exchange(let exchange) = self.phase {
            head = exchange.head
            let hasBegun = exchange.hasAnswerBegun
            exchange.abandon(.refused(refusal))
            if hasBegun {
                // An answer is complete or in progress, so another one cannot be sent.
                return self.linger()
            }
        }
        self.keepsAlive = false
        self.isVersion10 = false
        self.sendRefusal(refusal, head: head, connection: self.info, loop: self.loop)
        self.linger()
    }

    /// Closes so that the client can read the answer: closing a socket with unread input resets it, and the reset
    /// overtakes the answer.
    private func linger() {
        self.flush()
        self.phase = .lingering
        self.input = nil
        self.windowBytes = 0
        self.context?.close(mode: .output, promise: nil)
    }

    /// Flushes, continues reading and arms the deadline, as the state now requires.
    func settle(reads: Bool = true) {
        guard !self.isProcessing, !self.isReading, let context = self.context else { return }
        if self.needsFlush { self.flush() }
        self.armDeadline()
        if reads, self.wantsInput { context.read() }
    }

    private var wantsInput: Bool {
        if self.isTurnScheduled || self.isInputClosed { return false }
        switch self.phase {
        case .head: return self.isWritable
        case .lingering: return true
        case .exchange(let exchange):
            if !self.isRequestComplete { return exchange.takesBody }
            return (self.input?.readableBytes ?? 0) < self.loop.limits.pipelinedBytesMax
        case .closed: return false
        }
    }

    func flush() {
        self.needsFlush = false
        self.context?.flush()
    }

    /// `room` is kept until the kernel has the bytes, or the connection is lost.
    func write(_ buffer: ByteBuffer, holding room: BodyClaim? = nil) {
        self.loop.counters.bytesOut.add(buffer.readableBytes)
        self.needsFlush = true
        let taken = room == nil ? nil : self.context?.eventLoop.makePromise(of: Void.self)
        taken?.futureResult.whenComplete { _ in withExtendedLifetime(room) {} }
        self.context?.write(self.wrapOutboundOut(buffer), promise: taken)
    }

    private func end() {
        if case .exchange(let exchange) = self.phase { exchange.abandon() }
        self.phase = .closed
        self.isWritable = false
        self.input = nil
        self.context = nil
        self.loop.deregister(self)
        self.membership.end()
    }
}
