internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Why a request failed or its response is incomplete.
package enum FetchError: Error, Sendable, Equatable {
    /// The connection failed: a wrong name, a closed port, no network.
    case noConnection(String)
    /// The host could not be authenticated.
    case untrusted(String)
    /// The connection ended, or the host violated HTTP, before the response was complete.
    case cut(String)
    /// No byte arrived within this time.
    case silent(seconds: Int)
}

/// The head of a response.
package struct FetchHead: Sendable {
    package let status: Int
    let headers: HTTPHeaders
    /// The URL that was answered, after all redirects.
    let url: FetchURL

    /// The first value of a header.
    package func first(_ name: String) -> String? { self.headers.first(name: name) }
}

/// The body of a response, piece by piece; it is only read from the network on demand.
struct FetchBody {
    fileprivate var parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator

    /// - Returns: nil at the end of a body that is complete according to the response's head.
    mutating func next() async throws -> ByteBuffer? {
        while let part = try await self.parts.next(isolation: #isolation) {
            switch part {
            case .head: continue
            case .body(let bytes): return bytes
            case .end: return nil
            }
        }
        throw FetchError.cut("the connection was closed during the answer")
    }

    /// Reads a small body completely.
    mutating func collect(bytesMax: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await self.next() {
            all.append(contentsOf: piece.readableBytesView)
            guard all.count <= bytesMax else { throw FetchError.cut("the answer is larger than \(bytesMax) bytes") }
        }
        return all
    }
}

