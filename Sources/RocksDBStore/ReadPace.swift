internal import Synchronization

/// Decides whether a read of one record that is not in the store's memory may block the calling thread for once.
///
/// If the system has the file in its page cache, a block takes some 15 µs, and handing the read to a thread of the pool
/// costs twice that in switches. Nothing tells beforehand whether the page cache has it, but the times of earlier reads
/// show it: quick reads on the pool earn credit, slow ones cost credit, and with enough credit reads run on the calling
/// thread. In the worst case, for each run of quick reads, an event loop waits for one read of a spinning disk or four
/// of a faster one.
package final class ReadPace: Sendable {
    /// The time within which a block comes from the page cache, with some margin for a thread that is scheduled late.
    package static let quickMax = Duration.microseconds(100)
    /// A longer read has waited for a spinning disk.
    package static let slowMax = Duration.milliseconds(1)
    /// Consecutive quick reads on the pool before reads run on the calling thread.
    package static let creditMin = 64
    package static let creditMax = 512
    /// The number of quick reads that one slow read cancels. Not more: some are slow only because another thread had
    /// the core.
    package static let slowCost = 128
    package static let verySlowCost = 4096

    private let credit = Atomic(0)

    package init() {}

    /// Whether the next read may run on the calling thread.
    package var isQuick: Bool { self.credit.load(ordering: .relaxed) >= Self.creditMin }

    /// Records how long a read took, wherever it ran. Two concurrent calls may count as one.
    package func note(_ duration: Duration) {
        let credit = self.credit.load(ordering: .relaxed)
        let next =
            switch duration {
            case ...Self.quickMax: min(credit + 1, Self.creditMax)
            case ...Self.slowMax: max(credit - Self.slowCost, min(credit, 0))
            default: Self.creditMin - Self.verySlowCost
            }
        if next != credit { self.credit.store(next, ordering: .relaxed) }
    }
}
