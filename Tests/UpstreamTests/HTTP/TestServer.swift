import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import Upstream

/// A server on this machine that does with each connection what a test says.
final class TestServer: Sendable {
    /// What a connection's handler may do.
    struct Connection {
        let context: ChannelHandlerContext

        func send(_ text: String) {
            self.context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
        }

        func close() { self.context.close(promise: nil) }
    }

    private let channel: any Channel
    private let group = MultiThreadedEventLoopGroup.singleton
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let accepted = Mutex(0)

    /// Connections that came so far.
    var connectionCount: Int { self.accepted.withLock { $0 } }
    /// Connections that are open.
    var openCount: Int { self.open.withLock { $0.count } }
    var endpoint: UpstreamEndpoint { UpstreamEndpoint(address: .tcp(host: "127.0.0.1", port: self.port)) }
    var port: Int { self.channel.localAddress?.port ?? 0 }

    /// `react` gets what has come since the last time it returned true, for each connection.
    init(
        path: String? = nil, tls: NIOSSLContext? = nil, reads: Bool = true,
        _ react: @escaping @Sendable (String, Connection) -> Bool
    ) async throws {
        let shelf = Shelf()
        let bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(ChannelOptions.autoRead, value: reads)
            .childChannelInitializer { channel in
                shelf.server?.add(channel)
                return channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(react))
                }
            }
        if let path {
            self.channel = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        } else {
            self.channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        }
        shelf.set(self)
    }

    deinit {
        self.channel.close(promise: nil)
        for channel in self.open.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }

    /// Ends all connections, and returns when they are.
    func closeConnections() async throws {
        for channel in self.open.withLock({ Array($0.values) }) { try? await channel.close() }
    }

    private func add(_ channel: any Channel) {
        self.accepted.withLock { $0 += 1 }
        self.open.withLock { $0[ObjectIdentifier(channel)] = channel }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.open.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
        }
    }

    /// The server, which its connections know only once it is there.
    private final class Shelf: Sendable {
        private struct Weak: Sendable {
            weak var server: TestServer?
        }

        private let held = Mutex(Weak())
        var server: TestServer? { self.held.withLock { $0.server } }
        func set(_ server: TestServer) { self.held.withLock { $0.server = server } }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let react: @Sendable (String, Connection) -> Bool
        private var text = ""

        init(_ react: @escaping @Sendable (String, Connection) -> Bool) {
            self.react = react
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.text += String(buffer: self.unwrapInboundIn(data))
            if self.react(self.text, Connection(context: context)) { self.text = "" }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension TestServer {
    /// Answers each request that has no body.
    static func answering(_ answer: String, path: String? = nil, tls: NIOSSLContext? = nil) async throws -> TestServer {
        try await TestServer(path: path, tls: tls) { text, connection in
            guard text.hasSuffix("\r\n\r\n") else { return false }
            connection.send(answer)
            return true
        }
    }
}
