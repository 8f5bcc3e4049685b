internal import NIOCore
internal import Primitives

/// What an exchange sends over the connection: heads, bodies and pieces of streamed answers.
extension HTTP1Connection: ExchangeTransport {
    func send(_ response: EdgeResponse, body: [UInt8], holding room: BodyClaim?) {
        guard let context = self.context else { return }
        var framing = HTTP1ResponseEncoder.Framing.length(body.count)
        if HTTP1ResponseEncoder.isBodiless(response.status) {
            framing = .none
        } else if self.isHead, let length = response.headers.contentLength {
            framing = .length(length)
        }
        let sendsBody = !self.isHead && framing != .none
        let capacity = HTTP1ResponseEncoder.headBytesMax(response.headers) + (sendsBody ? body.count : 0)
        var buffer = context.channel.allocator.buffer(capacity: capacity)
        self.writeHead(response, framing: framing, to: &buffer)
        if sendsBody { buffer.writeBytes(body) }
        self.write(buffer, holding: room)
    }

    func sendHead(_ response: EdgeResponse) {
        guard let context = self.context else { return }
        if HTTP1ResponseEncoder.isBodiless(response.status) {
            self.answerFraming = .none
        } else if let length = response.headers.contentLength {
            self.answerFraming = .length(length)
        } else if self.isVersion10 {
            self.answerFraming = .untilClose
            self.keepsAlive = false
        } else {
            self.answerFraming = .chunked
        }
        let capacity = HTTP1ResponseEncoder.headBytesMax(response.headers)
        var buffer = context.channel.allocator.buffer(capacity: capacity)
        self.writeHead(response, framing: self.answerFraming, to: &buffer)
        self.write(buffer)
    }

    func sendPiece(_ bytes: [UInt8]) {
        guard let context = self.context, !self.isHead, self.answerFraming != .none else { return self.settleSoon() }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count + 24)
        switch self.answerFraming {
        case .none: break
        case .chunked: HTTP1ResponseEncoder.writeChunk(bytes, to: &buffer)
        case .untilClose: buffer.writeBytes(bytes)
        case .length(let remaining):
            // Bytes beyond the announced length would be read as the next answer.
            buffer.writeBytes(bytes.prefix(remaining))
            self.answerFraming = .length(max(0, remaining - bytes.count))
        }
        self.write(buffer)
        // Writing soon shows whether a client that may be gone is.
        if self.deadline == .halfClosed { self.deadline = .none }
        self.halfClosedTicks = 0
        self.settleSoon()
    }

    /// Settles once the task that produces the pieces suspends, so that the pieces it has at once are sent in one
    /// write. Several tokens of a model arrive in one read, and a write for each was most of the cost of a token.
    private func settleSoon() {
        guard !self.isSettlingSoon, let context = self.context else { return }
        self.isSettlingSoon = true
        context.eventLoop.assumeIsolated().execute {
            self.isSettlingSoon = false
            // Sending pieces does not change what may be read.
            self.settle(reads: false)
        }
    }

    func sendEnd() {
        if case .length(let remaining) = self.answerFraming, remaining > 0, !self.isHead { return self.abortAnswer() }
        if self.answerFraming == .chunked, !self.isHead, let context = self.context {
            var buffer = context.channel.allocator.buffer(capacity: 8)
            buffer.writeStaticString(HTTP1ResponseEncoder.lastChunk)
            self.write(buffer)
        }
    }

    func abortAnswer() {
        // Pieces written before the end are sent before it.
        if self.needsFlush { self.flush() }
        self.phase = .closed
        self.context?.close(promise: nil)
    }

    func answerEnded() {
        self.process()
        self.settle()
    }

    func bodyHasRoom() {
        self.process()
        self.settle()
    }

    func bodyHasNoRoom() {
        self.refuse(.noRoom)
        self.settle()
    }

    func answerStalled() {
        self.settle()
    }

    private func writeHead(
        _ response: EdgeResponse, framing: HTTP1ResponseEncoder.Framing, to buffer: inout ByteBuffer
    ) {
        if response.closesConnection || self.loop.isDraining { self.keepsAlive = false }
        if !self.isRequestComplete, (self.bodyParser?.remainingBytes ?? 0) > self.loop.limits.discardBytesMax {
            self.keepsAlive = false
        }
        let connection: StaticString? = self.keepsAlive ? (self.isVersion10 ? "keep-alive" : nil) : "close"
        HTTP1ResponseEncoder.writeHead(
            status: response.status, headers: response.headers, framing: framing, connection: connection,
            date: self.loop.dateText(), to: &buffer)
    }
}
