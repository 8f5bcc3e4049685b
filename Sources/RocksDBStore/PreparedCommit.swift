internal import KeyValue

/// A key with its hash: computed once, outside every lock, for the stripes and for the overlay.
///
/// `Hasher` is seeded at random in each process, so that no client can choose keys that collide; the hash never
/// reaches the disk.
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

/// A batch with everything that can be computed before the lock. A class, since it is handed on from the caller over
/// the queue to the committer's thread.
final class PreparedCommit: Sendable {
    let batch: Batch
    /// As `StoreLimits.batchBytesMax` counts them.
    let bytes: Int
    /// One for each check; that of a range check is empty and unused.
    let checkKeys: [HashedKey]
    /// One for each write.
    let writeKeys: [HashedKey]
    let tokenKey: HashedKey?

    private static let noKey = HashedKey([])

    init(_ batch: Batch, bytes: Int) {
        self.batch = batch
        self.bytes = bytes
        self.writeKeys = batch.writes.map { HashedKey($0.key) }
        self.checkKeys = batch.checks.map { check in
            guard case .unchanged(let key, _) = check else { return Self.noKey }
            return HashedKey(key)
        }
        self.tokenKey = batch.token.map { HashedKey(StoreLayout.tokenKey($0.id)) }
    }
}

/// What has been read for the checks of one commit so far.
struct Observations: Sendable {
    /// What one check's key, or the token, was found to be.
    struct Found<Value: Sendable>: Sendable {
        let value: Value
        /// `ReadNeed.stripeVersion`: the observation holds while the stripe still says this.
        let stripeVersion: UInt64
    }

    /// The version of a check's key, by the check's index; nil inside for an absent key.
    var versions: [Int: Found<UInt64?>] = [:]
    /// By the check's index: the range holds what the check expects as of this version.
    var rangesHoldAsOf: [Int: UInt64] = [:]
    /// Range checks that durable state already fails.
    var rangesFailed: Set<Int> = []
    var token: Found<RememberedToken?>?
}
