internal import Crypto

/// Sixteen bytes of SHA-256, which determine where a partition is stored. Never Swift's `Hasher`, which changes with
/// every process.
enum PartitionHash {
    static let bytes = 16

    static func append(_ key: [UInt8], to output: inout [UInt8]) {
        // Not with the digest's own iterator, which is generic code that is not specialised.
        unsafe SHA256.hash(data: key).withUnsafeBytes { digest in
            unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: digest[..<self.bytes]))
        }
    }
}
