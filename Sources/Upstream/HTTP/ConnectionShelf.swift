internal import NIOCore
internal import Synchronization

/// Idle connections, by event loop. Last in, first out, so that surplus connections are the ones that age.
final class ConnectionShelf: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: [ConnectionHandle]] = [:]
        /// Connections that are being opened ahead.
        var preparingCount = 0
        var isClosed = false

        var count: Int { self.connections.values.reduce(0) { $0 + $1.count } }
    }

    private let state = Mutex(State())
    /// The maximum for each event loop.
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    func take(on loop: any EventLoop) -> ConnectionHandle? {
        self.state.withLock { state in
            while let connection = state.connections[ObjectIdentifier(loop)]?.popLast() {
                if connection.isActive { return connection }
            }
            return nil
        }
    }

    /// - Returns: whether it was stored; if not, the caller must close it.
    func put(_ connection: ConnectionHandle) -> Bool {
        let loop = ObjectIdentifier(connection.loop)
        return self.state.withLock { state in
            guard !state.isClosed, state.connections[loop]?.count ?? 0 < self.countMax else { return false }
            state.connections[loop, default: []].append(connection)
            return true
        }
    }

    /// Asked before a connection is opened ahead: several loops do so at the same time.
    /// - Returns: whether there are fewer than `countMax` on all loops, those that are being opened included; then
    ///   `endPreparing` follows.
    func beginPreparing(countMax: Int) -> Bool {
        self.state.withLock { state in
            guard !state.isClosed, state.count + state.preparingCount < countMax else { return false }
            state.preparingCount += 1
            return true
        }
    }

    /// A connection that was opened ahead was stored, or has failed.
    func endPreparing() { self.state.withLock { $0.preparingCount -= 1 } }

    /// - Returns: whether it was there.
    @discardableResult
    func remove(_ connection: ConnectionHandle) -> Bool {
        let loop = ObjectIdentifier(connection.loop)
        return self.state.withLock { state in
            guard let index = state.connections[loop]?.firstIndex(where: { $0.id == connection.id }) else {
                return false
            }
            state.connections[loop]?.remove(at: index)
            return true
        }
    }

    /// Closes the idle connections, and stores none from now on.
    func close() {
        let connections = self.state.withLock { state in
            state.isClosed = true
            defer { state.connections = [:] }
            return state.connections.values.flatMap { $0 }
        }
        for connection in connections { connection.close() }
    }

    var count: Int { self.state.withLock { $0.count } }
}
