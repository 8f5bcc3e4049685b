/// What an engine accepts. Sizes in bytes.
package struct StoreLimits: Equatable, Sendable {
    package let keyBytesMax: Int
    package let valueBytesMax: Int
    /// The number of writes and log appends of one batch together.
    package let batchOperationsMax: Int
    /// The bytes of keys, values and log payloads of one batch together.
    package let batchBytesMax: Int
    /// Whether other processes may change the same store.
    package let isShared: Bool

    package init(
        keyBytesMax: Int, valueBytesMax: Int, batchOperationsMax: Int, batchBytesMax: Int, isShared: Bool
    ) {
        self.keyBytesMax = keyBytesMax
        self.valueBytesMax = valueBytesMax
        self.batchOperationsMax = batchOperationsMax
        self.batchBytesMax = batchBytesMax
        self.isShared = isShared
    }

    /// The limits of the engines that live in this process.
    ///
    /// With DynamoDB's longest sort key, a key takes about 1.1 KB; an item takes at most 1 MiB, and a value may be two
    /// images of one, or one with its vector. A transaction of 4 MB that touches twenty indexes and a change log stays
    /// under 128 MiB.
    package static let embedded = StoreLimits(
        keyBytesMax: 8 << 10, valueBytesMax: 4 << 20, batchOperationsMax: 16_384, batchBytesMax: 128 << 20,
        isShared: false
    )

    /// The size of `batch` as `batchBytesMax` counts it.
    ///
    /// - Throws: `tooLarge` for the first key, value or total that is over its limit; for too many operations, with
    ///   the counts in place of bytes.
    package func checkedBytes(of batch: Batch) throws(StorageError) -> Int {
        var bytes = 0
        for check in batch.checks {
            guard case .unchanged(let key, _) = check else { continue }
            try Self.require(key.count, atMost: self.keyBytesMax)
        }
        for write in batch.writes {
            try Self.require(write.key.count, atMost: self.keyBytesMax)
            bytes += write.key.count
            guard case .set(_, let value, _) = write else { continue }
            try Self.require(value.count, atMost: self.valueBytesMax)
            bytes += value.count
        }
        for append in batch.logAppends {
            // A log entry may carry the key and both the old and the new image.
            try Self.require(append.payload.count, atMost: 2 * self.valueBytesMax + self.keyBytesMax)
            bytes += append.payload.count
        }
        if let token = batch.token {
            try Self.require(token.id.count, atMost: self.keyBytesMax)
            try Self.require(token.fingerprint.count, atMost: IdempotencyToken.fingerprintBytesMax)
        }
        try Self.require(batch.writes.count + batch.logAppends.count, atMost: self.batchOperationsMax)
        try Self.require(bytes, atMost: self.batchBytesMax)
        return bytes
    }

    private static func require(_ bytes: Int, atMost limitBytes: Int) throws(StorageError) {
        guard bytes <= limitBytes else { throw .tooLarge(bytes: bytes, limitBytes: limitBytes) }
    }
}

/// Whether a store takes writes.
package enum StoreHealth: Equatable, Sendable {
    case takingWrites
    /// Reads are served; a write throws `unavailable` with this reason, which says what the operator can do.
    case readOnly(reason: String)
    case closed

    package var isTakingWrites: Bool { self == .takingWrites }
}
