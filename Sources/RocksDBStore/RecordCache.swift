internal import KeyValue
internal import Synchronization

/// The records that were read or written last, as Swift arrays: a look-up instead of a search through RocksDB's
/// memtable and blocks, which costs a hot key ten times as much and copies the record each time.
///
/// Nothing is ever taken out because it changed: a record is kept with the version as of which it was the newest, and
/// whoever finds it asks the admission whether its key was touched since.
final class RecordCache: Sendable {
    /// A record and the version as of which it was the newest of its key.
    struct Found: Sendable {
        let record: Versioned
        let asOf: UInt64
    }

    /// What a record costs beside its key and value, in bytes.
    static let overheadBytes = 200
    /// A record over this share of the bound is not kept: it would push out too many others.
    static let recordShareMax = 16

    fileprivate struct Slot {
        var key: HashedKey
        var found: Found
        var bytes: Int
        /// Whether it was found since the hand came by.
        var isUsed: Bool
    }

    fileprivate struct State {
        var indexes: [HashedKey: Int] = [:]
        var slots: [Slot] = []
        var bytes = 0
        /// The slot that is looked at next when room is needed.
        var hand = 0
    }

    private let bytesMax: Int
    private let state = Mutex(State())

    /// `bytesMax` bounds keys, values and what they cost beside; 0: nothing is kept.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    func find(_ key: HashedKey) -> Found? {
        self.state.withLock { state in
            guard let index = state.indexes[key] else { return nil }
            state.slots[index].isUsed = true
            return state.slots[index].found
        }
    }

    /// Keeps what was read.
    func insert(_ key: HashedKey, _ record: Versioned, asOf: UInt64) {
        let bytes = Self.overheadBytes + key.bytes.count + record.value.count
        guard bytes <= self.bytesMax / Self.recordShareMax else { return }
        self.state.withLock { state in
            if let index = state.indexes[key] {
                state.replace(index, Found(record: record, asOf: asOf), bytes)
            } else {
                state.indexes[key] = state.slots.count
                state.slots.append(
                    Slot(key: key, found: Found(record: record, asOf: asOf), bytes: bytes, isUsed: false))
                state.bytes += bytes
            }
            state.makeRoom(self.bytesMax)
        }
    }

    /// Brings records that are kept up to date with a commit that became durable; others are not taken in, so that a
    /// load of many items does not push out what is read.
    func update(_ commit: PreparedCommit, _ receipt: CommitReceipt) {
        self.state.withLock { state in
            guard !state.slots.isEmpty else { return }
            for (key, write) in zip(commit.writeKeys, commit.batch.writes) {
                guard let index = state.indexes[key] else { continue }
                guard case .set(_, let value, let stamp) = write else {
                    state.remove(index)
                    continue
                }
                let record = Versioned(value: value, version: receipt.version, time: receipt.time, stamp: stamp)
                let bytes = Self.overheadBytes + key.bytes.count + value.count
                state.replace(index, Found(record: record, asOf: receipt.version.rawValue), bytes)
            }
            state.makeRoom(self.bytesMax)
        }
    }
}

extension RecordCache.State {
    fileprivate mutating func replace(_ index: Int, _ found: RecordCache.Found, _ bytes: Int) {
        // A read that was slow does not bring an older record back.
        guard found.asOf >= self.slots[index].found.asOf else { return }
        self.bytes += bytes - self.slots[index].bytes
        self.slots[index].found = found
        self.slots[index].bytes = bytes
    }

    fileprivate mutating func remove(_ index: Int) {
        let removed = self.slots[index]
        self.indexes[removed.key] = nil
        self.bytes -= removed.bytes
        let last = self.slots.removeLast()
        guard index < self.slots.count else { return }
        self.slots[index] = last
        self.indexes[last.key] = index
    }

    /// Second chance: the hand goes round, spares once what was found since it came by, and removes the rest.
    fileprivate mutating func makeRoom(_ bytesMax: Int) {
        while self.bytes > bytesMax, !self.slots.isEmpty {
            if self.hand >= self.slots.count { self.hand = 0 }
            if self.slots[self.hand].isUsed {
                self.slots[self.hand].isUsed = false
                self.hand += 1
            } else {
                self.remove(self.hand)
            }
        }
    }
}
