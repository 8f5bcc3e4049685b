internal import KeyValue

/// A key with its hash, which is computed once, outside every lock, for the stripes and for the overlay.
///
/// `Hasher` is seeded at random in each process, so clients cannot choose colliding keys; the hash never reaches the
/// disk.
struct HashedKey: Hashable, Sendable {
    let bytes: [UInt8]
    let hash: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var hasher = Hasher()
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        self.hash = hasher.finalize()
    }

    static func == (left: HashedKey, right: HashedKey) -> Bool {
        left.hash == right.hash && left.bytes == right.bytes
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.hash)
    }
}

/// A batch with everything that can be computed before taking the lock. A class, because it is handed from the caller
/// over the queue to the committer's thread.
final class PreparedCommit: Sendable {
    let batch: Batch
    /// As `StoreLimits.checkedBytes(of:)` counts them.
    let bytes: Int
    /// One for each check; unused and empty for a range check.
    let checkKeys: [HashedKey]
    /// One for each write.
    let writeKeys: [HashedKey]
    let tokenKey: HashedKey?

    private static let noKey = HashedKey([])

    init(_ batch: Batch, bytes: Int) {
        self.batch = batch
        self.bytes = bytes
        let writeKeys = batch.writes.map { HashedKey($0.key) }
        self.writeKeys = writeKeys
        self.checkKeys = batch.checks.map { check in
            guard case .unchanged(let key, _) = check else { return Self.noKey }
            // The item that is checked is usually the one that is written: its key is hashed once.
            if let written = writeKeys.first, written.bytes == key { return written }
            return HashedKey(key)
        }
        self.tokenKey = batch.token.map { HashedKey(StoreLayout.tokenKey($0.id)) }
    }
}

/// What was read for the checks of one commit so far.
struct Observations: Sendable {
    /// What was read for one check's key, or for the token.
    struct Found<Value: Sendable>: Sendable {
        let value: Value
        /// `ReadNeed.stripeVersion`: the observation holds while the stripe still says this.
        let stripeVersion: UInt64
    }

    /// The version of each check's key, by the check's index; an inner nil means that the key is absent.
    var versions: [Int: Found<UInt64?>] = [:]
    /// By the check's index: the version as of which the range is as the check expects.
    var rangesHoldAsOf: [Int: UInt64] = [:]
    /// Range checks that the durable state already fails.
    var rangesFailed: Set<Int> = []
    var token: Found<RememberedToken?>?
}
