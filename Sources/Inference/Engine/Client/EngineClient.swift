internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Asks an engine over HTTP/1.1, each request over a connection of its own: on this machine it costs some tens of
/// microseconds, no request is ever sent into a connection that the engine is closing, and to close it is to cancel.
///
/// A request runs on the event loop that it is made on, so that what the engine says reaches the client without passing
/// through another thread.
package struct EngineClient: Sendable {
    /// Longest wait for a connection.
    static let connectSecondsMax: Int64 = 5
    /// Longest wait for the next byte: a long prompt on a processor takes minutes before its first token.
    package static let silenceSecondsMax = 900
    /// An engine that closes a connection so soon, without a word, was ending when the connection came.
    static let endingBound = Duration.milliseconds(250)
    /// Largest answer that is gathered whole: a prompt of a million tokens, tokenised.
    static let answerBytesMax = 64 << 20
    /// Largest answer that says why there is none.
    static let refusalBytesMax = 1 << 20

    package let endpoint: EngineEndpoint
    private let silenceSeconds: Int
    private let tls: NIOSSLContext?

    /// - Throws: where the system's certificates cannot be read and the endpoint asks for TLS.
    package init(
        _ endpoint: EngineEndpoint, silenceSeconds: Int = EngineClient.silenceSecondsMax
    ) throws(EngineClientError) {
        self.endpoint = endpoint
        self.silenceSeconds = silenceSeconds
        guard case .tcp(_, _, isTLS: true) = endpoint.address else {
            self.tls = nil
            return
        }
        do {
            self.tls = try NIOSSLContext(configuration: .makeClientConfiguration())
        } catch {
            throw .unreachable("TLS is not to be had: \(error)")
        }
    }

    /// Sends a request and returns when the answer's head is there.
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - path: behind the endpoint's base path.
    ///   - body: JSON; nil sends none.
    /// - Returns: the status; the body follows.
    /// - Throws: where nobody listens, or the connection ends or rests before there is a status.
    package func send(
        _ method: String, _ path: String, body: [UInt8]? = nil
    ) async throws(EngineClientError) -> EngineAnswer {
        let exchange = EngineExchange(silenceSeconds: self.silenceSeconds)
        let channel: any Channel
        do {
            channel = try await self.connect(exchange).get()
        } catch {
            throw .unreachable(Self.sentence(error))
        }
        exchange.begin(on: channel)
        // The answer is read whatever becomes of the writing: an engine may refuse before it has read everything.
        channel.writeAndFlush(EngineRequest(head: self.head(method, path, body), body: body), promise: nil)
        let begun = ContinuousClock.now
        do throws(EngineClientError) {
            return EngineAnswer(status: try await exchange.head(), exchange: exchange)
        } catch {
            // A process that was killed a moment ago may still take connections while it is taken apart.
            guard error == .cutOff, begun.duration(to: .now) < Self.endingBound else { throw error }
            throw .unreachable("the connection was closed at once")
        }
    }

    /// Sends a request and gathers its answer.
    package func ask(
        _ method: String, _ path: String, body: [UInt8]? = nil
    ) async throws(EngineClientError) -> (status: Int, body: [UInt8]) {
        let answer = try await self.send(method, path, body: body)
        defer { answer.close() }
        return (answer.status, try await answer.gather(bytesMax: Self.answerBytesMax))
    }

    private func connect(_ exchange: EngineExchange) -> EventLoopFuture<any Channel> {
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
        let tls = self.tls
        let endpoint = self.endpoint
        let silence = TimeAmount.seconds(Int64(self.silenceSeconds))
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(Self.connectSecondsMax))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls, case .tcp(let host, _, _) = endpoint.address {
                        let name = host.utf8.contains { $0 != 0x2E && !(0x30...0x39).contains($0) } ? host : nil
                        let isAddress = name?.contains(":") ?? true
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : name))
                    }
                    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    try pipeline.addHandler(IdleStateHandler(readTimeout: silence))
                    try pipeline.addHandler(EngineExchangeHandler(exchange))
                }
            }
        switch self.endpoint.address {
        case .unix(let path): return bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port, _): return bootstrap.connect(host: host, port: port)
        }
    }

    private func head(_ method: String, _ path: String, _ body: [UInt8]?) -> HTTPRequestHead {
        var headers = HTTPHeaders([("Host", self.endpoint.host), ("Connection", "close"), ("Accept", "*/*")])
        if let key = self.endpoint.apiKey { headers.add(name: "Authorization", value: "Bearer \(key)") }
        if let body {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(body.count))
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method), uri: self.endpoint.basePath + path,
            headers: headers)
    }

    private static func sentence(_ error: any Error) -> String {
        (error as? IOError)?.description ?? "\(error)"
    }
}

/// The head of an answer; its body follows.
package struct EngineAnswer: Sendable {
    package let status: Int
    let exchange: EngineExchange

    /// The next bytes, as many as have come; nil at the end.
    package func next() async throws(EngineClientError) -> [UInt8]? {
        try await self.exchange.next()
    }

    /// The rest of the body.
    package func gather(bytesMax: Int) async throws(EngineClientError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await self.next() {
            bytes += piece
            guard bytes.count <= bytesMax else {
                self.close()
                throw .malformed("the answer is longer than \(bytesMax) bytes")
            }
        }
        return bytes
    }

    /// Ends the connection, whether the answer is over or not. To be called once nobody reads any more: that is what
    /// tells an engine to stop.
    package func close() { self.exchange.close() }
}
