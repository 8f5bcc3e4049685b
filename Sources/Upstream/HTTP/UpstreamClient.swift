internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// An HTTP/1.1 client for one endpoint, over TCP, TLS or a Unix socket, with keep-alive connections.
///
/// A request made on an event loop runs on that loop: the answer reaches the caller without passing through another
/// thread. Each loop has connections of its own. The caller must bound the number of concurrent requests.
package final class UpstreamClient: Sendable {
    package let endpoint: UpstreamEndpoint
    /// The endpoint as text, for logs.
    package let name: String
    package let options: UpstreamOptions
    private let authority: String
    private let tls: UpstreamTLS?
    private let shelf: ConnectionShelf
    /// The endpoint's address; nil for a host name, or if it is no valid address.
    private let address: SocketAddress?
    private let isLocal: Bool
    private let preparesConnections: Bool

    /// - Parameters:
    ///   - endpoint: the server.
    ///   - options: how connections are kept.
    ///   - tls: nil trusts the system's authorities if the endpoint uses TLS.
    /// - Throws: when these cannot be read.
    package init(
        _ endpoint: UpstreamEndpoint, options: UpstreamOptions = UpstreamOptions(), tls: UpstreamTLS? = nil
    ) throws(UpstreamError) {
        self.endpoint = endpoint
        self.name = endpoint.description
        self.authority = endpoint.authority
        self.options = options
        if endpoint.isTLS, tls == nil {
            self.tls = try UpstreamTLS()
        } else {
            self.tls = endpoint.isTLS ? tls : nil
        }
        self.shelf = ConnectionShelf(countMax: options.restingConnectionsMax)
        // NIO's bootstrap resolves whatever it takes for a host name on another thread, even a numeric address. Only
        // for a name, which has no address yet, is this nil.
        self.address =
            switch endpoint.address {
            case .unix(let path): try? SocketAddress(unixDomainSocketPath: path)
            case .tcp(let host, let port): try? SocketAddress(ipAddress: host, port: port)
            }
        self.isLocal = self.address.map(LocalSocket.isLocal) ?? false
        self.preparesConnections = options.preparedConnectionsMax > 0 && self.tls == nil
    }

    deinit { self.shelf.close() }

    /// Closes the idle connections; those in use are closed after their requests. Later requests open a connection
    /// each.
    package func close() { self.shelf.close() }

    /// The number of idle connections on all loops.
    package var restingConnectionCount: Int { self.shelf.count }

    /// Sends a request, and returns when the head of its answer has arrived.
    ///
    /// A body of nil sends none.
    package func send(
        _ request: UpstreamRequest, body: [UInt8]? = nil
    ) async throws(UpstreamError) -> UpstreamResponse {
        if let fault = request.fault { throw UpstreamError(.badRequest(fault)) }
        while true {
            let (exchange, loop, isKept) = self.begin(request, body)
            do throws(UpstreamError) {
                let head = try await exchange.head()
                if self.preparesConnections { self.prepareConnection(on: loop) }
                return UpstreamResponse(head: head, exchange: exchange)
            } catch {
                // The server may close an idle connection at the moment at which it is used. The loop ends, because no
                // idle connection is used twice.
                guard isKept, error.reason == .cutOff, !error.wasSent || request.isIdempotent else { throw error }
            }
        }
    }

    /// Opens a connection for a later request.
    @inline(never)
    private func prepareConnection(on loop: any EventLoop) {
        // In a later turn of the loop: first the caller gets what came with the head.
        loop.execute {
            guard self.shelf.beginPreparing(countMax: self.options.preparedConnectionsMax) else { return }
            self.connect(on: loop, timeout: self.options.timeouts.connect).whenComplete { result in
                // If it failed, so does the next request, which says why.
                if case .success(let connection) = result { connection.shelve() }
                self.shelf.endPreparing()
            }
        }
    }

    /// Sends a request; returns whether it uses an existing connection.
    @inline(never)
    private func begin(
        _ request: UpstreamRequest, _ body: [UInt8]?
    ) -> (exchange: UpstreamExchange, loop: any EventLoop, isKept: Bool) {
        let loop = Self.loop()
        let exchange = self.exchange(request)
        let kept = self.shelf.take(on: loop)
        self.submit(.whole(exchange, request, body), to: kept, on: loop)
        return (exchange, loop, kept != nil)
    }

    /// Sends a request and collects its answer.
    package func ask(
        _ request: UpstreamRequest, body: [UInt8]? = nil, bytesMax: Int
    ) async throws(UpstreamError) -> (head: UpstreamHead, body: [UInt8]) {
        let response = try await self.send(request, body: body)
        return (response.head, try await response.gather(bytesMax: bytesMax))
    }

    /// Sends a request with a streamed body while its answer is read: full duplex.
    ///
    /// The body is read no faster than the server accepts it. If the answer is complete before the body, the rest is
    /// not sent. If the headers have a `Content-Length`, the body must have exactly that many bytes; else it is sent in
    /// chunks. Nothing is sent twice; if the error says that nothing was sent, the body was not read.
    /// - Parameters:
    ///   - request: its head.
    ///   - body: the pieces; if it throws, the exchange fails with that error, and the connection is closed.
    ///   - use: gets the answer once its head has arrived. If it returns early, the connection is closed.
    /// - Returns: the result of `use`.
    /// - Throws: `UpstreamError`, or the error of `use`.
    package func stream<Body: AsyncSequence & Sendable, Value: Sendable>(
        _ request: UpstreamRequest, body: Body, _ use: (UpstreamResponse) async throws -> Value
    ) async throws -> Value where Body.Element == [UInt8] {
        if let fault = request.fault { throw UpstreamError(.badRequest(fault)) }
        let loop = Self.loop()
        let exchange = self.exchange(request)
        // Always a new connection: if an idle one turned out to be closed, the body could not be read again.
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
            // The exchange is over; its reader gets the error.
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

    /// Passes a command to a connection, or to a new one if `kept` is nil. The outcome is reported through the
    /// exchange.
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
        let (endpoint, authority, tls) = (self.endpoint, self.authority, self.tls)
        let (options, shelf) = (self.options, self.shelf)
        // One for each address that was tried. TLS may have failed before it is known which address was connected: then
        // its handler knows the reason.
        let tried = NIOLoopBoundBox.makeBoxSendingValue([ObjectIdentifier: ConnectionHandle](), eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(try tls.handler(for: endpoint)) }
                    let connection = UpstreamConnection(
                        endpoint, authority: authority, shelf: shelf, options: options)
                    try pipeline.addHandler(connection)
                    tried.value[ObjectIdentifier(channel)] = ConnectionHandle(connection, channel)
                }
            }
        // NIO's bootstrap sets TCP_NODELAY.
        let connected: EventLoopFuture<any Channel>
        if let address {
            if self.isLocal, let socket = LocalSocket.connected(to: address) {
                connected = bootstrap.withConnectedSocket(socket)
            } else {
                connected = bootstrap.connect(to: address)
            }
        } else {
            switch endpoint.address {
            case .unix(let path): connected = bootstrap.connect(unixDomainSocketPath: path)
            case .tcp(let host, let port): connected = bootstrap.connect(host: host, port: port)
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
