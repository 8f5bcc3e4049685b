internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// The first handler of a connection: detects the protocol, installs its handlers and removes itself.
///
/// A TLS handshake record begins with 0x16, which no HTTP method does; HTTP/2 with prior knowledge begins with its
/// 24-byte preface; everything else is HTTP/1.1. Until the first byte arrives a connection costs only this object.
final class ConnectionOpening: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The settings that all connections of one listener share.
    struct Settings: Sendable {
        let certificates: CertificateStore?
        let allowsPlaintext: Bool
    }

    private let connection: OpeningConnection
    private let settings: Settings
    private var context: ChannelHandlerContext?
    private var input: ByteBuffer?
    private var hasHandedOver = false
    private var awaitsCertificate = false
    private var isRefused = false
    var deadlineSlot = -1

    init(connection: OpeningConnection, settings: Settings) {
        self.connection = connection
        self.settings = settings
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.connection.loop.register(self)
        if context.channel.isActive { self.start(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        self.connection.loop.arm(self, ticks: self.connection.loop.timeouts.idle)
        context.read()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.connection.loop.deregister(self)
        if !self.hasHandedOver { self.connection.membership.end() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.connection.membership.end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        if self.input == nil {
            self.input = bytes
            self.connection.loop.arm(self, ticks: self.connection.loop.timeouts.head)
        } else {
            self.input?.writeImmutableBuffer(bytes)
        }
        guard !self.awaitsCertificate, !self.isRefused, let input = self.input,
            let first = input.readableBytesView.first
        else { return }
        do {
            if first == 0x16 {
                self.awaitCertificate(context)
            } else if !self.settings.allowsPlaintext {
                self.refusePlaintext(context, first)
            } else {
                switch HTTP2Preface.match(input) {
                case .whole: try self.connection.install(.http2, isTLS: false, context: context, after: self)
                case .none: try self.connection.install(.http1, isTLS: false, context: context, after: self)
                case .partial: return
                }
                self.handOver(context)
            }
        } catch {
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !self.awaitsCertificate, !self.isRefused { context.read() }
        context.fireChannelReadComplete()
    }

    /// A gateway that calls a node this way finds the reason in `Forward.refusedHeader`.
    private static let tlsOnly: StaticString = """
        HTTP/1.1 400 Bad Request\r
        Content-Type: text/plain; charset=utf-8\r
        Content-Length: 41\r
        Connection: close\r
        x-brume-refused: this port speaks TLS only\r
        \r
        This port speaks TLS only: use https://.

        """

    /// A client that speaks HTTP is told why; anything else just gets the connection closed.
    private func refusePlaintext(_ context: ChannelHandlerContext, _ first: UInt8) {
        self.isRefused = true
        guard first &- UInt8(ascii: "A") < 26 else { return context.close(promise: nil) }
        self.connection.loop.counters.requestsRefused.add(1)
        let sent = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        context.writeAndFlush(
            NIOAny(context.channel.allocator.buffer(staticString: Self.tlsOnly)), promise: sent)
    }

    /// The client closed its side before sending anything complete.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Just after the start, the certificate may still be in preparation.
    private func awaitCertificate(_ context: ChannelHandlerContext) {
        guard let certificates = self.settings.certificates else {
            context.close(promise: nil)
            return
        }
        self.awaitsCertificate = true
        certificates.context(on: context.eventLoop).assumeIsolated().whenComplete { result in
            // The deadline or the client may have closed the connection meanwhile.
            guard let context = self.context, context.channel.isActive else { return }
            do {
                try self.openTLS(context, tls: try result.get())
            } catch {
                context.close(promise: nil)
            }
        }
    }

    private func openTLS(_ context: ChannelHandlerContext, tls tlsContext: NIOSSLContext) throws {
        let tls = NIOSSLServerHandler(context: tlsContext)
        try context.channel.syncOptions?.setOption(ChannelOptions.autoRead, value: true)
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(TLSOpening(connection: self.connection), position: .after(self))
        try pipeline.addHandler(tls, position: .after(self))
        self.handOver(context)
    }

    /// Passes on the bytes read so far, and removes this handler.
    private func handOver(_ context: ChannelHandlerContext) {
        self.hasHandedOver = true
        if let input = self.input.take() {
            context.fireChannelRead(self.wrapInboundOut(input))
        }
        // `channelReadComplete` follows from the channel itself, and triggers the next read.
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

extension ConnectionOpening: DeadlineTarget {
    func deadlineReached() {
        self.closeNow()
    }

    func drain() {
        self.closeNow()
    }

    func closeNow() {
        self.context?.close(promise: nil)
    }
}

/// Sits behind the TLS handler during the handshake, then installs the handlers for the protocol negotiated by ALPN,
/// and removes itself.
final class TLSOpening: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let connection: OpeningConnection
    private var context: ChannelHandlerContext?
    private var hasHandedOver = false
    var deadlineSlot = -1

    init(connection: OpeningConnection) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.connection.loop.register(self)
        self.connection.loop.arm(self, ticks: self.connection.loop.timeouts.handshake)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.connection.loop.deregister(self)
        guard !self.hasHandedOver else { return }
        self.connection.loop.counters.handshakesFailed.add(1)
        self.connection.membership.end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted(let negotiatedProtocol)? = event as? TLSUserEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        do {
            let talk = negotiatedProtocol == "h2" ? ConnectionInfo.Version.http2 : .http1
            try self.connection.install(talk, isTLS: true, context: context, after: self)
            self.hasHandedOver = true
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }
}

extension TLSOpening: DeadlineTarget {
    func deadlineReached() {
        self.closeNow()
    }

    func drain() {
        self.closeNow()
    }

    func closeNow() {
        self.context?.close(promise: nil)
    }
}

/// A connection whose protocol is not known yet.
struct OpeningConnection {
    let loop: EdgeLoop
    let membership: ConnectionMembership
    let id: UInt64

    /// Installs the protocol's handlers behind `handler`; they own the membership from then on.
    func install(
        _ talk: ConnectionInfo.Version, isTLS: Bool, context: ChannelHandlerContext, after handler: any ChannelHandler
    ) throws {
        let address = context.channel.remoteAddress
        let host = ConnectionInfo.plainAddress(address?.ipAddress ?? "")
        let info = ConnectionInfo(
            id: self.id, remoteAddress: host, remotePort: address?.port ?? 0, isTLS: isTLS, version: talk,
            isLoopback: host.hasPrefix("127.") || host == "::1")
        // HTTP/2 has flow control of its own; HTTP/1.1 has none but to stop reading.
        try context.channel.syncOptions?.setOption(ChannelOptions.autoRead, value: talk == .http2)
        switch talk {
        case .http1:
            let connection = HTTP1Connection(loop: self.loop, membership: self.membership, info: info)
            try context.pipeline.syncOperations.addHandler(
                connection, position: .after(handler))
        case .http2:
            let position = ChannelPipeline.SynchronousOperations.Position.after(handler)
            try HTTP2Connection.install(
                on: context.channel, loop: self.loop, membership: self.membership, info: info, position: position)
        }
    }
}

/// The bytes that open an HTTP/2 connection without TLS (RFC 9113, 3.4).
enum HTTP2Preface {
    enum Match {
        case whole, partial, none
    }

    private static let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func match(_ input: ByteBuffer) -> Match {
        let length = min(input.readableBytes, self.bytes.count)
        guard input.readableBytesView.prefix(length).elementsEqual(self.bytes.prefix(length)) else { return .none }
        return length == self.bytes.count ? .whole : .partial
    }
}
