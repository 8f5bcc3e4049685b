import NIOCore
import NIOPosix
import Testing
import Upstream

/// The network's own way, against a server of names on this machine.
@Suite(.timeLimit(.minutes(1)))
struct NetworkDNSTests {
    private final class Datagrams: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let asked = self.unwrapInboundIn(data)
            let answer = AddressedEnvelope(remoteAddress: asked.remoteAddress, data: ByteBuffer(string: "short"))
            context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
        }
    }

    @Test func `a datagram and a stream carry a question and its answer`() async throws {
        let datagrams = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Datagrams())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let stream = try await TestServer { text, connection in
            guard text.utf8.count == 5 else { return false }
            connection.send("\0\u{4}")
            connection.send("long")
            return true
        }
        let transport = NetworkDNSTransport()
        let port = try #require(datagrams.localAddress?.port)
        let short = await transport.ask(
            [1, 2, 3], ResolverSettings.Server(host: "127.0.0.1", port: port), isStream: false, timeout: .seconds(20))
        #expect(short == Array("short".utf8))
        let long = await transport.ask(
            [1, 2, 3], ResolverSettings.Server(host: "127.0.0.1", port: stream.port), isStream: true,
            timeout: .seconds(20))
        #expect(long == Array("long".utf8))
        try await datagrams.close()
    }

    @Test func `a server that says nothing is waited for no longer than told`() async throws {
        let server = try await TestServer { _, _ in true }
        let silent = ResolverSettings.Server(host: "127.0.0.1", port: server.port)
        let answer = await NetworkDNSTransport().ask([1], silent, isStream: true, timeout: .milliseconds(20))
        #expect(answer == nil)
    }
}
