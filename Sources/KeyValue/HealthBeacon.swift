internal import Synchronization

/// Holds a store's health and publishes its changes; used by engines.
package final class HealthBeacon: Sendable {
    private struct State {
        var health: StoreHealth
        var watchers: [Int: AsyncStream<StoreHealth>.Continuation] = [:]
        var nextWatcher = 0
    }

    private let state: Mutex<State>

    package init(_ health: StoreHealth) {
        self.state = Mutex(State(health: health))
    }

    package var health: StoreHealth {
        self.state.withLock { $0.health }
    }

    /// Changes the health. Closed is final: it ends every stream of updates.
    package func set(_ health: StoreHealth) {
        let ended: [AsyncStream<StoreHealth>.Continuation] = self.state.withLock { state in
            guard state.health != .closed, state.health != health else { return [] }
            state.health = health
            // Under the lock, in the order of the changes: otherwise an older one might be the last that is seen.
            for watcher in state.watchers.values { watcher.yield(health) }
            return health == .closed ? Array(state.watchers.values) : []
        }
        // Not under the lock, which the end of a stream takes.
        for watcher in ended { watcher.finish() }
    }

    /// The current health, then each change; if several are unread, only the newest is kept.
    package func updates() -> AsyncStream<StoreHealth> {
        let (stream, continuation) = AsyncStream.makeStream(of: StoreHealth.self, bufferingPolicy: .bufferingNewest(1))
        let id = self.state.withLock { state in
            let id = state.nextWatcher
            state.nextWatcher += 1
            state.watchers[id] = continuation
            continuation.yield(state.health)
            if state.health == .closed { continuation.finish() }
            return id
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.watchers[id] = nil }
        }
        return stream
    }
}
