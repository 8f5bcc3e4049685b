internal import KeyValue
internal import Primitives
internal import Signing

/// A summary of one walk over a store: two walks with equal contents, in the same order, have equal summaries.
struct CopyPass: Equatable {
    /// Bytes that are hashed at once.
    private static let pieceBytes = 1 << 16

    private(set) var progress = StoreCopy.Progress()
    private var digest = Digest256.ofNothing
    /// SHA-256 over all of it, after `finish`.
    var hexDigest: String { self.digest.description }
    private var piece: [UInt8] = []

    mutating func note(_ entry: Page.Entry) {
        let record = entry.record
        self.add(record.version.rawValue)
        self.add(UInt64(bitPattern: record.time.millisecondsSinceEpoch))
        self.add(record.stamp == nil ? 0 : 1)
        if let stamp = record.stamp {
            self.add(UInt64(bitPattern: stamp.time.millisecondsSinceEpoch))
            self.add(stamp.version.rawValue)
        }
        self.add(entry.key)
        self.add(record.value)
        self.progress.records += 1
        self.progress.bytes += entry.key.count + record.value.count
        self.hash(atLeast: Self.pieceBytes)
    }

    mutating func note(_ entry: LogEntry, of log: LogID) {
        self.add(log.rawValue)
        self.add(entry.position.version.rawValue)
        self.add(UInt64(entry.position.index))
        self.add(UInt64(bitPattern: entry.time.millisecondsSinceEpoch))
        self.add(entry.payload)
        self.progress.logEntries += 1
        self.progress.bytes += entry.payload.count
        self.hash(atLeast: Self.pieceBytes)
    }

    /// Hashes the remaining bytes.
    mutating func finish() {
        self.hash(atLeast: 1)
    }

    private mutating func add(_ number: UInt64) {
        BigEndian.append(number, to: &self.piece)
    }

    private mutating func add(_ bytes: [UInt8]) {
        self.add(UInt64(bytes.count))
        self.piece += bytes
    }

    /// Each piece is hashed together with the digest of those before it.
    private mutating func hash(atLeast count: Int) {
        guard self.piece.count >= count else { return }
        self.digest = Digest256(hashing: Array(self.digest.description.utf8) + self.piece)
        self.piece.removeAll(keepingCapacity: true)
    }
}
