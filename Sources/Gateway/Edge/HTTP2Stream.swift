internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2
internal import Primitives

/// One HTTP/2 stream: one request and its answer.
final class HTTP2Stream: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connection: HTTP2Connection
    let info: ConnectionInfo
    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    private var isRequestComplete = false
    private var isRefused = false
    private var isHead = false
    private var bodyBytes = 0
    private var windowBytes = 0
    private var isReading = false
    private var isWaitingForBody = false
    private var isStalled = false
    /// The answer was written; the client has yet to take it.
    private var hasAnswered = false
    private var answerBytes = 0
    /// The room of a large answer, until the stream is closed.
    private var room: BodyClaim?
    /// The last frame that was written while the request was incomplete.
    private var lastWrite: EventLoopFuture<Void>?
    var deadlineSlot = -1

    init(connection: HTTP2Connection, info: ConnectionInfo) {
        self.connection = connection
        self.info = info
    }

    private var loop: EdgeLoop { self.connection.loop }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.register(self)
        self.connection.streamOpened()
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
        context.fireChannelActive()
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
        self.isReading = true
        do throws(EdgeRefusal) {
            switch self.unwrapInboundIn(data) {
            case .headers(let block):
                // A second block is trailers, which are discarded.
                let isFirst = self.exchange == nil && !self.isRefused
                if block.endStream { self.isRequestComplete = true }
                if isFirst, !self.connection.takesRequests { return self.turnAway() }
                if isFirst {
                    try self.begin(block.headers)
                } else {
                    try HTTP2RequestReader.checkTrailers(block.headers, limits: self.loop.limits)
                }
                if block.endStream { self.exchange?.receiveEnd() }
            case .data(let data):
                if case .byteBuffer(let bytes) = data.data { try self.receive(bytes) }
                if data.endStream {
                    self.isRequestComplete = true
                    self.exchange?.receiveEnd()
                }
            default: break
            }
        } catch {
            self.refuse(error)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.settle()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            self.isStalled = false
            self.exchange?.becameWritable()
            self.settle()
        }
        context.fireChannelWritabilityChanged()
    }

    /// Refuses before anything was done with the request, so that the client may send it again (RFC 9113, 8.7).
    private func turnAway() {
        self.isRefused = true
        self.loop.counters.requestsRefused.add(1)
        self.write(.rstStream(.refusedStream))
        self.context?.flush()
    }

    private func begin(_ block: HPACKHeaders) throws(EdgeRefusal) {
        let head = try HTTP2RequestReader.read(block, limits: self.loop.limits)
        let exchange = Exchange(head: head, loop: self.loop, transport: self)
        self.exchange = exchange
        self.connection.requestTaken()
        self.isHead = head.method == "HEAD"
        let announced = head.headers.contentLength
        if let announced, announced > self.loop.limits.bodyBytesMax { throw .bodyTooLarge }
        let wantsContinue = !self.isRequestComplete && head.headers.contains("expect")
        switch self.loop.responder.plan(head, connection: self.info, on: self.loop.context) {
        case .reply(let response):
            exchange.reply(response)
        case .collect(let bytesMax, let respond):
            if let announced, announced > bytesMax { throw .bodyTooLarge }
            exchange.collect(bytesMax: bytesMax, contentLength: announced, respond: respond)
            if wantsContinue { self.sendContinue() }
        case .stream(let respond):
            if wantsContinue { self.sendContinue() }
            exchange.stream(respond: respond)
        }
    }

    private func sendContinue() {
        self.context?.writeAndFlush(
            self.wrapOutboundOut(.headers(.init(headers: [":status": "100"]))), promise: nil)
    }

    private func receive(_ bytes: ByteBuffer) throws(EdgeRefusal) {
        guard let exchange = self.exchange, bytes.readableBytes > 0 else { return }
        self.bodyBytes += bytes.readableBytes
        self.windowBytes += bytes.readableBytes
        guard self.bodyBytes <= self.loop.limits.bodyBytesMax else { throw .bodyTooLarge }
        try exchange.receive(bytes)
    }

    /// Sends the edge's own answer to a violated rule; the stream ends with it.
    private func refuse(_ refusal: EdgeRefusal) {
        guard !self.isRefused else { return }
        self.isRefused = true
        self.loop.counters.requestsRefused.add(1)
        let head = self.exchange?.head
        let hasBegun = self.exchange?.hasAnswerBegun ?? false
        self.exchange?.abandon(.refused(refusal))
        guard !hasBegun else {
            self.context?.close(promise: nil)
            return
        }
        self.sendRefusal(refusal, head: head, connection: self.info, loop: self.loop)
        self.answerEnded()
    }

    private func settle() {
        guard let context = self.context, !self.isReading else { return }
        let isBodyAwaited =
            !self.isRequestComplete && !self.isRefused && (self.exchange?.takesBody ?? true)
            && !(self.exchange?.hasAnswerBegun ?? false)
        if self.isStalled {
            // `answerStalled` has armed the deadline.
        } else if self.hasAnswered {
            self.answerStalled()
        } else if isBodyAwaited, !self.isWaitingForBody {
            self.windowBytes = 0
            self.loop.arm(self, ticks: self.loop.timeouts.bodyWindow)
        } else if !isBodyAwaited {
            self.loop.disarm(self)
        }
        self.isWaitingForBody = isBodyAwaited
        if !self.isRequestComplete, self.exchange?.takesBody ?? true { context.read() }
    }

    private func end() {
        guard self.context != nil else { return }
        let tookRequest = self.exchange != nil
        self.exchange?.abandon()
        self.exchange = nil
        self.context = nil
        self.room = nil
        self.loop.deregister(self)
        self.connection.streamClosed(tookRequest: tookRequest, answerBytes: self.answerBytes)
    }
}

