internal import NIOCore
internal import Synchronization

/// Connections that rest between two requests, by the event loop they are on: the last that came is the first to go, so
/// that those that are too many grow old.
final class ConnectionShelf: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: [any Channel]] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    /// For each event loop.
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    func take(on loop: any EventLoop) -> (any Channel)? {
        self.state.withLock { state in
            while let channel = state.channels[ObjectIdentifier(loop)]?.popLast() {
                if channel.isActive { return channel }
            }
            return nil
        }
    }

    /// - Returns: whether it found a place; else it is to be closed.
    func put(_ channel: any Channel, on loop: any EventLoop) -> Bool {
        self.state.withLock { state in
            guard !state.isClosed, state.channels[ObjectIdentifier(loop), default: []].count < self.countMax else {
                return false
            }
            state.channels[ObjectIdentifier(loop), default: []].append(channel)
            return true
        }
    }

    /// - Returns: whether it was there.
    @discardableResult
    func remove(_ channel: any Channel, from loop: any EventLoop) -> Bool {
        self.state.withLock { state in
            guard
                let index = state.channels[ObjectIdentifier(loop)]?.firstIndex(where: {
                    ObjectIdentifier($0) == ObjectIdentifier(channel)
                })
            else { return false }
            state.channels[ObjectIdentifier(loop)]?.remove(at: index)
            return true
        }
    }

    /// Closes those that rest, and lets no other rest.
    func close() {
        let channels = self.state.withLock { state in
            state.isClosed = true
            defer { state.channels = [:] }
            return state.channels.values.flatMap { $0 }
        }
        for channel in channels { channel.close(promise: nil) }
    }

    var count: Int { self.state.withLock { $0.channels.values.reduce(0) { $0 + $1.count } } }
}
