internal import KeyValue
internal import Primitives

/// A commit that waits in the queue.
struct QueuedCommit: Sendable {
    let batch: Batch
    /// As `StoreLimits.batchBytesMax` counts them.
    let bytes: Int
    let waiter: Waiter<Result<CommitReceipt, StorageError>>
}

/// Commits for one transaction, in this order. Each is decided by the state before the group, so none may check or
/// write a key that an earlier one writes.
struct CommitGroup: Sendable {
    /// While one node commits, the others wait: a larger transaction would delay them too long.
    static let countMax = 512
    static let bytesMax = 8 << 20
    static let operationsMax = 16_384

    private(set) var commits: [QueuedCommit] = []
    private var bytes = 0
    private var operations = 0
    private var writtenKeys: Set<[UInt8]> = []
    private var tokens: Set<[UInt8]> = []

    /// Takes the commit, unless the group is full or the commit depends on one in the group.
    mutating func take(_ commit: QueuedCommit) -> Bool {
        let batch = commit.batch
        let operations = batch.checks.count + batch.writes.count + batch.logAppends.count
        let isFull =
            self.commits.count >= Self.countMax || self.bytes + commit.bytes > Self.bytesMax
            || self.operations + operations > Self.operationsMax
        guard self.commits.isEmpty || (!isFull && !self.dependsOnMembers(batch)) else { return false }
        self.commits.append(commit)
        self.bytes += commit.bytes
        self.operations += operations
        for write in batch.writes { self.writtenKeys.insert(write.key) }
        if let token = batch.token { self.tokens.insert(token.id) }
        return true
    }

    var isFull: Bool {
        self.commits.count >= Self.countMax || self.bytes >= Self.bytesMax || self.operations >= Self.operationsMax
    }

    private func dependsOnMembers(_ batch: Batch) -> Bool {
        if let token = batch.token, self.tokens.contains(token.id) { return true }
        if batch.writes.contains(where: { self.writtenKeys.contains($0.key) }) { return true }
        return batch.checks.contains { check in
            switch check {
            case .unchanged(let key, _): self.writtenKeys.contains(key)
            case .rangeUnchanged(let range, _, _): self.writtenKeys.contains(where: range.contains)
            }
        }
    }
}

/// Waiting commits, bounded in number and in bytes.
struct CommitQueue {
    static let countMax = 16_384
    /// More than the largest batch, so that an empty queue accepts any batch.
    static let bytesMax = 256 << 20
    /// How many waiting commits are considered for one group.
    static let lookedAtMax = 2048

    private var items: [QueuedCommit] = []
    private var bytes = 0

    var isEmpty: Bool { self.items.isEmpty }

    /// - Returns: false when there is no room.
    mutating func append(_ commit: QueuedCommit) -> Bool {
        guard self.items.count < Self.countMax, self.items.isEmpty || self.bytes + commit.bytes <= Self.bytesMax else {
            return false
        }
        self.items.append(commit)
        self.bytes += commit.bytes
        return true
    }

    /// Puts back the commits that a group did not perform, at the front and regardless of the limits.
    mutating func putBack(_ commits: [QueuedCommit]) {
        self.items.insert(contentsOf: commits, at: 0)
        self.bytes += commits.reduce(0) { $0 + $1.bytes }
    }

    /// Takes the next group. A commit that depends on one of its members waits for the group after it.
    mutating func takeGroup() -> CommitGroup {
        var group = CommitGroup()
        var left: [QueuedCommit] = []
        var index = 0
        while index < self.items.count, index < Self.lookedAtMax, !group.isFull {
            if !group.take(self.items[index]) { left.append(self.items[index]) }
            index += 1
        }
        self.items.replaceSubrange(..<index, with: left)
        self.bytes -= group.commits.reduce(0) { $0 + $1.bytes }
        return group
    }

    mutating func takeAll() -> [QueuedCommit] {
        defer {
            self.items.removeAll()
            self.bytes = 0
        }
        return self.items
    }
}
