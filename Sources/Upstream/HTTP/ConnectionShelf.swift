internal import NIOCore
internal import Synchronization

/// Connections that rest between two requests, by the event loop they are on: the last that came is the first to go, so
/// that those that are too many grow old.
final class ConnectionShelf: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: [ConnectionHandle]] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    /// For each event loop.
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

    /// - Returns: whether it found a place; else it is to be closed.
    func put(_ connection: ConnectionHandle) -> Bool {
        let loop = ObjectIdentifier(connection.loop)
        return self.state.withLock { state in
            guard !state.isClosed, state.connections[loop]?.count ?? 0 < self.countMax else { return false }
            state.connections[loop, default: []].append(connection)
            return true
        }
    }

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

    /// Closes those that rest, and lets no other rest.
    func close() {
        let connections = self.state.withLock { state in
            state.isClosed = true
            defer { state.connections = [:] }
            return state.connections.values.flatMap { $0 }
        }
        for connection in connections { connection.close() }
    }

    var count: Int { self.state.withLock { $0.connections.values.reduce(0) { $0 + $1.count } } }
}
