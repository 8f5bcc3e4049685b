internal import NIOCore

/// Requests a tunnel to a host from a proxy, and activates the handlers behind it once the tunnel is open.
///
/// It is nearest to the socket. Until the proxy has agreed, the other handlers do not see that the connection is open,
/// so that the TLS handshake takes place with the host and not with the proxy.
final class ProxyTunnel: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The size limit for the head of the proxy's response.
    private static let headBytesMax = 16 << 10

    private let request: String
    private let proxyName: String
    private let seconds: Int
    /// The part of the response received so far; nil once the tunnel is open.
    private var head: ByteBuffer?
    private var timeout: Scheduled<Void>?

    init(_ proxy: ProxySettings.Proxy, to url: FetchURL, seconds: Int) {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        var request = "CONNECT \(host):\(url.port) HTTP/1.1\r\nHost: \(host):\(url.port)\r\n"
        if let credentials = proxy.credentials { request += "Proxy-Authorization: Basic \(credentials)\r\n" }
        self.request = request + "\r\n"
        self.proxyName = proxy.url.origin
        self.seconds = seconds
        self.head = ByteBuffer()
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.request)), promise: nil)
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        let tunnel = NIOLoopBound(self, eventLoop: context.value.eventLoop)
        self.timeout = context.value.eventLoop.scheduleTask(in: .seconds(Int64(self.seconds))) {
            tunnel.value.fail(.silent(seconds: tunnel.value.seconds), context.value)
        }
        context.value.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        guard self.head != nil else {
            context.fireChannelRead(data)
            return
        }
        self.head?.writeBuffer(&bytes)
        guard let head = self.head, let end = head.readableBytesView.firstRange(of: "\r\n\r\n".utf8) else {
            if self.head?.readableBytes ?? 0 > Self.headBytesMax {
                self.fail(.noConnection("the proxy \(self.proxyName) does not speak HTTP"), context)
            }
            return
        }
        let line = String(decoding: head.readableBytesView.prefix { $0 != 0x0D }, as: UTF8.self)
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].count == 3, words[1].first == "2" else {
            let status = words.dropFirst().joined(separator: " ")
            self.fail(
                .noConnection(
                    "the proxy \(self.proxyName) refuses the connection to it (\(status.isEmpty ? line : status))"),
                context)
            return
        }
        self.open(context, rest: head.getSlice(at: end.upperBound, length: head.writerIndex - end.upperBound))
    }

    private func open(_ context: ChannelHandlerContext, rest: ByteBuffer?) {
        self.head = nil
        self.timeout?.cancel()
        context.fireChannelActive()
        if let rest, rest.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(rest)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.head == nil {
            context.fireChannelReadComplete()
        } else {
            context.read()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timeout?.cancel()
        if self.head != nil {
            context.fireErrorCaught(FetchError.noConnection("the proxy \(self.proxyName) closed the connection"))
        }
        context.fireChannelInactive()
    }

    private func fail(_ error: FetchError, _ context: ChannelHandlerContext) {
        self.timeout?.cancel()
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }
}
