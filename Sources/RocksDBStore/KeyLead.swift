internal import KeyValue

/// The first bytes of a key, hashed to a stripe. Keys that are read together, such as the items of a partition, have
/// the same lead (docs/storage-format.md), and a range within one lead is not affected by keys with another.
struct KeyLead: Equatable, Sendable {
    /// For a key of DynamoDB: table, index, and fourteen of the sixteen bytes of the partition's hash. The range of all
    /// keys with one prefix ends at the prefix whose last byte is one higher, and that byte must be beyond the lead.
    static let byteCount = 24
    static let stripeCount = 4096

    /// Less than `stripeCount`. Two leads may share a stripe.
    let stripe: Int

    /// - Returns: nil for a shorter key; no range within one lead contains such a key.
    init?(_ key: [UInt8]) {
        guard key.count >= Self.byteCount else { return nil }
        let words = unsafe key.withUnsafeBytes { bytes in
            unsafe (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
            )
        }
        // Multipliers of splitmix64. A client that provokes collisions of stripes only causes additional reads.
        var mixed = (words.0 ^ words.0 >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ words.1 ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed = (mixed ^ words.2 ^ mixed >> 31) &* 0xBF58_476D_1CE4_E5B9
        self.stripe = Int(mixed >> 52)
    }

    /// - Returns: nil for a range that may contain keys of several leads.
    init?(_ range: KeyRange) {
        guard let end = range.end, end.count >= Self.byteCount,
            range.start.prefix(Self.byteCount) == end.prefix(Self.byteCount)
        else { return nil }
        self.init(range.start)
    }
}
