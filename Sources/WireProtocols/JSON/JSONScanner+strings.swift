internal import Primitives
internal import ServiceModel

extension JSONScanner {
    /// The offset of the first byte from `start` on that needs decoding: a quote, a backslash, a control character or a
    /// byte beyond ASCII. The byte count when there is none.
    @inline(__always)
    func endOfPlainRun(from start: Int) -> Int {
        unsafe self.bytes.withUnsafeBytes { buffer in
            unsafe JSONText.endOfPlainRun(in: buffer, from: start, stopsBeyondASCII: true)
        }
    }

    /// Reads `{"name":"text"}` if the name is a string member's and neither contains an escape; otherwise the position
    /// does not change.
    mutating func readLoneString(_ schema: ShapeSchema, appendingTo output: inout [UInt8]) -> Int? {
        let start = self.position
        guard self.depth < JSONReader.depthMax, let (index, text) = self.scanLone(schema, takesBoolean: false) else {
            self.position = start
            return nil
        }
        self.append(text.lowerBound, text.upperBound, to: &output)
        self.isFirst = false
        return index
    }

    /// Reads `"key":{"name":"text"}` or `"key":{"name":true}`, including a preceding comma, if the name is that of a
    /// string or a boolean and everything is plain (`endOfPlainRun`). Otherwise, or if `take` refuses it, the position
    /// does not change.
    mutating func readLoneEntry(
        _ schema: ShapeSchema, _ take: (_ key: Span<UInt8>, _ index: Int, _ text: Span<UInt8>) -> Bool
    ) -> Bool {
        let start = self.position
        if self.depth < JSONReader.depthMax, self.isFirst || self.consume(UInt8(ascii: ",")),
            let key = self.consumePlainString(), let (index, text) = self.scanEntryValue(schema),
            take(self.bytes.span.extracting(key), index, self.bytes.span.extracting(text))
        {
            self.isFirst = false
            return true
        }
        self.position = start
        return false
    }

    /// What follows an entry's key.
    @inline(__always)
    private mutating func scanEntryValue(_ schema: ShapeSchema) -> (index: Int, text: Range<Int>)? {
        let end = self.position
        if let opening = self.openingOfLetterString(from: end - 1),
            let index = self.memo.names(of: schema).stringIndex(of: opening.letter)
        {
            self.position = opening.quote
            if let text = self.consumePlainString(), self.consume(UInt8(ascii: "}")) { return (index, text) }
            self.position = end
        }
        return self.consume(UInt8(ascii: ":")) ? self.scanLone(schema, takesBoolean: true) : nil
    }

    /// Recognises `":{"S":"` by one comparison, and `": {"S": "`, as Python writes it. Most entries of an item begin
    /// like this.
    /// - Returns: the name, and the offset of the quote before the text.
    @inline(__always)
    private func openingOfLetterString(from start: Int) -> (letter: UInt8, quote: Int)? {
        // All that is looked at, and a text's first byte.
        guard start + 11 <= self.bytes.count else { return nil }
        let word = unsafe self.bytes.withUnsafeBytes { buffer in unsafe ByteScan.word(in: buffer, at: start) }
        if word & 0xFFFF_FF00_FFFF_FFFF == 0x223A_2200_227B_3A22 {
            return (UInt8(truncatingIfNeeded: word >> 32), start + 7)
        }
        if word & 0xFFFF_00FF_FFFF_FFFF == 0x3A22_0022_7B20_3A22, self.bytes[start + 8] == 0x20,
            self.bytes[start + 9] == 0x22
        {
            return (UInt8(truncatingIfNeeded: word >> 40), start + 9)
        }
        return nil
    }

    @inline(__always)
    private mutating func scanLone(
        _ schema: ShapeSchema, takesBoolean: Bool
    ) -> (index: Int, text: Range<Int>)? {
        guard self.consume(UInt8(ascii: "{")), let name = self.consumePlainString() else { return nil }
        let names = self.memo.names(of: schema)
        guard let index = names.index(of: self.bytes, name.lowerBound, name.upperBound, expected: 0),
            self.consume(UInt8(ascii: ":"))
        else { return nil }
        let text: Range<Int>?
        switch names.kind(index) {
        case .string: text = self.consumePlainString()
        case .boolean where takesBoolean: text = self.consumeBoolean()
        case .boolean, .other: text = nil
        }
        guard let text, self.consume(UInt8(ascii: "}")) else { return nil }
        return (index, text)
    }

    /// Consumes `true` or `false` and returns its range.
    private mutating func consumeBoolean() -> Range<Int>? {
        let count: Int
        switch self.peek() {
        case UInt8(ascii: "t"): count = 4
        case UInt8(ascii: "f"): count = 5
        default: return nil
        }
        let range = self.position..<self.position + count
        guard range.upperBound <= self.bytes.count,
            self.bytes[range].elementsEqual(count == 4 ? "true".utf8 : "false".utf8)
        else { return nil }
        self.position = range.upperBound
        return range
    }

    @inline(__always)
    private mutating func consume(_ byte: UInt8) -> Bool {
        guard self.peek() == byte else { return false }
        self.position += 1
        return true
    }

    /// Consumes a plain string and returns the range between its quotes.
    @inline(__always)
    private mutating func consumePlainString() -> Range<Int>? {
        guard self.peek() == 0x22 else { return nil }
        let start = self.position + 1
        let end = self.endOfPlainRun(from: start)
        guard end < self.bytes.count, self.bytes[end] == 0x22 else { return nil }
        self.position = end + 1
        return start..<end
    }

    /// Reads the string whose opening quote is at the position.
    mutating func readPlainString() throws(ShapeError) -> String {
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

    /// Appends the UTF-8 of the string whose opening quote is at the position.
    @inline(__always)
    mutating func readStringBytes(appendingTo output: inout [UInt8]) throws(ShapeError) {
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
        let count = end &- start
        guard count > 0 else { return }
        unsafe self.bytes.withUnsafeBytes { source in
            output.append(addingCapacity: count) { span in
                unsafe span.withUnsafeMutableBufferPointer { target, initializedCount in
                    guard let from = source.baseAddress, let to = target.baseAddress else { return }
                    unsafe UnsafeMutableRawPointer(to + initializedCount).copyMemory(
                        from: from + start, byteCount: count)
                    initializedCount += count
                }
            }
        }
    }

    /// Continues to read a string after its plain part.
    @inline(never)
    private mutating func readRest(appendingTo output: inout [UInt8]) throws(ShapeError) {
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

    /// The length of the well-formed UTF-8 sequence at the position; its first byte is beyond ASCII.
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

    /// Reads the escape whose backslash is at the position.
    mutating func readEscape(appendingTo output: inout [UInt8]) throws(ShapeError) {
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

    /// The scalar of the `XXXX` after `\u`; reads the second half of a surrogate pair as well.
    private mutating func readScalar() throws(ShapeError) -> Unicode.Scalar {
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

    private mutating func readHex() throws(ShapeError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = ASCII.hexValue(self.current) else { throw self.unexpected("a hexadecimal digit") }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }
}
