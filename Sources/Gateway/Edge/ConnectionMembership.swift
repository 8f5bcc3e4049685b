internal import Synchronization

/// The number of open connections of the whole listener.
final class ConnectionCount: Sendable {
    private let open = Atomic<Int>(0)
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    /// - Returns: false when the listener is full.
    func join() -> Bool {
        if self.open.add(1, ordering: .relaxed).newValue <= self.countMax { return true }
        self.leave()
        return false
    }

    func leave() {
        self.open.subtract(1, ordering: .relaxed)
    }
}

/// One connection's place in the count. Passed from handler to handler; the last one ends it.
final class ConnectionMembership {
    private let count: ConnectionCount
    private let counters: LoopCounters
    private var hasEnded = false

    /// - Returns: nil when the listener is full.
    init?(count: ConnectionCount, counters: LoopCounters) {
        guard count.join() else {
            counters.connectionsRefused.add(1)
            return nil
        }
        self.count = count
        self.counters = counters
        counters.connectionsAccepted.add(1)
        counters.connectionsOpen.add(1)
    }

    func end() {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        self.count.leave()
        self.counters.connectionsOpen.add(-1)
    }
}
