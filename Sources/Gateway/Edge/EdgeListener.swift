internal import NIOCore
internal import NIOPosix
internal import Primitives
internal import Synchronization

/// A listening socket, and everything between it and the responder.
///
/// One port accepts HTTP/1.1, HTTP/2 with prior knowledge, and both over TLS. A connection stays on the event loop that
/// accepted it.
package final class EdgeListener: Sendable {
    /// How a drain ended.
    package struct DrainReport: Sendable, Equatable {
        /// Requests that were being read or answered when it began.
        package let requestsInFlight: Int
        /// Connections that were still open at the deadline, and were cut.
        package let connectionsCut: Int

        package init(requestsInFlight: Int, connectionsCut: Int) {
            self.requestsInFlight = requestsInFlight
            self.connectionsCut = connectionsCut
        }
    }

    /// The port in use; differs from the configured one if that was 0.
    package let port: Int
    /// One for each event loop, in order.
    package let loopContexts: [LoopContext]
    /// The memory for large request bodies.
    package let bodies: BodyBudget
    /// The memory for large answers.
    package let answers: BodyBudget

    private let group: MultiThreadedEventLoopGroup
    private let loops: [NIOLoopBound<EdgeLoop>]
    private let eventLoops: [any EventLoop]
    private let counters: [LoopCounters]
    private let listeners: [any Channel]

    private init(
        port: Int, group: MultiThreadedEventLoopGroup, eventLoops: [any EventLoop], loops: [NIOLoopBound<EdgeLoop>],
        loopContexts: [LoopContext], bodies: BodyBudget, answers: BodyBudget, counters: [LoopCounters],
        listeners: [any Channel]
    ) {
        self.port = port
        self.group = group
        self.eventLoops = eventLoops
        self.loops = loops
        self.loopContexts = loopContexts
        self.bodies = bodies
        self.answers = answers
        self.counters = counters
        self.listeners = listeners
    }

    /// Binds, and starts to accept.
    package static func start(
        _ configuration: EdgeConfiguration, responder: any EdgeResponder
    ) async throws(EdgeListenerError) -> EdgeListener {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loopCount)
        let counters = (0..<configuration.loopCount).map { _ in LoopCounters() }
        var eventLoops: [any EventLoop] = []
        var loops: [NIOLoopBound<EdgeLoop>] = []
        var contexts: [LoopContext] = []
        for (index, eventLoop) in group.makeIterator().enumerated() {
            eventLoops.append(eventLoop)
            let (loop, context) = await Self.makeLoop(
                eventLoop, index: index, configuration: configuration, responder: responder,
                counters: counters[index])
            loops.append(loop)
            contexts.append(context)
        }
        let bootstrap = Self.bootstrap(
            group: group, eventLoops: eventLoops, loops: loops, counters: counters, configuration: configuration)
        var listeners: [any Channel] = []
        var port = configuration.port
        // `::` also accepts IPv4 connections, unless an IPv4 address is listed separately.
        let sixes = configuration.hosts.filter { NumericAddress.bytes($0)?.count == 16 }
        let others = configuration.hosts.filter { !sixes.contains($0) }
        for host in others + sixes {
            if host == sixes.first, !others.isEmpty { Self.restrictToIPv6(bootstrap) }
            do throws(EdgeListenerError) {
                let listener = try await Self.bind(bootstrap, host: host, port: port, beside: listeners)
                listeners.append(listener)
                port = listener.localAddress?.port ?? port
            } catch {
                for listener in listeners { listener.close(promise: nil) }
                // The loops have no work yet; the error of listening is the one to report.
                group.shutdownGracefully { _ in }
                throw error
            }
        }
        return EdgeListener(
            port: port, group: group, eventLoops: eventLoops, loops: loops, loopContexts: contexts,
            bodies: configuration.bodies, answers: configuration.answers, counters: counters, listeners: listeners)
    }

    private static func makeLoop(
        _ eventLoop: any EventLoop, index: Int, configuration: EdgeConfiguration, responder: any EdgeResponder,
        counters: LoopCounters
    ) async -> (NIOLoopBound<EdgeLoop>, LoopContext) {
        let limits = configuration.limits
        let (bodies, answers) = (configuration.bodies, configuration.answers)
        let clock = configuration.clock
        return await withCheckedContinuation { continuation in
            eventLoop.execute {
                let loop = EdgeLoop(
                    eventLoop: eventLoop, index: index, limits: limits, bodies: bodies, answers: answers,
                    responder: responder, counters: counters, clock: clock)
                continuation.resume(returning: (NIOLoopBound(loop, eventLoop: eventLoop), loop.context))
            }
        }
    }

    private static func bootstrap(
        group: MultiThreadedEventLoopGroup, eventLoops: [any EventLoop], loops: [NIOLoopBound<EdgeLoop>],
        counters: [LoopCounters], configuration: EdgeConfiguration
    ) -> ServerBootstrap {
        let limits = configuration.limits
        let count = ConnectionCount(countMax: limits.connectionCountMax)
        let ids = ConnectionIDs()
        let settings = ConnectionOpening.Settings(
            certificates: configuration.certificates, allowsPlaintext: configuration.allowsPlaintext)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(clamping: limits.backlogMax))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let index = eventLoops.firstIndex(where: { $0 === channel.eventLoop }) else {
                        preconditionFailure("a connection lives on one of the listener's own loops")
                    }
                    // First, so that a connection that fails here is not counted for ever.
                    try Self.configure(channel, limits)
                    guard let membership = ConnectionMembership(count: count, counters: counters[index]) else {
                        throw ListenerFull()
                    }
                    let connection = OpeningConnection(
                        loop: loops[index].value, membership: membership, id: ids.next())
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionOpening(connection: connection, settings: settings))
                }
            }
    }

    /// The options of an accepted connection. The bootstrap would set each through a future, which costs more than all
    /// the rest of accepting. TCP_NODELAY is inherited from the listener, where NIO sets it.
    private static func configure(_ channel: any Channel, _ limits: EdgeLimits) throws {
        guard let options = channel.syncOptions else {
            preconditionFailure("NIO's sockets take options at once: without them a connection has no bounds")
        }
        try options.setOption(.autoRead, value: false)
        try options.setOption(.allowRemoteHalfClosure, value: true)
        try options.setOption(
            .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: limits.receiveBufferBytes))
        try options.setOption(.maxMessagesPerRead, value: UInt(limits.readsPerTurnMax))
        try options.setOption(
            .writeBufferWaterMark,
            value: .init(low: limits.responseBufferBytesMax / 2, high: limits.responseBufferBytesMax))
    }

    /// Thrown to make the bootstrap close the connection that it has just accepted.
    private struct ListenerFull: Error {}

    /// Applies to everything bound from here on.
    private static func restrictToIPv6(_ bootstrap: ServerBootstrap) {
        let option = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
        _ = bootstrap.serverChannelOption(option, value: 1)
    }

    /// Binds one more address beside this server's own `listeners`.
    private static func bind(
        _ bootstrap: ServerBootstrap, host: String, port: Int, beside listeners: [any Channel]
    ) async throws(EdgeListenerError) -> any Channel {
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch let error as IOError {
            switch error.errnoCode {
            case SystemErrorCode.addressInUse:
                if let other = Self.holder(of: host, port: port, among: listeners) {
                    throw .listedTwice(host: host, other: other)
                }
                throw .addressInUse(host: host, port: port)
            case SystemErrorCode.accessDenied, SystemErrorCode.notPermitted:
                throw .permissionDenied(host: host, port: port)
            case SystemErrorCode.addressNotAvailable: throw .addressNotAvailable(host: host, port: port)
            default: throw .failed(host: host, port: port, reason: "\(error)")
            }
        } catch is SocketAddressError.UnknownHost {
            throw .unknownHost(host)
        } catch {
            throw .failed(host: host, port: port, reason: "\(error)")
        }
    }

    /// Which of this server's own listeners already has the address; nil if none has.
    private static func holder(of host: String, port: Int, among listeners: [any Channel]) -> String? {
        // It was resolved a moment ago; should that fail now, the holder is only not named.
        guard let wanted = try? SocketAddress.makeAddressResolvingHost(host, port: port) else { return nil }
        return listeners.lazy.compactMap(\.localAddress).first { taken in
            let addresses = [taken.ipAddress, wanted.ipAddress]
            return taken.protocol == wanted.protocol
                && (addresses[0] == addresses[1] || addresses.contains("0.0.0.0") || addresses.contains("::"))
        }?.ipAddress
    }

    /// The counters so far. Cheap; callable from any thread.
    package var metrics: EdgeMetrics {
        Self.metrics(of: [self])
    }

    /// The sum over several listeners.
    package static func metrics(of listeners: [EdgeListener]) -> EdgeMetrics {
        var metrics = EdgeMetrics()
        for counters in listeners.lazy.flatMap(\.counters) { counters.add(to: &metrics) }
        // Counted once where listeners share it.
        metrics.largeBodyBytes = Self.heldBytes(listeners.map(\.bodies))
        metrics.largeAnswerBytes = Self.heldBytes(listeners.map(\.answers))
        return metrics
    }

    private static func heldBytes(_ budgets: [BodyBudget]) -> Int {
        let distinct = Dictionary(budgets.map { (ObjectIdentifier($0), $0) }) { first, _ in first }
        return distinct.values.reduce(0) { $0 + $1.heldBytes }
    }

    /// Ends gracefully: accepts no new connections, closes idle ones, sends `Connection: close` and GOAWAY on the
    /// others, and cuts those that are not finished at the deadline. The event loops continue, so that tasks can end;
    /// see `shutDown`.
    package func drain(deadline: Duration) async -> DrainReport {
        let inFlight = self.metrics.requestsInFlight
        // Fails only for a listener that is closed already.
        for listener in self.listeners { try? await listener.close().get() }
        var isDrained: [EventLoopFuture<Void>] = []
        for (eventLoop, loop) in zip(self.eventLoops, self.loops) {
            isDrained.append(eventLoop.flatSubmit { loop.value.drain() })
        }
        let drained = EventLoopFuture.andAllComplete(isDrained, on: self.eventLoops[0])
        var cutCount = 0
        if await !Self.isComplete(drained, within: deadline) {
            for (eventLoop, loop) in zip(self.eventLoops, self.loops) {
                // Fails only for a loop that has ended, which has no connections.
                cutCount += (try? await eventLoop.submit { loop.value.closeNow() }.get()) ?? 0
            }
            // Over TLS a connection ends a moment later, and needs its event loop for that.
            _ = await Self.isComplete(drained, within: Self.cutTimeout)
        }
        return DrainReport(requestsInFlight: inFlight, connectionsCut: cutCount)
    }

    /// How long connections that were cut may take to be gone.
    private static let cutTimeout = Duration.seconds(2)

    private static func isComplete(_ future: EventLoopFuture<Void>, within deadline: Duration) async -> Bool {
        let finished = future.eventLoop.makePromise(of: Bool.self)
        future.whenComplete { _ in finished.succeed(true) }
        let timer = future.eventLoop.scheduleTask(in: .nanoseconds(deadline.wholeNanoseconds)) {
            finished.succeed(false)
        }
        defer { timer.cancel() }
        // The promise is never failed.
        return (try? await finished.futureResult.get()) ?? false
    }

    /// Ends the event loops. Last of all: a task that prefers one of them cannot run on after it.
    package func shutDown() async {
        // Fails only if the loops have been shut down already.
        try? await self.group.shutdownGracefully()
    }
}

/// Numbers connections over all loops.
private final class ConnectionIDs: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 {
        self.last.add(1, ordering: .relaxed).newValue
    }
}
