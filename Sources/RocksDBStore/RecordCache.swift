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

    private let state: Mutex<ClockCache<HashedKey, Found>>

    /// `bytesMax` bounds keys, values and what they cost beside; 0: nothing is kept.
    init(bytesMax: Int) {
        self.state = Mutex(ClockCache(bytesMax: bytesMax))
    }

    func find(_ key: HashedKey) -> Found? {
        self.state.withLock { $0.find(key) }
    }

    /// Keeps what was read.
    func insert(_ key: HashedKey, _ record: Versioned, asOf: UInt64) {
        let bytes = Self.bytes(key, record.value)
        self.state.withLock { state in
            // A read that was slow does not bring an older record back.
            if let index = state.index(of: key), state[index].asOf > asOf { return }
            state.insert(key, Found(record: record, asOf: asOf), bytes: bytes)
        }
    }

    /// Brings records that are kept up to date with a commit that became durable; others are not taken in, so that a
    /// load of many items does not push out what is read.
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
