internal import Crypto

/// Thirty-two bytes: a SHA-256 hash or a signature. Compared in constant time.
package struct Digest256: Sendable, Hashable, CustomStringConvertible {
    /// Bytes of a digest.
    package static let byteCount = 32
    /// The hash of no bytes, which every request without a body signs.
    package static let ofNothing = Digest256(hashing: [UInt8]().span)

    /// The bytes, big end first.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// SHA-256 of `bytes`.
    package init(hashing bytes: Span<UInt8>) {
        var hasher = SHA256()
        unsafe bytes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        self.init(hasher.finalize())
    }

    /// SHA-256 of `bytes`.
    package init(hashing bytes: [UInt8]) {
        self.init(hashing: bytes.span)
    }

    /// A digest from its 64 lower-case hexadecimal digits.
    /// - Returns: nil for anything else; AWS compares signatures as text, so upper case never matches.
    package init?(lowercaseHex text: some Collection<UInt8>) {
        guard text.count == Self.byteCount * 2 else { return nil }
        var words: [4 of UInt64] = [0, 0, 0, 0]
        var digitIndex = 0
        for digit in text {
            let value: UInt8
            if digit &- 0x30 < 10 {
                value = digit &- 0x30
            } else if digit &- 0x61 < 6 {
                value = digit &- 0x61 &+ 10
            } else {
                return nil
            }
            words[digitIndex / 16] = words[digitIndex / 16] << 4 | UInt64(value)
            digitIndex += 1
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    init(_ digest: SHA256Digest) {
        self.words = unsafe digest.withUnsafeBytes { unsafe Self.words(of: $0) }
    }

    init(_ code: HashedAuthenticationCode<SHA256>) {
        self.words = unsafe code.withUnsafeBytes { unsafe Self.words(of: $0) }
    }

    private static func words(of bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
        precondition(bytes.count == Self.byteCount, "a SHA-256 digest has 32 bytes")
        return unsafe (
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        )
    }

    /// Equal, without telling by its time where two digests differ.
    package static func == (left: Digest256, right: Digest256) -> Bool {
        let difference =
            (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3)
        return difference == 0
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
        hasher.combine(self.words.2)
        hasher.combine(self.words.3)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(Self.byteCount)
        for word in [self.words.0, self.words.1, self.words.2, self.words.3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                output.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return output
    }

    /// The 64 lower-case hexadecimal digits.
    package var description: String {
        var output: [UInt8] = []
        self.appendHex(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the 64 lower-case hexadecimal digits.
    package func appendHex(to output: inout [UInt8]) {
        Self.appendHex(self.words.0, to: &output)
        Self.appendHex(self.words.1, to: &output)
        Self.appendHex(self.words.2, to: &output)
        Self.appendHex(self.words.3, to: &output)
    }

    private static func appendHex(_ word: UInt64, to output: inout [UInt8]) {
        var rest = word
        for _ in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: rest >> 60)
            output.append(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
            rest <<= 4
        }
    }
}

/// Whether two secrets are equal; the time tells their lengths and nothing else.
func equalInConstantTime(_ left: String, _ right: String) -> Bool {
    let left = left.utf8.span
    let right = right.utf8.span
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
