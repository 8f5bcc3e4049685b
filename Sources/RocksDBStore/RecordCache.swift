internal import KeyValue
internal import Synchronization

/// A cache of recently read or written records, as Swift arrays: a lookup instead of a search through RocksDB's
/// memtable and blocks, which for a hot key takes ten times as long and copies the record each time.
///
/// Nothing is removed because it changed: a record is kept with the version as of which it was the newest, and whoever
/// finds it asks the admission whether its key was touched since.
final class RecordCache: Sendable {
    /// A record, and the version as of which it was the newest of its key.
    struct Found: Sendable {
        let record: Versioned
        let asOf: UInt64
    }

    /// The memory of a record besides its key and value, in bytes.
    static let overheadBytes = 200

    private let state: Mutex<ClockCache<HashedKey, Found>>

    /// `bytesMax` bounds keys, values and overhead; 0 keeps nothing.
    init(bytesMax: Int) {
        self.state = Mutex(ClockCache(bytesMax: bytesMax))
    }

    func find(_ key: HashedKey) -> Found? {
        self.state.withLock { $0.find(key) }
    }

    /// Keeps a record that was read.
    func insert(_ key: HashedKey, _ record: Versioned, asOf: UInt64) {
        let bytes = Self.bytes(key, record.value)
        self.state.withLock { state in
            // A slow read must not replace a newer record.
            if let index = state.index(of: key), state[index].asOf > asOf { return }
            state.insert(key, Found(record: record, asOf: asOf), bytes: bytes)
        }
    }

    /// Updates cached records after a commit became durable. Records that are not cached are not added, so that loading
    /// many items does not evict what is read.
    func update(_ commit: PreparedCommit, _ receipt: CommitReceipt) {
        self.state.withLock { state in
            guard !state.isEmpty else { return }
            for (key, write) in zip(commit.writeKeys, commit.batch.writes) {
                guard let index = state.index(of: key) else { continue }
                guard case .set(_, let value, let stamp) = write else {
                    state.remove(at: index)
                    continue
                }
                guard receipt.version.rawValue >= state[index].asOf else { continue }
                let record = Versioned(value: value, version: receipt.version, time: receipt.time, stamp: stamp)
                let found = Found(record: record, asOf: receipt.version.rawValue)
                state.replace(at: index, found, bytes: Self.bytes(key, value))
            }
        }
    }

    private static func bytes(_ key: HashedKey, _ value: [UInt8]) -> Int {
        self.overheadBytes + key.bytes.count + value.count
    }
}
