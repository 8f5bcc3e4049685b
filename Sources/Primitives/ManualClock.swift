internal import Synchronization

/// A clock that moves only when it is told to; for tests and simulations.
package final class ManualClock: WallClock {
    private let milliseconds: Atomic<Int64>

    package init(_ start: Timestamp = Timestamp(secondsSinceEpoch: 1_700_000_000)) {
        self.milliseconds = Atomic(start.millisecondsSinceEpoch)
    }

    package func now() -> Timestamp {
        Timestamp(millisecondsSinceEpoch: self.milliseconds.load(ordering: .sequentiallyConsistent))
    }

    package func advance(milliseconds: Int64) {
        self.milliseconds.add(milliseconds, ordering: .sequentiallyConsistent)
    }

    package func set(_ time: Timestamp) {
        self.milliseconds.store(time.millisecondsSinceEpoch, ordering: .sequentiallyConsistent)
    }
}
