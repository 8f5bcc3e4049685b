internal import Crypto
internal import Primitives

/// Thirty-two bytes: a SHA-256 hash or a signature. Compared in constant time.
package struct Digest256: Sendable, Hashable, CustomStringConvertible {
    /// Bytes of a digest.
    package static let byteCount = 32
    /// The hash of zero bytes, which every request without a body signs.
    package static let ofNothing = Digest256(hashing: [UInt8]().span)

    /// The bytes, big-endian.
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
        let bytes = Array(text)
        self.init(lowercaseHex: bytes.span, bytes.indices)
    }

    /// A digest from its 32 bytes.
    /// - Returns: nil for any other count.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: [4 of UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// A digest from the 64 lower-case hexadecimal digits at a range.
    init?(lowercaseHex bytes: Span<UInt8>, _ range: Range<Int>) {
        guard range.count == Self.byteCount * 2 else { return nil }
        let start = range.lowerBound
        guard let first = Self.word(bytes, start), let second = Self.word(bytes, start + 16),
            let third = Self.word(bytes, start + 32), let fourth = Self.word(bytes, start + 48)
        else { return nil }
        self.words = (first, second, third, fourth)
    }

    /// Sixteen digits.
    private static func word(_ bytes: Span<UInt8>, _ start: Int) -> UInt64? {
        var word: UInt64 = 0
        for index in start..<(start + 16) {
            let digit = bytes[index]
            if digit &- 0x30 < 10 {
                word = word << 4 | UInt64(digit &- 0x30)
            } else if digit &- 0x61 < 6 {
                word = word << 4 | UInt64(digit &- 0x57)
            } else {
                return nil
            }
        }
        return word
    }

    init(_ digest: SHA256Digest) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        // No result: a generic result of the closure would be instantiated at run time in each call.
        unsafe digest.withUnsafeBytes { bytes in
            precondition(bytes.count == Self.byteCount, "a SHA-256 digest has 32 bytes")
            unsafe words.0 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            unsafe words.1 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            unsafe words.2 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            unsafe words.3 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        }
        self.words = words
    }

    /// Compares in constant time.
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

    /// Appends the 32 bytes.
    func append(to cursor: inout ByteCursor) {
        Self.append(self.words.0, to: &cursor)
        Self.append(self.words.1, to: &cursor)
        Self.append(self.words.2, to: &cursor)
        Self.append(self.words.3, to: &cursor)
    }

    private static func append(_ word: UInt64, to cursor: inout ByteCursor) {
        cursor.append(word: UInt32(truncatingIfNeeded: word >> 32).byteSwapped)
        cursor.append(word: UInt32(truncatingIfNeeded: word).byteSwapped)
    }

    /// The 64 lower-case hexadecimal digits.
    package var description: String {
        var output: [UInt8] = []
        self.appendHex(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the 64 lower-case hexadecimal digits.
    package func appendHex(to output: inout [UInt8]) {
        let digits = self.digits
        unsafe digits.span.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
    }

    /// Whether these bytes are this digest's 64 lower-case hexadecimal digits; compared in constant time.
    func isWritten(in bytes: Span<UInt8>) -> Bool {
        guard bytes.count == Self.byteCount * 2 else { return false }
        let digits = self.digits
        var difference: UInt64 = 0
        unsafe bytes.withUnsafeBytes { bytes in
            for index in digits.indices {
                difference |= unsafe digits[index] ^ bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
            }
        }
        return difference == 0
    }

    /// The digits, eight to a word, as they stand in memory.
    private var digits: [8 of UInt64] {
        var digits: [8 of UInt64] = [0, 0, 0, 0, 0, 0, 0, 0]
        Self.writeHex(self.words.0, at: 0, &digits)
        Self.writeHex(self.words.1, at: 2, &digits)
        Self.writeHex(self.words.2, at: 4, &digits)
        Self.writeHex(self.words.3, at: 6, &digits)
        return digits
    }

    private static func writeHex(_ word: UInt64, at start: Int, _ digits: inout [8 of UInt64]) {
        digits[start] = self.digits(of: UInt32(truncatingIfNeeded: word >> 32)).bigEndian
        digits[start + 1] = self.digits(of: UInt32(truncatingIfNeeded: word)).bigEndian
    }

    /// Eight digits as the bytes of one word, computed in parallel: the nibbles are spread to bytes, and those above 9
    /// get the distance between `0` + 10 and `a` added.
    private static func digits(of half: UInt32) -> UInt64 {
        var spread = UInt64(half)
        spread = (spread << 16 | spread) & 0x0000_FFFF_0000_FFFF
        spread = (spread << 8 | spread) & 0x00FF_00FF_00FF_00FF
        spread = (spread << 4 | spread) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
    }
}

/// Compares two secrets in constant time, except for their lengths.
func equalInConstantTime(_ left: String, _ right: String) -> Bool {
    let left = left.utf8.span
    let right = right.utf8.span
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
