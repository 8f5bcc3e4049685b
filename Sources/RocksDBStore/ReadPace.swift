internal import Synchronization

/// Whether a read of one record that is not in the store's memory is done on the calling thread, for once.
///
/// Where the system has the file in its memory a block is there in some 15 µs, and a thread of the pool costs twice
/// that in switches. Whether it has it nobody tells beforehand, but it shows in how long the reads before took. So
/// quick reads on the pool earn credit, slow ones cost it, and with enough of it reads are done at once. The most that
/// an event loop waits by it, for each run of quick ones, is one read of a disk that turns or four of a quicker one.
package final class ReadPace: Sendable {
    /// What a block takes that the system has in memory, with room for a thread that is run late.
    package static let quickMax = Duration.microseconds(100)
    /// What takes longer than this has waited for a disk that turns.
    package static let slowMax = Duration.milliseconds(1)
    /// Quick reads in a row, on the pool, before reads are done at once.
    package static let creditMin = 64
    package static let creditMax = 512
    /// What one slow read costs in quick ones: some are slow because another thread had the processor.
    package static let slowCost = 128
    package static let verySlowCost = 4096

    private let credit = Atomic(0)

    package init() {}

    /// Whether the next read may be done at once.
    package var isQuick: Bool { self.credit.load(ordering: .relaxed) >= Self.creditMin }

    /// How long a read took, wherever it was done. Two at once may count as one.
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
