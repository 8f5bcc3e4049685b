internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import NIOTLS
internal import Primitives

/// The last handler of a connection to another server: one exchange after another, and their times.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = UpstreamCommand
    typealias OutboundOut = HTTPClientRequestPart

    private enum Phase {
        /// TLS is being agreed upon; the first command waits.
        case handshake(since: NIODeadline, waiting: UpstreamCommand?)
        case resting(since: NIODeadline)
        case exchanging(Exchanging)
        case closed
    }

    /// One request and its answer.
    private struct Exchanging {
        let exchange: UpstreamExchange
        let begun: NIODeadline
        /// The last byte that went or came.
        var moved: NIODeadline
        var isRequestOver: Bool
        /// Bytes of the body that the head announced and that are still due; nil for a body in chunks.
        var dueBytes: Int?
        /// The written piece has not been answered with `takePiece`.
        var owesRoom = false
        var hasHead = false
        /// Whether the connection may serve another exchange after this one.
        var isKept: Bool
    }

    private let endpoint: UpstreamEndpoint
    private let shelf: ConnectionShelf
    private let options: UpstreamOptions
    private var phase: Phase
    /// The channel, by its identity; and why the connection was lost, where it was.
    private(set) var channel: ObjectIdentifier?
    private(set) var lost: UpstreamError.Reason?
    /// The timer that runs, and when it will look again.
    private var timer: (at: NIODeadline, scheduled: Scheduled<Void>)?

    init(_ endpoint: UpstreamEndpoint, shelf: ConnectionShelf, options: UpstreamOptions) {
        self.endpoint = endpoint
        self.shelf = shelf
        self.options = options
        self.phase = endpoint.isTLS ? .handshake(since: .now(), waiting: nil) : .resting(since: .now())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.channel = ObjectIdentifier(context.channel)
    }

    // Outbound: what the client asks for.

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.perform(context, self.unwrapOutboundIn(data))
        promise?.succeed()
    }

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
            // The exchange is over, or the connection was lost before the request came to it.
            command.exchange.finish(.failure(self.lost ?? .cutOff))
        }
    }

    private func begin(
        _ context: ChannelHandlerContext, _ exchange: UpstreamExchange, _ request: UpstreamRequest, body: [UInt8]?,
        isStreamed: Bool
    ) {
        let head = UpstreamWire.head(
            request, authority: self.endpoint.authority, bodyBytes: body?.count, isStreamed: isStreamed,
            isKept: self.options.keepsConnections)
        let now = NIODeadline.now()
        self.phase = .exchanging(
            Exchanging(
                exchange: exchange, begun: now, moved: now, isRequestOver: !isStreamed,
                dueBytes: isStreamed ? head.headers.first(name: "content-length").flatMap { Int($0) } : nil,
                owesRoom: isStreamed, isKept: self.options.keepsConnections))
        exchange.markSent()
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenFailure { error in
            // NIO refuses header fields that would break the message; a lost connection is told by its end.
            if error is HTTPParserError { exchange.finish(.failure(.badRequest("\(error)"))) }
        }
        context.write(self.wrapOutboundOut(.head(head)), promise: written)
        if let body, !body.isEmpty {
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        if !isStreamed { context.write(self.wrapOutboundOut(.end(nil)), promise: nil) }
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
                context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
            }
        case .end:
            guard current.dueBytes ?? 0 == 0 else {
                current.exchange.finish(.failure(.badRequest("its body is shorter than its Content-Length")))
                return
            }
            current.isRequestOver = true
            context.write(self.wrapOutboundOut(.end(nil)), promise: nil)
        }
        self.phase = .exchanging(current)
        self.arm(context)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        self.giveRoom(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.giveRoom(context)
        context.fireChannelWritabilityChanged()
    }

    private func giveRoom(_ context: ChannelHandlerContext) {
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
            // Bytes that nobody asked for.
            context.close(promise: nil)
            return
        }
        current.moved = .now()
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            guard head.status.code >= 200 else {
                self.fail(context, .malformed("it wants to speak another protocol"))
                return
            }
            current.hasHead = true
            current.isKept = current.isKept && head.isKeepAlive
            self.phase = .exchanging(current)
            current.exchange.receive(UpstreamWire.head(head))
            self.arm(context)
        case .body(let piece):
            self.phase = .exchanging(current)
            current.exchange.receive(piece)
        case .end:
            if current.isKept, current.isRequestOver, context.channel.isActive {
                self.phase = .resting(since: current.moved)
                if self.shelf.put(context.channel, on: context.eventLoop) {
                    self.arm(context)
                } else {
                    context.close(promise: nil)
                }
            } else {
                self.phase = .closed
                context.close(promise: nil)
            }
            current.exchange.finish(.success(()))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.scheduled.cancel()
        self.timer = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(context, .cutOff)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, case .handshake(_, let waiting) = self.phase {
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
        case HTTPParserError.invalidEOFState: self.fail(context, .cutOff)
        case is HTTPParserError: self.fail(context, .malformed("\(error)"))
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
        case .resting: self.shelf.remove(context.channel, from: context.eventLoop)
        case .closed: break
        }
        context.close(promise: nil)
    }

    // Time. One timer looks again at the earliest moment at which a bound may be reached, so that a request that is
    // answered soon costs none.

    private func arm(_ context: ChannelHandlerContext) {
        if let next = self.deadlines.min(by: { $0.at < $1.at }) { self.arm(context, at: next.at) }
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

    private var deadlines: [(at: NIODeadline, reason: UpstreamError.Reason)] {
        switch self.phase {
        case .closed: return []
        case .resting(let since): return [(since + TimeAmount(self.options.restingMax), .cutOff)]
        case .handshake(let since, let waiting):
            guard let timeout = waiting?.exchange.timeouts.connect else { return [] }
            return [(since + TimeAmount(timeout), .unreachable("TLS was not agreed upon within \(timeout)"))]
        case .exchanging(let current):
            let timeouts = current.exchange.timeouts
            var all: [(NIODeadline, UpstreamError.Reason)] = []
            if let total = timeouts.total { all.append((current.begun + TimeAmount(total), .totalTimedOut(total))) }
            if let silence = !current.hasHead ? timeouts.firstByte : timeouts.idle {
                let reason: UpstreamError.Reason =
                    !current.hasHead ? .firstByteTimedOut(silence) : .idleTimedOut(silence)
                all.append((current.moved + TimeAmount(silence), reason))
            }
            return all
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        guard let due = self.deadlines.first(where: { $0.at <= now }) else { return self.arm(context) }
        switch (self.phase, due.reason) {
        case (.resting, _):
            // Somebody may have taken it off the shelf a moment ago; then the request is on its way here.
            if self.shelf.remove(context.channel, from: context.eventLoop) {
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
            guard !isWaiting else { return self.fail(context, due.reason) }
            current.moved = now
            self.phase = .exchanging(current)
            self.arm(context)
        default: self.fail(context, due.reason)
        }
    }
}
