internal import Primitives
internal import ServiceModel

extension JSONReader {
    /// The first byte from `start` on that does not stand for itself: a quote, a backslash, a control character or a
    /// byte beyond ASCII. The count of bytes when there is none.
    @inline(__always)
    func endOfPlainRun(from start: Int) -> Int {
        unsafe self.bytes.withUnsafeBytes { buffer in
            var index = start
            // Eight bytes at a time: a byte's high bit in the mask says that it is not plain. Borrows can set wrong
            // bits only above the first right one, and only the lowest is used.
            while index &+ 8 <= buffer.count {
                let word = UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let quotes = word ^ 0x2222_2222_2222_2222
                let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
                let ones: UInt64 = 0x0101_0101_0101_0101
                let mask =
                    ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
                        | (word &- 0x2020_2020_2020_2020) | word) & 0x8080_8080_8080_8080
                if mask != 0 { return index &+ mask.trailingZeroBitCount &>> 3 }
                index &+= 8
            }
            while index < buffer.count {
                let byte = unsafe buffer[index]
                if byte == 0x22 || byte == 0x5C || byte &- 0x20 >= 0x60 { return index }
                index &+= 1
            }
            return buffer.count
        }
    }

    /// Reads the string at the position's quote.
    func readPlainString() throws(ShapeError) -> String {
        let start = self.position + 1
        let end = self.endOfPlainRun(from: start)
        if end < self.bytes.count, self.bytes[end] == 0x22 {
            self.position = end + 1
            return String(decoding: self.bytes[start..<end], as: UTF8.self)
        }
        var output: [UInt8] = []
        try self.readStringBytes(appendingTo: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the UTF-8 of the string at the position's quote.
    @inline(__always)
    func readStringBytes(appendingTo output: inout [UInt8]) throws(ShapeError) {
        let start = self.position + 1
        let end = self.endOfPlainRun(from: start)
        self.append(start, end, to: &output)
        if end < self.bytes.count, self.bytes[end] == 0x22 {
            self.position = end + 1
        } else {
            self.position = end
            try self.readRest(appendingTo: &output)
        }
    }

    @inline(__always)
    private func append(_ start: Int, _ end: Int, to output: inout [UInt8]) {
        unsafe self.bytes.withUnsafeBufferPointer { buffer in
            unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start..<end]))
        }
    }

    /// Reads on where a string is no longer plain.
    @inline(never)
    private func readRest(appendingTo output: inout [UInt8]) throws(ShapeError) {
        while true {
            let byte = self.current
            switch byte {
            case 0x22:
                self.position += 1
                return
            case 0x5C:
                try self.readEscape(appendingTo: &output)
            case 0x80...0xFF:
                let length = try self.lengthOfSequence()
                self.append(self.position, self.position + length, to: &output)
                self.position += length
            default:
                throw self.unexpected("a string's end")
            }
            let end = self.endOfPlainRun(from: self.position)
            self.append(self.position, end, to: &output)
            self.position = end
        }
    }

    /// The length of the well-formed UTF-8 sequence at the position, which starts beyond ASCII.
    ///
    /// - Source: Unicode 15, table 3-7.
    func lengthOfSequence() throws(ShapeError) -> Int {
        let position = self.position
        let first = self.bytes[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0:
            length = 3
            second = 0xA0...0xBF
        case 0xED:
            length = 3
            second = 0x80...0x9F
        case 0xE1...0xEF: length = 3
        case 0xF0:
            length = 4
            second = 0x90...0xBF
        case 0xF1...0xF3: length = 4
        case 0xF4:
            length = 4
            second = 0x80...0x8F
        default: throw self.unexpected("well-formed UTF-8")
        }
        guard self.bytes.count - position >= length, second.contains(self.bytes[position + 1]) else {
            throw self.unexpected("well-formed UTF-8")
        }
        for index in position + 2..<position + max(2, length) where self.bytes[index] & 0xC0 != 0x80 {
            throw self.unexpected("well-formed UTF-8")
        }
        return length
    }

    /// Reads the escape at the position's backslash.
    func readEscape(appendingTo output: inout [UInt8]) throws(ShapeError) {
        self.position += 1
        let byte = self.current
        self.position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: output.append(byte)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): output.append(contentsOf: String(try self.readScalar()).utf8)
        default: throw self.unexpected("an escape")
        }
    }

    /// The scalar of `XXXX` behind `\u`, with the second half of a surrogate pair.
    private func readScalar() throws(ShapeError) -> Unicode.Scalar {
        let high = try self.readHex()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, self.current == 0x5C else { throw self.unexpected("the pair of a surrogate") }
        self.position += 1
        guard self.current == UInt8(ascii: "u") else { throw self.unexpected("the pair of a surrogate") }
        self.position += 1
        let low = try self.readHex()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw self.unexpected("the pair of a surrogate") }
        return scalar
    }

    private func readHex() throws(ShapeError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = ASCII.hexValue(self.current) else { throw self.unexpected("a hexadecimal digit") }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }
}
