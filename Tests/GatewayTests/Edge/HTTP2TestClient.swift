import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// What came back on one stream.
struct HTTP2Answer: Sendable, Equatable {
    var status: String?
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    var isReset = false

    var text: String { String(decoding: self.body, as: UTF8.self) }
}

/// An HTTP/2 client of NIOHTTP2's own, over plain TCP (prior knowledge) or TLS.
final class HTTP2TestClient: Sendable {
    let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    /// Whether the server has said GOAWAY.
    let isGoingAway: Shared<Bool>

    private init(channel: any Channel, multiplexer: NIOHTTP2Handler.StreamMultiplexer, isGoingAway: Shared<Bool>) {
        self.channel = channel
        self.multiplexer = multiplexer
        self.isGoingAway = isGoingAway
    }

    static func connect(port: Int, tls: NIOSSLContext? = nil) async throws -> HTTP2TestClient {
        let isGoingAway = Shared(false)
        let multiplexer = Shared<NIOHTTP2Handler.StreamMultiplexer?>(nil)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    var configuration = NIOHTTP2Handler.ConnectionConfiguration()
                    // A test sends what a good client would not.
                    configuration.headerBlockValidation = .disabled
                    configuration.contentLengthValidation = .disabled
                    let handler = NIOHTTP2Handler(
                        mode: .client, eventLoop: channel.eventLoop, connectionConfiguration: configuration,
                        streamConfiguration: .init()
                    ) { stream in stream.close() }
                    try pipeline.addHandler(handler)
                    let created = try handler.syncMultiplexer()
                    multiplexer.change { $0 = created }
                    try pipeline.addHandler(FrameWatcher(isGoingAway: isGoingAway))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        guard let multiplexer = multiplexer.current else { throw ChannelError.ioOnClosedChannel }
        return HTTP2TestClient(channel: channel, multiplexer: multiplexer, isGoingAway: isGoingAway)
    }

    private final class FrameWatcher: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame
        private let isGoingAway: Shared<Bool>

        init(isGoingAway: Shared<Bool>) {
            self.isGoingAway = isGoingAway
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .goAway = self.unwrapInboundIn(data).payload { self.isGoingAway.change { $0 = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }

    /// Collects an answer and tells when its stream has ended.
    private final class StreamCollector: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        private var answer = HTTP2Answer()
        private let promise: EventLoopPromise<HTTP2Answer>

        init(promise: EventLoopPromise<HTTP2Answer>) {
            self.promise = promise
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .headers(let block):
                for (name, value, _) in block.headers {
                    if name == ":status" { self.answer.status = value } else { self.answer.headers[name] = value }
                }
                if block.endStream { self.promise.succeed(self.answer) }
            case .data(let data):
                if case .byteBuffer(let bytes) = data.data { self.answer.body += bytes.readableBytesView }
                if data.endStream { self.promise.succeed(self.answer) }
            case .rstStream:
                self.answer.isReset = true
                self.promise.succeed(self.answer)
            default: break
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.answer.isReset = true
            self.promise.succeed(self.answer)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    /// One request; `:scheme` and `:authority` are filled in unless they are given.
    func request(
        _ method: String = "GET", _ path: String = "/", headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> HTTP2Answer {
        var block = HPACKHeaders([(":method", method), (":path", path), (":scheme", "http")])
        if !headers.contains(where: { $0.0 == ":authority" || $0.0 == "host" }) {
            block.add(name: ":authority", value: "localhost")
        }
        for (name, value) in headers { block.add(name: name, value: value) }
        let (stream, answer) = try await self.open(block, endsStream: body == nil)
        if let body {
            let data = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(ByteBuffer(bytes: body)), endStream: true))
            stream.writeAndFlush(data, promise: nil)
        }
        return try await answer.get()
    }

    /// Opens a stream with these headers; the caller goes on with it.
    func open(
        _ block: HPACKHeaders, endsStream: Bool
    ) async throws -> (stream: any Channel, answer: EventLoopFuture<HTTP2Answer>) {
        let answer = self.channel.eventLoop.makePromise(of: HTTP2Answer.self)
        let created = self.channel.eventLoop.makePromise(of: (any Channel).self)
        self.multiplexer.createStreamChannel(promise: created) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(StreamCollector(promise: answer))
            }
        }
        created.futureResult.cascadeFailure(to: answer)
        let stream = try await created.futureResult.get()
        stream.writeAndFlush(
            HTTP2Frame.FramePayload.headers(.init(headers: block, endStream: endsStream)), promise: nil)
        return (stream, answer.futureResult)
    }

    func close() async {
        try? await self.channel.close().get()
    }
}
