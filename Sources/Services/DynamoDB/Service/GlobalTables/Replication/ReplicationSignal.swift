internal import KeyValue
internal import Synchronization

/// Signals changes of tables with replicas, so that nothing needs to poll for them.
final class ReplicationSignal: Sendable {
    private struct State {
        /// The tables whose changes are replicated.
        var sources: Set<UInt64> = []
        var handler: (@Sendable (UInt64) -> Void)?
    }

    private let state = Mutex(State())
    /// Whether there are any sources, so that writes to other tables with a change log need no lock.
    private let isAny = Atomic(false)

    /// Sets the handler, which is called with a table's number.
    func connect(_ handler: @escaping @Sendable (UInt64) -> Void) {
        self.state.withLock { $0.handler = handler }
    }

    func add(_ source: UInt64) {
        self.state.withLock { state in
            state.sources.insert(source)
            self.isAny.store(true, ordering: .relaxed)
        }
    }

    func remove(_ source: UInt64) {
        self.state.withLock { state in
            state.sources.remove(source)
            self.isAny.store(!state.sources.isEmpty, ordering: .relaxed)
        }
    }

    /// Signals the tables to whose change logs a commit appended.
    func notify(_ appends: [LogAppend]) {
        guard self.isAny.load(ordering: .relaxed) else { return }
        var notified: UInt64?
        for append in appends where append.log.rawValue != notified {
            let number = append.log.rawValue
            notified = number
            let handler = self.state.withLock { $0.sources.contains(number) ? $0.handler : nil }
            handler?(number)
        }
    }
}
