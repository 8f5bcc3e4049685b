internal import KeyValue
internal import Primitives

/// Something that waits for the committer. A class, because it is looked at several times on its way and handed over
/// twice.
final class QueuedItem: Sendable {
    enum Work: Sendable {
        case commit(PreparedCommit, remembered: RememberedToken?)
        /// Remove these entries of a change log.
        case trim([[UInt8]])
        /// Write nothing: an answer waits for everything queued before it.
        case barrier
    }

    let version: UInt64
    let work: Work
    let bytes: Int
    let waiter: Waiter<CommitOutcome>
    /// The outcome to report once everything up to here is durable.
    let outcome: CommitOutcome
    let receipt: CommitReceipt

    init(
        version: UInt64, work: Work, bytes: Int, waiter: Waiter<CommitOutcome>, outcome: CommitOutcome,
        receipt: CommitReceipt
    ) {
        self.version = version
        self.work = work
        self.bytes = bytes
        self.waiter = waiter
        self.outcome = outcome
        self.receipt = receipt
    }
}

/// Waiting commits in the order of their versions, bounded in number and in bytes.
struct CommitQueue {
    static let countMax = 16_384
    /// More than the largest batch, so that an empty queue accepts any batch.
    static let bytesMax = 256 << 20
    /// One group is written in one piece; in a larger one, the first commits would wait while the others are copied.
    static let groupBytesMax = 8 << 20
    /// With that many commits or bytes, the cost of a group is small beside that of its commits.
    static let worthwhileCount = 32
    static let worthwhileBytes = 1 << 20

    private(set) var items: [QueuedItem] = []
    private var bytes = 0

    var isEmpty: Bool { self.items.isEmpty }
    var isWorthAGroup: Bool { self.items.count >= Self.worthwhileCount || self.bytes >= Self.worthwhileBytes }

    func hasRoom(for bytes: Int) -> Bool {
        self.items.count < Self.countMax && (self.items.isEmpty || self.bytes + bytes <= Self.bytesMax)
    }

    mutating func append(_ item: QueuedItem) {
        self.items.append(item)
        self.bytes += item.bytes
    }

    /// Takes the next group: everything, or as much from the front as one write should contain.
    mutating func takeGroup() -> [QueuedItem] {
        guard self.bytes > Self.groupBytesMax else {
            defer {
                self.items.removeAll(keepingCapacity: true)
                self.bytes = 0
            }
            return self.items
        }
        var groupBytes = 0
        var count = 0
        while count < self.items.count, count == 0 || groupBytes + self.items[count].bytes <= Self.groupBytesMax {
            groupBytes += self.items[count].bytes
            count += 1
        }
        let group = Array(self.items[..<count])
        self.items.removeFirst(count)
        self.bytes -= groupBytes
        return group
    }

    mutating func takeAll() -> [QueuedItem] {
        defer {
            self.items.removeAll()
            self.bytes = 0
        }
        return self.items
    }
}
