internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Asks one other server over HTTP/1.1: over TCP, TLS or a Unix socket, on connections that are kept between requests.
///
/// A request runs on the event loop that it is made on, where it is made on one: what the other side says reaches the
/// caller without passing through another thread. Each loop has connections of its own. How many requests run at a
/// time the caller bounds.
package final class UpstreamClient: Sendable {
    package let endpoint: UpstreamEndpoint
    /// The endpoint's notation, for logs.
    package let name: String
    package let options: UpstreamOptions
    private let tls: UpstreamTLS?
    private let shelf: ConnectionShelf

    /// - Parameters:
    ///   - endpoint: whom to ask.
    ///   - options: how connections are kept.
    ///   - tls: nil takes the system's authorities where the endpoint asks for TLS.
    /// - Throws: where they cannot be read.
    package init(
        _ endpoint: UpstreamEndpoint, options: UpstreamOptions = UpstreamOptions(), tls: UpstreamTLS? = nil
    ) throws(UpstreamError) {
        self.endpoint = endpoint
        self.name = endpoint.description
        self.options = options
        if endpoint.isTLS, tls == nil {
            self.tls = try UpstreamTLS()
        } else {
            self.tls = endpoint.isTLS ? tls : nil
        }
        self.shelf = ConnectionShelf(countMax: options.restingConnectionsMax)
    }

    deinit { self.shelf.close() }

    /// Closes the connections that rest; those in use end with their requests. Later requests have each their own.
    package func close() { self.shelf.close() }

    /// Connections that rest now, on all loops.
    package var restingConnectionCount: Int { self.shelf.count }

    /// Sends a request and returns when the head of its answer is there.
    ///
    /// A body of nil sends none.
    package func send(
        _ request: UpstreamRequest, body: [UInt8]? = nil
    ) async throws(UpstreamError) -> UpstreamResponse {
        if let fault = request.fault { throw UpstreamError(.badRequest(fault)) }
        while true {
            let (exchange, isKept) = self.begin(request, body)
            do throws(UpstreamError) {
                return UpstreamResponse(head: try await exchange.head(), exchange: exchange)
            } catch {
                // A connection that rested may be closed by the other side at the moment at which it is used. There
                // are only so many of them, and none is used twice.
                guard isKept, error.reason == .cutOff, !error.wasSent || request.isIdempotent else { throw error }
            }
        }
    }

    /// Sends a request off; whether over a connection that was there.
    @inline(never)
    private func begin(_ request: UpstreamRequest, _ body: [UInt8]?) -> (exchange: UpstreamExchange, isKept: Bool) {
        let loop = Self.loop()
        let exchange = self.exchange(request)
        let kept = self.shelf.take(on: loop)
        self.submit(.whole(exchange, request, body), to: kept, on: loop)
        return (exchange, kept != nil)
    }

    /// Sends a request and gathers its answer.
    package func ask(
        _ request: UpstreamRequest, body: [UInt8]? = nil, bytesMax: Int
    ) async throws(UpstreamError) -> (head: UpstreamHead, body: [UInt8]) {
        let response = try await self.send(request, body: body)
        return (response.head, try await response.gather(bytesMax: bytesMax))
    }

    /// Sends a request whose body comes piece by piece, while its answer is read: both ways at the same time.
    ///
    /// Of the body no more is taken than the other side accepts. Where the answer is over before the body is, the rest
    /// of it is not sent. With a `Content-Length` among the headers the body must have so many bytes; else it goes in
    /// chunks. Nothing is sent again; where the error says that nothing was sent, the body has not been begun.
    /// - Parameters:
    ///   - request: its head.
    ///   - body: pieces; where it throws, so does the exchange, and the connection is closed.
    ///   - use: gets the answer when its head is there. The connection is closed where it returns before the end.
    /// - Returns: what `use` made of the answer.
    /// - Throws: `UpstreamError`, or what `use` threw.
    package func stream<Body: AsyncSequence & Sendable, Value: Sendable>(
        _ request: UpstreamRequest, body: Body, _ use: (UpstreamResponse) async throws -> Value
    ) async throws -> Value where Body.Element == [UInt8] {
        if let fault = request.fault { throw UpstreamError(.badRequest(fault)) }
        let loop = Self.loop()
        let exchange = self.exchange(request)
        // A connection of its own: a body cannot be had twice, if a kept one fails at its end.
        self.submit(.head(exchange, request), to: nil, on: loop)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await Self.write(body, to: exchange) }
            defer {
                exchange.close()
                group.cancelAll()
            }
            let head = try await exchange.head()
            return try await use(UpstreamResponse(head: head, exchange: exchange))
        }
    }

    private static func write<Body: AsyncSequence & Sendable>(
        _ body: Body, to exchange: UpstreamExchange
    ) async where Body.Element == [UInt8] {
        guard await exchange.isBegun() else { return }
        do {
            for try await piece in body {
                guard try await exchange.write(.bytes(piece)) else { return }
            }
            _ = try await exchange.write(.end)
        } catch is UpstreamError {
            // The exchange is over, which its reader is told.
        } catch {
            exchange.finish(.failure(.badRequest("its body broke off: \(error)")))
        }
    }

    private static func loop() -> any EventLoop {
        MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
    }

    private func exchange(_ request: UpstreamRequest) -> UpstreamExchange {
        UpstreamExchange(
            timeouts: request.timeouts ?? self.options.timeouts, waitingBytesMax: self.options.waitingBytesMax)
    }

    /// Gives a command to a connection, to a new one where there is none. What becomes of it the exchange tells.
    private func submit(_ command: UpstreamCommand, to kept: ConnectionHandle?, on loop: any EventLoop) {
        if let kept { return Self.submit(command, to: kept) }
        self.connect(on: loop, timeout: command.exchange.timeouts.connect).whenComplete { result in
            switch result {
            case .success(let connection): Self.submit(command, to: connection)
            case .failure(let error): command.exchange.finish(.failure(UpstreamWire.reason(ofConnecting: error)))
            }
        }
    }

    private static func submit(_ command: UpstreamCommand, to connection: ConnectionHandle) {
        guard command.exchange.begin(on: connection) else { return }
        connection.submit(command)
    }

    private func connect(on loop: any EventLoop, timeout: Duration) -> EventLoopFuture<ConnectionHandle> {
        let (endpoint, tls, options, shelf) = (self.endpoint, self.tls, self.options, self.shelf)
        // One for each address that was tried. TLS may have failed by the time it is known which one was connected:
        // then it is the handler that knows why.
        let tried = NIOLoopBoundBox.makeBoxSendingValue([ObjectIdentifier: ConnectionHandle](), eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(try tls.handler(for: endpoint)) }
                    let connection = UpstreamConnection(endpoint, shelf: shelf, options: options)
                    try pipeline.addHandler(connection)
                    tried.value[ObjectIdentifier(channel)] = ConnectionHandle(connection, channel)
                }
            }
        let connected: EventLoopFuture<any Channel>
        switch endpoint.address {
        case .unix(let path): connected = bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            // NIO's bootstrap sets TCP_NODELAY, and has another thread look up whatever it calls a host, an
            // address in numbers too.
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                connected = bootstrap.connect(to: address)
            } else {
                connected = bootstrap.connect(host: host, port: port)
            }
        }
        return connected.flatMapThrowing { channel in
            guard let handle = tried.value[ObjectIdentifier(channel)] else {
                throw ChannelError.inappropriateOperationForState
            }
            return handle
        }
    }
}
