internal import Crypto

/// Sixteen bytes of SHA-256: where a partition lies. Never Swift's `Hasher`, which changes with every process.
enum PartitionHash {
    static let bytes = 16

    static func append(_ key: [UInt8], to output: inout [UInt8]) {
        output.append(contentsOf: SHA256.hash(data: key).prefix(self.bytes))
    }
}
