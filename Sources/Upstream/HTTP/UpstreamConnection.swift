internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import Primitives

/// The last handler of a connection to another server: runs one exchange after another, and their timeouts.
///
/// Confined to the connection's event loop; `ConnectionHandle` is the way in from other threads.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// The TLS handshake is running; the first command waits for it.
        case handshake(since: NIODeadline, waiting: UpstreamCommand?)
        case resting(since: NIODeadline)
        case exchanging(Exchanging)
        case closed
    }

    /// One request and its answer.
    private struct Exchanging {
        let exchange: UpstreamExchange
        let begun: NIODeadline
        /// When the last byte was sent or received.
        var moved: NIODeadline
        var isRequestOver: Bool
        /// The bytes that remain of a streamed body with an announced length; nil for a body in chunks.
        var dueBytes: Int?
        /// A piece was written, and the exchange has not been told yet that there is room for the next.
        var owesRoom = false
        var hasHead = false
        /// Whether the connection can serve another exchange after this one.
        var isKept: Bool
    }

    /// The value of `Host`.
    private let authority: String
    private let shelf: ConnectionShelf
    private let options: UpstreamOptions
    private var phase: Phase
    private var context: ChannelHandlerContext?
    private var reader: AnswerReader
    /// Received bytes that do not make a complete line yet.
    private var rest: ByteBuffer?
    /// Why the connection was lost, if it was.
    private var lost: UpstreamError.Reason?
    /// The running timer, and when it fires.
    private var timer: (at: NIODeadline, scheduled: Scheduled<Void>)?

    /// `authority` is the endpoint's.
    init(_ endpoint: UpstreamEndpoint, authority: String, shelf: ConnectionShelf, options: UpstreamOptions) {
        self.authority = authority
        self.shelf = shelf
        self.options = options
        self.phase = endpoint.isTLS ? .handshake(since: .now(), waiting: nil) : .resting(since: .now())
        self.reader = AnswerReader(headBytesMax: options.headBytesMax, headerCountMax: options.headerCountMax)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    // Outbound: what the client asks for.

    /// Sends a command. The outcome is reported through its exchange.
    func submit(_ command: UpstreamCommand) {
        guard let context = self.context else {
            // The connection was closed before the command arrived.
            return command.exchange.finish(.failure(self.lost ?? .cutOff))
        }
        self.perform(context, command)
        self.flush(context: context)
    }

    /// The reader of the answer has room for more.
    func readOn() { self.context?.read() }

    private func perform(_ context: ChannelHandlerContext, _ command: UpstreamCommand) {
        switch (self.phase, command) {
        case (.handshake(let since, nil), .whole), (.handshake(let since, nil), .head):
            self.phase = .handshake(since: since, waiting: command)
            self.arm(context, at: since + TimeAmount(command.exchange.timeouts.connect))
        case (.resting, .whole(let exchange, let request, let body)):
            self.begin(context, exchange, request, body: body, isStreamed: false)
        case (.resting, .head(let exchange, let request)):
            self.begin(context, exchange, request, body: nil, isStreamed: true)
        case (.exchanging(let current), .body(let exchange, let piece)) where current.exchange === exchange:
            self.write(context, current, piece)
        case (.handshake, _), (.exchanging, _):
            preconditionFailure("a connection has one exchange at a time")
        case (.resting, .body), (.closed, _):
            // The exchange is over, or the connection was lost before the request was sent.
            command.exchange.finish(.failure(self.lost ?? .cutOff))
        }
    }

    private func begin(
        _ context: ChannelHandlerContext, _ exchange: UpstreamExchange, _ request: UpstreamRequest, body: [UInt8]?,
        isStreamed: Bool
    ) {
        let message = UpstreamWire.message(
            request, authority: self.authority, body: body, isStreamed: isStreamed,
            isKept: self.options.keepsConnections, context.channel.allocator)
        let now = NIODeadline.now()
        self.phase = .exchanging(
            Exchanging(
                exchange: exchange, begun: now, moved: now, isRequestOver: !isStreamed, dueBytes: message.dueBytes,
                owesRoom: isStreamed, isKept: self.options.keepsConnections))
        self.reader.expectAnswer(to: request.method)
        exchange.markSent()
        context.write(self.wrapOutboundOut(message.bytes), promise: nil)
        self.arm(context)
    }

    private func write(_ context: ChannelHandlerContext, _ current: Exchanging, _ piece: UpstreamPiece) {
        var current = current
        current.moved = .now()
        switch piece {
        case .bytes(let bytes):
            if let due = current.dueBytes {
                guard bytes.count <= due else {
                    current.exchange.finish(.failure(.badRequest("its body is longer than its Content-Length")))
                    return
                }
                current.dueBytes = due - bytes.count
            }
            current.owesRoom = true
            if !bytes.isEmpty {
                let allocator = context.channel.allocator
                let piece =
                    current.dueBytes == nil
                    ? UpstreamWire.chunk(bytes, allocator) : allocator.buffer(bytes: bytes)
                context.write(self.wrapOutboundOut(piece), promise: nil)
            }
        case .end:
            guard current.dueBytes ?? 0 == 0 else {
                current.exchange.finish(.failure(.badRequest("its body is shorter than its Content-Length")))
                return
            }
            current.isRequestOver = true
            if current.dueBytes == nil {
                let end = context.channel.allocator.buffer(staticString: UpstreamWire.lastChunk)
                context.write(self.wrapOutboundOut(end), promise: nil)
            }
        }
        self.phase = .exchanging(current)
        self.arm(context)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        self.allowNextPiece(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.allowNextPiece(context)
        context.fireChannelWritabilityChanged()
    }

    private func allowNextPiece(_ context: ChannelHandlerContext) {
        guard case .exchanging(var current) = self.phase, current.owesRoom, context.channel.isWritable else { return }
        current.owesRoom = false
        current.moved = .now()
        self.phase = .exchanging(current)
        current.exchange.takePiece()
    }

    func read(context: ChannelHandlerContext) {
        if case .exchanging(let current) = self.phase, current.exchange.holdsBack() { return }
        context.read()
    }

    // Inbound: what the other side says.

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .exchanging(var current) = self.phase else {
            // Bytes without a request: a protocol violation.
            context.close(promise: nil)
            return
        }
        current.moved = .now()
        var input = self.unwrapInboundIn(data)
        if var rest = self.rest.take() {
            rest.writeBuffer(&input)
            input = rest
        }
        var part = UpstreamExchange.ReceivedPart()
        do throws(AnswerFault) {
            try self.take(&input, &current, &part)
        } catch {
            self.phase = .exchanging(current)
            return self.fail(context, .malformed(error.text))
        }
        if part.isOver {
            self.end(context, current, hasMore: input.readableBytes > 0)
        } else {
            if input.readableBytes > 0 { self.rest = input }
            self.phase = .exchanging(current)
            // The timeouts before and after the head of an answer differ.
            if part.head != nil { self.arm(context) }
        }
        current.exchange.receive(part)
    }

    /// Takes complete parts of the answer from `input`.
    private func take(
        _ input: inout ByteBuffer, _ current: inout Exchanging, _ part: inout UpstreamExchange.ReceivedPart
    ) throws(AnswerFault) {
        while true {
            switch try self.reader.next(&input) {
            case .head(let head, let isKept):
                current.hasHead = true
                current.isKept = current.isKept && isKept
                part.head = head
            case .bytes(let count):
                guard let bytes = input.readBytes(length: count) else { return }
                if part.bytes.isEmpty { part.bytes = bytes } else { part.bytes += bytes }
            case .end:
                part.isOver = true
                return
            case .incomplete: return
            }
        }
    }

    /// The answer is complete: the connection becomes idle, or is closed if it cannot serve another request.
    private func end(_ context: ChannelHandlerContext, _ current: Exchanging, hasMore: Bool) {
        if current.isKept, current.isRequestOver, !hasMore, context.channel.isActive {
            self.phase = .resting(since: current.moved)
            self.shelve()
        } else {
            self.phase = .closed
            context.close(promise: nil)
        }
    }

    /// Waits on the shelf for a request.
    func shelve() {
        guard let context = self.context, case .resting = self.phase else { return }
        if self.shelf.put(ConnectionHandle(self, context.channel)) {
            self.arm(context)
        } else {
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.scheduled.cancel()
        self.timer = nil
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .exchanging(let current) = self.phase, current.hasHead, self.reader.mayEndHere {
            self.phase = .closed
            var part = UpstreamExchange.ReceivedPart()
            part.isOver = true
            current.exchange.receive(part)
        } else {
            self.fail(context, .cutOff)
        }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshake(_, let waiting) = self.phase, case .handshakeCompleted? = event as? TLSUserEvent {
            self.phase = .resting(since: .now())
            if let waiting {
                self.perform(context, waiting)
                self.flush(context: context)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self.fail(context, UpstreamWire.reason(ofTLS: error))
        default: self.fail(context, .cutOff)
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: UpstreamError.Reason) {
        let phase = self.phase
        self.phase = .closed
        self.lost = self.lost ?? reason
        switch phase {
        case .exchanging(let current): current.exchange.finish(.failure(reason))
        case .handshake(_, let waiting):
            var reason = reason
            if case .cutOff = reason { reason = .unreachable("the connection was closed while TLS was agreed upon") }
            waiting?.exchange.finish(.failure(reason))
        case .resting: self.shelf.remove(ConnectionHandle(self, context.channel))
        case .closed: break
        }
        context.close(promise: nil)
    }

    // Timeouts. A single timer fires at the earliest moment at which one could expire and then looks again, so that a
    // request that is answered quickly costs no timer.

    private func arm(_ context: ChannelHandlerContext) {
        if let next = self.deadline { self.arm(context, at: next) }
    }

    private func arm(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
        if let timer = self.timer {
            if timer.at <= deadline { return }
            timer.scheduled.cancel()
        }
        let scheduled = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.look(context)
        }
        self.timer = (deadline, scheduled)
    }

    /// The earliest moment at which a timeout could expire.
    private var deadline: NIODeadline? {
        switch self.phase {
        case .closed: return nil
        case .resting(let since): return since + TimeAmount(self.options.restingMax)
        case .handshake(let since, let waiting): return waiting.map { since + TimeAmount($0.exchange.timeouts.connect) }
        case .exchanging(let current):
            let timeouts = current.exchange.timeouts
            let silence = (current.hasHead ? timeouts.idle : timeouts.firstByte).map { current.moved + TimeAmount($0) }
            let total = timeouts.total.map { current.begun + TimeAmount($0) }
            guard let silence, let total else { return silence ?? total }
            return min(silence, total)
        }
    }

    /// The timeout that has expired.
    private func dueReason(_ now: NIODeadline) -> UpstreamError.Reason? {
        switch self.phase {
        case .closed: return nil
        case .resting: return .cutOff
        case .handshake(_, let waiting):
            return waiting.map { .unreachable("TLS was not agreed upon within \($0.exchange.timeouts.connect)") }
        case .exchanging(let current):
            let timeouts = current.exchange.timeouts
            if let total = timeouts.total, current.begun + TimeAmount(total) <= now { return .totalTimedOut(total) }
            guard let silence = current.hasHead ? timeouts.idle : timeouts.firstByte else { return nil }
            return current.hasHead ? .idleTimedOut(silence) : .firstByteTimedOut(silence)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        guard let deadline = self.deadline, deadline <= now, let due = self.dueReason(now) else {
            return self.arm(context)
        }
        switch (self.phase, due) {
        case (.resting, _):
            // If it is no longer on the shelf, a request was just given it and is on its way here.
            if self.shelf.remove(ConnectionHandle(self, context.channel)) {
                self.phase = .closed
                context.close(promise: nil)
            } else {
                self.phase = .resting(since: now)
                self.arm(context)
            }
        case (.exchanging(var current), .firstByteTimedOut), (.exchanging(var current), .idleTimedOut):
            let isWaiting =
                !current.hasHead
                ? current.isRequestOver || current.exchange.isStalled : current.exchange.isAwaited
            guard !isWaiting else { return self.fail(context, due) }
            current.moved = now
            self.phase = .exchanging(current)
            self.arm(context)
        default: self.fail(context, due)
        }
    }
}
