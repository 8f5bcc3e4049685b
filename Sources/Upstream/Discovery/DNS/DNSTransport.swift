internal import NIOCore
internal import NIOPosix

/// Sends a question to a server and receives the answer.
package protocol DNSTransport: Sendable {
    /// - Returns: the first message received; nil on a timeout, or when the server cannot be reached.
    func ask(
        _ question: [UInt8], _ server: ResolverSettings.Server, isStream: Bool, timeout: Duration
    ) async -> [UInt8]?
}

/// Over UDP, from a new port for each question, which makes answers hard to forge; or over TCP.
package struct NetworkDNSTransport: DNSTransport {
    package init() {}

    package func ask(
        _ question: [UInt8], _ server: ResolverSettings.Server, isStream: Bool, timeout: Duration
    ) async -> [UInt8]? {
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: [UInt8]?.self)
        let expiry = loop.scheduleTask(in: TimeAmount(timeout)) { answer.succeed(nil) }
        let connecting: EventLoopFuture<any Channel>
        if isStream {
            connecting = ClientBootstrap(group: loop).connectTimeout(TimeAmount(timeout))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(StreamAnswer(answer))
                    }
                }
                .connect(host: server.host, port: server.port)
        } else {
            connecting = DatagramBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(DatagramAnswer(answer))
                    }
                }
                .connect(host: server.host, port: server.port)
        }
        connecting.whenFailure { _ in answer.succeed(nil) }
        connecting.whenSuccess { channel in
            var buffer = ByteBuffer()
            if isStream { buffer.writeInteger(UInt16(question.count)) }
            buffer.writeBytes(question)
            if isStream {
                channel.writeAndFlush(buffer).whenFailure { _ in answer.succeed(nil) }
            } else if let address = channel.remoteAddress {
                channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: buffer))
                    .whenFailure { _ in answer.succeed(nil) }
            }
            answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
        answer.futureResult.whenComplete { _ in expiry.cancel() }
        // Bounded by the timeout; a cancelled task waits no longer than that.
        return (try? await answer.futureResult.get()) ?? nil
    }
}

/// Receives the first datagram. The socket is connected, so the system drops those of other senders.
private final class DatagramAnswer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let answer: EventLoopPromise<[UInt8]?>

    init(_ answer: EventLoopPromise<[UInt8]?>) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.answer.succeed([UInt8](self.unwrapInboundIn(data).data.readableBytesView))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.answer.succeed(nil) }
    func channelInactive(context: ChannelHandlerContext) { self.answer.succeed(nil) }
}

/// Receives one length-prefixed message, of at most 65,535 bytes.
private final class StreamAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: EventLoopPromise<[UInt8]?>
    private var bytes: [UInt8] = []

    init(_ answer: EventLoopPromise<[UInt8]?>) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.bytes += self.unwrapInboundIn(data).readableBytesView
        guard self.bytes.count >= 2 else { return }
        let length = Int(self.bytes[0]) << 8 | Int(self.bytes[1])
        if self.bytes.count >= length + 2 { self.answer.succeed([UInt8](self.bytes[2..<length + 2])) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.answer.succeed(nil) }
    func channelInactive(context: ChannelHandlerContext) { self.answer.succeed(nil) }
}
