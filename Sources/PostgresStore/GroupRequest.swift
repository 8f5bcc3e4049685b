internal import KeyValue
internal import Primitives

/// A group of commits as the parameters of `Statement.commitGroup`, column by column.
struct GroupRequest {
    private struct Tokens {
        var batches: [Int32] = []
        var ids: [[UInt8]] = []
        var fingerprints: [[UInt8]] = []
        var expiries: [Int64?] = []
    }

    private struct Checks {
        var batches: [Int32] = []
        var indexes: [Int32] = []
        var keys: [[UInt8]] = []
        var versions: [Int64?] = []
    }

    private struct Ranges {
        var batches: [Int32] = []
        var indexes: [Int32] = []
        var starts: [[UInt8]] = []
        var ends: [[UInt8]] = []
        var since: [Int64?] = []
        var counts: [Int64?] = []
    }

    private struct Deletes {
        var batches: [Int32] = []
        var keys: [[UInt8]] = []
    }

    private struct Sets {
        var batches: [Int32] = []
        var keys: [[UInt8]] = []
        var values: [[UInt8]] = []
        /// Of the replication stamp, where there is one.
        var times: [Int64?] = []
        var versions: [Int64?] = []
    }

    private struct Appends {
        var batches: [Int32] = []
        var logs: [Int64?] = []
        var indexes: [Int32] = []
        var payloads: [[UInt8]] = []
    }

    private var tokens = Tokens()
    private var checks = Checks()
    private var ranges = Ranges()
    private var deletes = Deletes()
    private var sets = Sets()
    private var appends = Appends()
    private let afterEveryKey: [UInt8]
    private let now: Timestamp

    init(_ commits: [QueuedCommit], now: Timestamp, limits: StoreLimits) {
        self.now = now
        self.afterEveryKey = KeyRange.afterEveryKey(limits)
        for (index, commit) in commits.enumerated() { self.add(commit.batch, number: Int32(index + 1)) }
    }

    private mutating func add(_ batch: Batch, number: Int32) {
        for (index, check) in batch.checks.enumerated() { self.add(check, index, number) }
        // Of two writes to one key the later wins, and one statement may write a key only once.
        var lastWrites: [[UInt8]: Int] = [:]
        for (index, write) in batch.writes.enumerated() { lastWrites[write.key] = index }
        for (index, write) in batch.writes.enumerated() where lastWrites[write.key] == index {
            self.add(write, number)
        }
        for (index, append) in batch.logAppends.enumerated() {
            self.appends.batches.append(number)
            self.appends.logs.append(Int64(bitPattern: append.log.rawValue))
            self.appends.indexes.append(Int32(index))
            self.appends.payloads.append(append.payload)
        }
        guard let token = batch.token else { return }
        self.tokens.batches.append(number)
        self.tokens.ids.append(token.id)
        self.tokens.fingerprints.append(token.fingerprint)
        self.tokens.expiries.append(self.now.millisecondsSinceEpoch + token.rememberedMilliseconds)
    }

    private mutating func add(_ check: Check, _ index: Int, _ number: Int32) {
        switch check {
        case .unchanged(let key, let since):
            self.checks.batches.append(number)
            self.checks.indexes.append(Int32(index))
            self.checks.keys.append(key)
            self.checks.versions.append(since.map { Int64(clamping: $0.rawValue) } ?? 0)
        case .rangeUnchanged(let range, let since, let count):
            self.ranges.batches.append(number)
            self.ranges.indexes.append(Int32(index))
            self.ranges.starts.append(range.start)
            self.ranges.ends.append(range.end ?? self.afterEveryKey)
            self.ranges.since.append(Int64(clamping: since.rawValue))
            self.ranges.counts.append(Int64(count))
        }
    }

    private mutating func add(_ write: Write, _ number: Int32) {
        switch write {
        case .delete(let key):
            self.deletes.batches.append(number)
            self.deletes.keys.append(key)
        case .set(let key, let value, let stamp):
            self.sets.batches.append(number)
            self.sets.keys.append(key)
            self.sets.values.append(value)
            self.sets.times.append(stamp?.time.millisecondsSinceEpoch)
            self.sets.versions.append(stamp.map { Int64(bitPattern: $0.version.rawValue) })
        }
    }

    /// The request of `writer`, in its `epoch`, for its group with this `number`, which has `count` commits.
    func parameters(writer: Int64, epoch: Int64, number: Int64, count: Int) -> Parameters {
        var output = Parameters()
        for value in [writer, epoch, number, self.now.millisecondsSinceEpoch, Int64(count)] { output.add(value) }
        output.add(numbers: self.tokens.batches)
        output.add(values: self.tokens.ids)
        output.add(values: self.tokens.fingerprints)
        output.add(numbers: self.tokens.expiries)
        output.add(numbers: self.checks.batches)
        output.add(numbers: self.checks.indexes)
        output.add(values: self.checks.keys)
        output.add(numbers: self.checks.versions)
        output.add(numbers: self.ranges.batches)
        output.add(numbers: self.ranges.indexes)
        output.add(values: self.ranges.starts)
        output.add(values: self.ranges.ends)
        output.add(numbers: self.ranges.since)
        output.add(numbers: self.ranges.counts)
        output.add(numbers: self.deletes.batches)
        output.add(values: self.deletes.keys)
        output.add(numbers: self.sets.batches)
        output.add(values: self.sets.keys)
        output.add(values: self.sets.values)
        output.add(numbers: self.sets.times)
        output.add(numbers: self.sets.versions)
        output.add(numbers: self.appends.batches)
        output.add(numbers: self.appends.logs)
        output.add(numbers: self.appends.indexes)
        output.add(values: self.appends.payloads)
        return output
    }
}

extension KeyRange {
    /// A bound above every key that these limits allow, for ranges without an end.
    static func afterEveryKey(_ limits: StoreLimits) -> [UInt8] {
        [UInt8](repeating: 0xFF, count: limits.keyBytesMax + 1)
    }
}
