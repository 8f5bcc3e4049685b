/// Searches for kinds of bytes, eight at a time.
package enum ByteScan {
    @usableFromInline
    static let ones: UInt64 = 0x0101_0101_0101_0101

    /// The first control character (below 0x20, or 0x7F) from `start` on and, where told, the first quote or backslash;
    /// the count of bytes when there is none.
    @inlinable
    package static func firstControl(
        in bytes: Span<UInt8>, from start: Int = 0, orQuote: Bool = false
    ) -> Int {
        unsafe bytes.withUnsafeBytes { buffer in
            var index = start
            // A byte's high bit in the mask says that it is one of them. Borrows can set wrong bits only above the
            // first right one, and only the lowest is used.
            while index &+ 8 <= buffer.count {
                let word = UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                var mask = (word &- self.ones &* 0x20) & ~word | self.zeros(word ^ self.ones &* 0x7F)
                if orQuote { mask |= self.zeros(word ^ self.ones &* 0x22) | self.zeros(word ^ self.ones &* 0x5C) }
                mask &= self.ones &* 0x80
                if mask != 0 { return index &+ mask.trailingZeroBitCount &>> 3 }
                index &+= 8
            }
            while index < buffer.count {
                let byte = unsafe buffer[index]
                if byte < 0x20 || byte == 0x7F || (orQuote && (byte == 0x22 || byte == 0x5C)) { return index }
                index &+= 1
            }
            return buffer.count
        }
    }

    /// The first `byte` from `start` on; the count of bytes when there is none.
    @inlinable
    package static func first(_ byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
        unsafe bytes.withUnsafeBytes { buffer in
            var index = start
            let pattern = self.ones &* UInt64(byte)
            while index &+ 8 <= buffer.count {
                let word = UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let mask = self.zeros(word ^ pattern) & (self.ones &* 0x80)
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

    /// A set high bit for the lowest byte that is zero.
    @inlinable @inline(__always)
    static func zeros(_ word: UInt64) -> UInt64 {
        (word &- self.ones) & ~word
    }
}