/// Sends requests over HTTP/1.1, each on its own connection, with TLS for https.
///
/// There is no connection pool: downloads are large, and usually from different hosts.
package final class HTTPFetch: Sendable {
    /// Settings for tests and slow networks.
    package struct Options: Sendable, Equatable {
        package var connectSeconds = 20
        /// The timeout for the next byte of a response.
        package var silenceSeconds = 30
        /// A PEM file with additional trusted authorities, as in OpenSSL's `SSL_CERT_FILE`.
        package var authoritiesPath: String?
        /// Visible to the hub's operators.
        package var userAgent = "brume"
        package var proxies = ProxySettings()

        package init() {}
    }

    private let options: Options
    private let tls: Mutex<NIOSSLContext?> = Mutex(nil)

    package init(options: Options = Options()) {
        self.options = options
    }

    /// Sends a GET and passes head and body of the response to `use`.
    /// - Throws: `FetchError`, or an error of `use`.
    func get<Value: Sendable>(
        _ url: FetchURL, _ headers: [(String, String)], _ use: (FetchHead, inout FetchBody) async throws -> Value
    ) async throws -> Value {
        try await self.send(.GET, url, headers, nil, use)
    }

    /// Sends a POST with a small body and reads a small response.
    package func post(
        _ url: FetchURL, _ headers: [(String, String)], body: [UInt8]
    ) async throws -> (status: Int, body: [UInt8]) {
        try await self.send(.POST, url, headers, body) { head, answer in
            (head.status, try await answer.collect(bytesMax: Self.answerBytesMax))
        }
    }

    /// The size limit of a response to `post`.
    private static let answerBytesMax = 1 << 20

    private func send<Value: Sendable>(
        _ method: HTTPMethod, _ url: FetchURL, _ headers: [(String, String)], _ body: [UInt8]?,
        _ use: (FetchHead, inout FetchBody) async throws -> Value
    ) async throws -> Value {
        let proxy = self.options.proxies.proxy(for: url)
        let channel = try await self.connect(url, proxy)
        // A proxy gets the absolute URL, except for a tunnel.
        let target = proxy == nil || url.isTLS ? url.target : url.description
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: target)
        if let credentials = proxy?.credentials, !url.isTLS {
            head.headers.add(name: "Proxy-Authorization", value: "Basic \(credentials)")
        }
        head.headers.add(name: "Host", value: url.authority)
        head.headers.add(name: "User-Agent", value: self.options.userAgent)
        head.headers.add(name: "Accept-Encoding", value: "identity")
        head.headers.add(name: "Connection", value: "close")
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        if let body { head.headers.add(name: "Content-Length", value: String(body.count)) }
        do {
            let request = head
            return try await channel.executeThenClose { inbound, outbound in
                // In one write: a host may answer the head and close before a second write.
                var parts: [HTTPClientRequestPart] = [.head(request)]
                if let body { parts.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
                parts.append(.end(nil))
                var unsent: (any Error)?
                do {
                    try await outbound.write(contentsOf: parts)
                } catch {
                    // The reason is only known after reading: for example, a proxy may have refused.
                    unsent = error
                }
                var pieces = FetchBody(parts: inbound.makeAsyncIterator())
                while let part = try await pieces.parts.next(isolation: #isolation) {
                    guard case .head(let answer) = part else { continue }
                    // 1xx precedes the final response.
                    if answer.status.code < 200 { continue }
                    return try await use(
                        FetchHead(status: Int(answer.status.code), headers: answer.headers, url: url), &pieces)
                }
                throw unsent ?? FetchError.cut("the connection was closed before an answer")
            }
        } catch {
            throw Self.translated(error)
        }
    }

    private func connect(
        _ url: FetchURL, _ proxy: ProxySettings.Proxy?
    ) async throws(FetchError) -> NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart> {
        let context = url.isTLS ? try self.context() : nil
        let silence = self.options.silenceSeconds
        let next = proxy?.url ?? url
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(Int64(self.options.connectSeconds)))
                .connect(host: next.host, port: next.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let proxy, url.isTLS {
                            try pipeline.addHandler(ProxyTunnel(proxy, to: url, seconds: silence))
                        }
                        if let context {
                            // A numeric address must not be used for SNI.
                            let isName = (try? SocketAddress(ipAddress: url.host, port: 0)) == nil
                            try pipeline.addHandler(
                                NIOSSLClientHandler(context: context, serverHostname: isName ? url.host : nil))
                        }
                        try pipeline.addHandler(IdleStateHandler(readTimeout: .seconds(Int64(silence))))
                        try pipeline.addHandler(SilenceHandler(seconds: silence))
                        try pipeline.addHTTPClientHandlers()
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            switch Self.translated(error) {
            case let error as FetchError: throw error
            default: throw .noConnection("\(error)")
            }
        }
    }

    /// Created once: reading the system's authorities takes some milliseconds.
    private func context() throws(FetchError) -> NIOSSLContext {
        do {
            return try self.tls.withLock { made in
                if let made { return made }
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.applicationProtocols = ["http/1.1"]
                if let path = self.options.authoritiesPath {
                    configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(path))]
                }
                let context = try NIOSSLContext(configuration: configuration)
                made = context
                return context
            }
        } catch {
            throw .untrusted("the certificates of trusted authorities cannot be read: \(error)")
        }
    }

    /// Converts the network library's errors.
    static func translated(_ error: any Error) -> any Error {
        switch error {
        case is FetchError, is RegistryError, is CancellationError: error
        case let error as NIOSSLError: FetchError.untrusted("\(error)")
        case let error as NIOSSLExtraError: FetchError.untrusted("\(error)")
        case is NIOConnectionError: FetchError.noConnection("no address of the host answers")
        case let error as ChannelError:
            if case .connectTimeout = error {
                FetchError.noConnection("the host does not answer")
            } else {
                FetchError.cut("the connection was closed")
            }
        case let error as IOError: FetchError.cut(error.description)
        case let error as HTTPParserError: FetchError.cut("the answer was interrupted or is not HTTP (\(error))")
        default: error
        }
    }
}

/// Closes a connection on which nothing is received.
private final class SilenceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let seconds: Int

    init(seconds: Int) {
        self.seconds = seconds
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        context.fireErrorCaught(FetchError.silent(seconds: self.seconds))
        context.close(promise: nil)
    }
}
