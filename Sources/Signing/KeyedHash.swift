internal import Crypto

/// HMAC-SHA256 (RFC 2104) with a fixed key, for repeated use.
///
/// Keeps the keyed state rather than the key: keying anew costs 900 ns a code. It is made of two hash states rather
/// than swift-crypto's `HMAC`, whose generic code is not specialised here and costs another 200 ns.
struct KeyedHash: Sendable {
    /// SHA-256 after the key's inner pad, and after its outer pad.
    private let inner: SHA256
    private let outer: SHA256

    /// - Parameter key: at most one block of SHA-256; every key here is a digest.
    init(key: SymmetricKey) {
        precondition(key.bitCount <= SHA256.blockByteCount * 8, "a key is no longer than a block")
        var innerPad = [UInt8](repeating: 0x36, count: SHA256.blockByteCount)
        var outerPad = [UInt8](repeating: 0x5C, count: SHA256.blockByteCount)
        unsafe key.withUnsafeBytes { bytes in
            for index in bytes.indices {
                unsafe innerPad[index] ^= bytes[index]
                unsafe outerPad[index] ^= bytes[index]
            }
        }
        var inner = SHA256()
        inner.update(data: innerPad)
        var outer = SHA256()
        outer.update(data: outerPad)
        self.inner = inner
        self.outer = outer
    }

    func code(of text: [UInt8]) -> Digest256 {
        var inner = self.inner
        unsafe text.span.withUnsafeBytes { unsafe inner.update(bufferPointer: $0) }
        let digest = inner.finalize()
        var outer = self.outer
        unsafe digest.withUnsafeBytes { unsafe outer.update(bufferPointer: $0) }
        return Digest256(outer.finalize())
    }
}
