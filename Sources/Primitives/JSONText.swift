/// Strings of JSON: finds the bytes that need no escape, eight at a time, and escapes the others.
package enum JSONText {
    /// Whether no byte needs an escape in a JSON string.
    @inlinable @inline(__always)
    package static func isPlain(_ buffer: UnsafeRawBufferPointer) -> Bool {
        let count = buffer.count
        // The last word ends with the last byte: looking at some bytes twice is cheaper than a loop over the remainder.
        if count >= 16 {
            let last = count &- 16
            var marks = unsafe self.plainMask(buffer.loadUnaligned(fromByteOffset: last, as: SIMD2<UInt64>.self))
            var index = 0
            while index < last {
                marks |= unsafe self.plainMask(buffer.loadUnaligned(fromByteOffset: index, as: SIMD2<UInt64>.self))
                index &+= 16
            }
            return (marks[0] | marks[1]) & 0x8080_8080_8080_8080 == 0
        }
        if count >= 8 {
            let first = unsafe self.plainMask(ByteScan.word(in: buffer, at: 0))
            return unsafe first | self.plainMask(ByteScan.word(in: buffer, at: count &- 8)) == 0
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

    /// A mask with the high bit set in each byte that needs an escape. Borrows can set wrong bits only above the first
    /// right one.
    @inlinable @inline(__always)
    static func plainMask(_ word: UInt64) -> UInt64 {
        let quotes = word ^ 0x2222_2222_2222_2222
        let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let marks = ByteScan.zeros(quotes) | ByteScan.zeros(backslashes)
        return (marks | (word &- 0x2020_2020_2020_2020) & ~word) & 0x8080_8080_8080_8080
    }

    /// The same for sixteen bytes. Only the high bits mean something; the caller masks the others away.
    @inlinable @inline(__always)
    static func plainMask(_ words: SIMD2<UInt64>) -> SIMD2<UInt64> {
        let ones = SIMD2<UInt64>(repeating: 0x0101_0101_0101_0101)
        let quotes = words ^ SIMD2(repeating: 0x2222_2222_2222_2222)
        let backslashes = words ^ SIMD2(repeating: 0x5C5C_5C5C_5C5C_5C5C)
        let marks = (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return marks | (words &- SIMD2(repeating: 0x2020_2020_2020_2020)) & ~words
    }

    /// The index of the first byte from `start` on that needs an escape in a JSON string (a quote, a backslash, a
    /// control character) or, if `stopsBeyondASCII`, is beyond ASCII. The count of bytes when there is none.
    @inlinable @inline(__always)
    package static func endOfPlainRun(
        in buffer: UnsafeRawBufferPointer, from start: Int, stopsBeyondASCII: Bool
    ) -> Int {
        var index = start
        let count = buffer.count
        // A byte's high bit in the mask says that it is not plain. Borrows can set wrong bits only above the first
        // right one, and only the lowest is used.
        while index &+ 8 <= count {
            let word = unsafe ByteScan.word(in: buffer, at: index)
            let quotes = word ^ 0x2222_2222_2222_2222
            let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
            var mask = ByteScan.zeros(quotes) | ByteScan.zeros(backslashes)
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

    /// Appends a text between quotes, escaped where needed.
    package static func append(quoted text: Span<UInt8>, to output: inout [UInt8]) {
        unsafe text.withUnsafeBytes { text in
            if unsafe self.isPlain(text) {
                output.append(bytesMax: text.count + 2) { unsafe $0.append(quoted: text) }
            } else {
                output.append(UInt8(ascii: "\""))
                unsafe self.append(escaping: text, to: &output)
                output.append(UInt8(ascii: "\""))
            }
        }
    }

    /// Appends a text without quotes around it; runs that need no escape are copied whole.
    package static func append(escaping text: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        var start = 0
        while start < text.count {
            let end = unsafe self.endOfPlainRun(in: text, from: start, stopsBeyondASCII: false)
            unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<end]))
            if end < text.count { self.append(escapeOf: unsafe text[end], to: &output) }
            start = end + 1
        }
    }

    private static func append(escapeOf byte: UInt8, to output: inout [UInt8]) {
        output.append(0x5C)
        switch byte {
        case 0x22, 0x5C: output.append(byte)
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        default:
            output.append(contentsOf: "u00".utf8)
            Hex.append(CollectionOfOne(byte), to: &output)
        }
    }
}

extension ByteCursor {
    /// A text that needs no escapes, between quotes.
    @inlinable @inline(__always)
    package mutating func append(quoted text: UnsafeRawBufferPointer) {
        self.append(byte: UInt8(ascii: "\""))
        unsafe self.append(text)
        self.append(byte: UInt8(ascii: "\""))
    }
}
