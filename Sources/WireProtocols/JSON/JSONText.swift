/// Searches in JSON strings, eight bytes at a time.
enum JSONText {
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Whether every byte stands for itself in a JSON string.
    @inline(__always)
    static func isPlain(_ buffer: UnsafeRawBufferPointer) -> Bool {
        let count = buffer.count
        if count >= 8 {
            // The last word ends with the last byte; looking at some bytes twice is cheaper than at each of a rest.
            let last = count &- 8
            var index = 0
            while index < last {
                if unsafe self.plainMask(self.word(in: buffer, at: index)) != 0 { return false }
                index &+= 8
            }
            return unsafe self.plainMask(self.word(in: buffer, at: last)) == 0
        }
        if count >= 4 {
            // Two halves that overlap.
            let first = unsafe UInt64(buffer.loadUnaligned(as: UInt32.self))
            let last = unsafe UInt64(buffer.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            return self.plainMask(first | last << 32) == 0
        }
        for index in 0..<count {
            let byte = unsafe buffer[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { return false }
        }
        return true
    }

    @inline(__always)
    private static func word(in buffer: UnsafeRawBufferPointer, at index: Int) -> UInt64 {
        UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// The high bit of each byte that does not stand for itself. Borrows can set wrong bits only above the first right
    /// one.
    @inline(__always)
    private static func plainMask(_ word: UInt64) -> UInt64 {
        let quotes = word ^ 0x2222_2222_2222_2222
        let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let marks = (quotes &- self.ones) & ~quotes | (backslashes &- self.ones) & ~backslashes
        return (marks | (word &- 0x2020_2020_2020_2020) & ~word) & 0x8080_8080_8080_8080
    }

    /// The first byte from `start` on that does not stand for itself in a JSON string: a quote, a backslash, a control
    /// character and, where told, a byte beyond ASCII. The count of bytes when there is none.
    @inline(__always)
    static func endOfPlainRun(
        in buffer: UnsafeRawBufferPointer, from start: Int, stopsBeyondASCII: Bool
    ) -> Int {
        var index = start
        let count = buffer.count
        // A byte's high bit in the mask says that it is not plain. Borrows can set wrong bits only above the first
        // right one, and only the lowest is used.
        while index &+ 8 <= count {
            let word = UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quotes = word ^ 0x2222_2222_2222_2222
            let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
            var mask = (quotes &- self.ones) & ~quotes | (backslashes &- self.ones) & ~backslashes
            let controls = word &- 0x2020_2020_2020_2020
            mask |= stopsBeyondASCII ? controls | word : controls & ~word
            mask &= 0x8080_8080_8080_8080
            if mask != 0 { return index &+ mask.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < count {
            let byte = unsafe buffer[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 || (stopsBeyondASCII && byte >= 0x80) { return index }
            index &+= 1
        }
        return count
    }
}
