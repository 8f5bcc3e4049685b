/// Searches for kinds of bytes, eight at a time (SWAR).
package enum ByteScan {
    /// A word with 1 in each byte; multiplied by a byte it repeats that byte eight times.
    @usableFromInline
    static let ones: UInt64 = 0x0101_0101_0101_0101

    /// The index of the first control character (below 0x20, or 0x7F) from `start` on and, if `orQuote`, of the first
    /// quote or backslash; the count of bytes when there is none.
    @inlinable
    package static func firstControl(
        in bytes: Span<UInt8>, from start: Int = 0, orQuote: Bool = false
    ) -> Int {
        unsafe bytes.withUnsafeBytes { buffer in
            var index = start
            while index &+ 8 <= buffer.count {
                let mask = unsafe self.controls(self.word(in: buffer, at: index), orQuote: orQuote)
                if mask != 0 { return index &+ mask.trailingZeroBitCount &>> 3 }
                index &+= 8
            }
            let last = buffer.count &- 8
            if index < buffer.count, last >= start {
                // The last word may overlap the one before it: the bytes they share are known not to match.
                let mask = unsafe self.controls(self.word(in: buffer, at: last), orQuote: orQuote)
                return mask == 0 ? buffer.count : last &+ mask.trailingZeroBitCount &>> 3
            }
            while index < buffer.count {
                let byte = unsafe buffer[index]
                if byte < 0x20 || byte == 0x7F || (orQuote && (byte == 0x22 || byte == 0x5C)) { return index }
                index &+= 1
            }
            return buffer.count
        }
    }

    /// A mask with the high bit set in each byte that `firstControl` looks for. Borrows can set wrong bits, but only
    /// above the first right one, and only the lowest set bit is used.
    @inlinable @inline(__always)
    static func controls(_ word: UInt64, orQuote: Bool) -> UInt64 {
        var mask = (word &- self.ones &* 0x20) & ~word | self.zeros(word ^ self.ones &* 0x7F)
        if orQuote { mask |= self.zeros(word ^ self.ones &* 0x22) | self.zeros(word ^ self.ones &* 0x5C) }
        return mask & (self.ones &* 0x80)
    }

    /// The eight bytes at `index`, the first one lowest.
    @inlinable @inline(__always)
    package static func word(in buffer: UnsafeRawBufferPointer, at index: Int) -> UInt64 {
        UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Whether both hold the same bytes.
    @inlinable
    package static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                var index = 0
                while index &+ 8 <= left.count {
                    if unsafe self.word(in: left, at: index) != self.word(in: right, at: index) { return false }
                    index &+= 8
                }
                while index < left.count {
                    if unsafe left[index] != right[index] { return false }
                    index &+= 1
                }
                return true
            }
        }
    }

    /// The first `byte` from `start` on; the count of bytes when there is none.
    @inlinable
    package static func first(_ byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
        unsafe bytes.withUnsafeBytes { buffer in
            var index = start
            let pattern = self.ones &* UInt64(byte)
            while index &+ 8 <= buffer.count {
                let mask = unsafe self.zeros(self.word(in: buffer, at: index) ^ pattern) & (self.ones &* 0x80)
                if mask != 0 { return index &+ mask.trailingZeroBitCount &>> 3 }
                index &+= 8
            }
            while index < buffer.count {
                if unsafe buffer[index] == byte { return index }
                index &+= 1
            }
            return buffer.count
        }
    }

    /// The first byte from `start` on that is less than `bound`, at most 0x80; the count of bytes when there is none.
    @inlinable
    package static func first(below bound: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
        unsafe bytes.withUnsafeBytes { buffer in
            var index = start
            let bounds = self.ones &* UInt64(bound)
            while index &+ 8 <= buffer.count {
                let word = unsafe self.word(in: buffer, at: index)
                // As in `controls`: borrows can set wrong bits only above the first right one.
                let mask = (word &- bounds) & ~word & (self.ones &* 0x80)
                if mask != 0 { return index &+ mask.trailingZeroBitCount &>> 3 }
                index &+= 8
            }
            while index < buffer.count {
                if unsafe buffer[index] < bound { return index }
                index &+= 1
            }
            return buffer.count
        }
    }

    /// A set high bit for the lowest byte that is zero.
    @inlinable @inline(__always)
    static func zeros(_ word: UInt64) -> UInt64 {
        (word &- self.ones) & ~word
    }
}