extension HTTP2Stream: ExchangeTransport {
    var isWritable: Bool {
        self.context?.channel.isWritable ?? false
    }

    func send(_ response: EdgeResponse, body: [UInt8], holding room: BodyClaim?) {
        guard let context = self.context else { return }
        let isBodiless = HTTP1ResponseEncoder.isBodiless(response.status)
        var length: Int? = isBodiless ? nil : body.count
        if self.isHead, let announced = response.headers.contentLength {
            length = announced
        }
        let sendsBody = !self.isHead && !isBodiless && !body.isEmpty
        self.write(.headers(.init(headers: self.block(response, length: length), endStream: !sendsBody)))
        if sendsBody {
            var buffer = context.channel.allocator.buffer(capacity: body.count)
            buffer.writeBytes(body)
            self.answerBytes = body.count
            self.room = room
            self.connection.hold(answerBytes: body.count)
            self.sendBody(buffer)
        }
        context.flush()
    }

    /// In pieces, because each piece that the client takes shows that it reads.
    private func sendBody(_ body: ByteBuffer) {
        var rest = body
        while let piece = rest.readSlice(length: min(rest.readableBytes, self.loop.limits.responseBufferBytesMax)) {
            let isLast = rest.readableBytes == 0
            self.write(.data(.init(data: .byteBuffer(piece), endStream: isLast)), showsReader: !isLast)
            if isLast { return }
        }
    }

    private func answerMoved() {
        if self.isStalled { self.loop.arm(self, ticks: self.loop.timeouts.writeStall) }
    }

    func sendHead(_ response: EdgeResponse) {
        let length = response.headers.contentLength
        self.write(.headers(.init(headers: self.block(response, length: length))))
        self.settle()
    }

    func sendPiece(_ bytes: [UInt8]) {
        guard let context = self.context else { return }
        guard !self.isHead else { return context.flush() }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        self.write(.data(.init(data: .byteBuffer(buffer))))
        context.flush()
    }

    func sendEnd() {
        guard let context = self.context else { return }
        self.write(.data(.init(data: .byteBuffer(context.channel.allocator.buffer(capacity: 0)), endStream: true)))
        context.flush()
    }

    func abortAnswer() {
        self.write(.rstStream(.internalError))
        self.context?.flush()
        self.context?.close(promise: nil)
    }

    /// A complete answer to an incomplete request is followed by RST_STREAM(NO_ERROR) (RFC 9113, 8.1), but only after
    /// all of the answer was sent: a reset discards what flow control holds back.
    func answerEnded() {
        if !self.isRequestComplete, let context = self.context {
            self.isRequestComplete = true
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            (self.lastWrite ?? context.eventLoop.makeSucceededVoidFuture()).whenSuccess {
                bound.value.write(.rstStream(.noError))
                bound.value.context?.flush()
            }
        }
        self.lastWrite = nil
        // Usually all of it has been sent, and the stream is closed.
        self.hasAnswered = true
        self.settle()
    }

    func bodyHasRoom() {
        self.settle()
    }

    func bodyHasNoRoom() {
        self.refuse(.noRoom)
    }

    func answerStalled() {
        guard !self.isStalled else { return }
        self.isStalled = true
        self.loop.arm(self, ticks: self.loop.timeouts.writeStall)
    }

    private func write(_ payload: HTTP2Frame.FramePayload, showsReader: Bool = false) {
        guard let context = self.context else { return }
        var promise: EventLoopPromise<Void>?
        if !self.isRequestComplete || showsReader {
            promise = context.eventLoop.makePromise(of: Void.self)
            self.lastWrite = promise?.futureResult
        }
        if showsReader {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            promise?.futureResult.whenSuccess { bound.value.answerMoved() }
        }
        context.write(self.wrapOutboundOut(payload), promise: promise)
    }

    private func block(_ response: EdgeResponse, length: Int?) -> HPACKHeaders {
        var block = HPACKHeaders()
        block.reserveCapacity(response.headers.count + 3)
        block.add(name: ":status", value: String(response.status))
        var hasDate = false
        for field in response.headers.fields where !HTTP1ResponseEncoder.isReserved(field.name.utf8.span) {
            guard field.name.utf8.allSatisfy(HTTPSyntax.isToken), field.value.utf8.allSatisfy(HTTPSyntax.isFieldValue)
            else { continue }
            let name = field.name.lowercased()
            if name == "date" { hasDate = true }
            block.add(name: name, value: field.value)
        }
        if !hasDate { block.add(name: "date", value: self.loop.dateText()) }
        if let length { block.add(name: "content-length", value: String(length)) }
        return block
    }
}

extension HTTP2Stream: DeadlineTarget {
    func deadlineReached() {
        if self.isStalled {
            self.closeNow()
        } else if self.isWaitingForBody {
            self.isWaitingForBody = false
            if self.windowBytes < self.loop.limits.bodyBytesPerWindowMin {
                self.refuse(.tooSlow)
            } else {
                self.settle()
            }
        }
    }

    var isConnection: Bool { false }

    /// Nothing to do: a stream in flight ends with its answer, and the connection has sent GOAWAY.
    func drain() {}

    func closeNow() {
        self.context?.close(promise: nil)
    }
}
