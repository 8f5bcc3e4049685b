internal import ServiceModel

extension JSONScanner {
    /// Skips one value with everything nested in it and checks its syntax.
    ///
    /// Each open container takes one bit, so neither recursion nor memory grows with the input.
    mutating func skipValue() throws(ShapeError) {
        var kinds: UInt128 = 0
        var openCount = 0
        repeat {
            switch self.peek() {
            case UInt8(ascii: "{"):
                try self.open(UInt8(ascii: "{"), .structure, "")
                kinds = kinds << 1 | 1
                openCount += 1
            case UInt8(ascii: "["):
                try self.open(UInt8(ascii: "["), .list, "")
                kinds <<= 1
                openCount += 1
            default:
                try self.skipScalar()
            }
            // Close the containers that end here, then move to the next value.
            while openCount > 0 {
                let isObject = kinds & 1 == 1
                guard try self.advance(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    kinds >>= 1
                    openCount -= 1
                    continue
                }
                if isObject {
                    try self.skipString()
                    try self.readColon()
                }
                break
            }
        } while openCount > 0
    }

    private mutating func skipScalar() throws(ShapeError) {
        switch self.peek() {
        case UInt8(ascii: "\""): try self.skipString()
        case UInt8(ascii: "t"): try self.skipLiteral("true")
        case UInt8(ascii: "f"): try self.skipLiteral("false")
        case UInt8(ascii: "n"): try self.skipLiteral("null")
        default: _ = try self.scanNumber()
        }
    }

    /// Consumes exactly this literal.
    mutating func skipLiteral(_ word: StaticString) throws(ShapeError) {
        let count = word.utf8CodeUnitCount
        let start = self.position
        guard self.bytes.count - start >= count else { throw self.unexpected("a value") }
        for index in 0..<count where unsafe self.bytes[start + index] != word.utf8Start[index] {
            throw self.unexpected("a value")
        }
        self.position = start + count
    }

    private mutating func skipString() throws(ShapeError) {
        guard self.peek() == UInt8(ascii: "\"") else { throw self.unexpected("a string") }
        self.position += 1
        var scratch: [UInt8] = []
        while true {
            self.position = self.endOfPlainRun(from: self.position)
            switch self.current {
            case UInt8(ascii: "\""):
                self.position += 1
                return
            case 0x5C:
                try self.readEscape(appendingTo: &scratch)
                scratch.removeAll(keepingCapacity: true)
            case 0x80...0xFF:
                self.position += try self.lengthOfSequence()
            default:
                throw self.unexpected("a string's end")
            }
        }
    }

    /// The range of a number, and whether it has neither a fraction nor an exponent.
    struct NumberToken {
        var start: Int
        var end: Int
        var isPlain: Bool
    }

    /// Consumes a number that follows RFC 8259's grammar.
    mutating func scanNumber() throws(ShapeError) -> NumberToken {
        _ = self.peek()
        let start = self.position
        var isPlain = true
        if self.current == UInt8(ascii: "-") { self.position += 1 }
        if self.current == UInt8(ascii: "0") {
            self.position += 1
        } else {
            try self.skipDigits()
        }
        if self.current == UInt8(ascii: ".") {
            isPlain = false
            self.position += 1
            try self.skipDigits()
        }
        if self.current | 0x20 == UInt8(ascii: "e") {
            isPlain = false
            self.position += 1
            if self.current == UInt8(ascii: "-") || self.current == UInt8(ascii: "+") { self.position += 1 }
            try self.skipDigits()
        }
        return NumberToken(start: start, end: self.position, isPlain: isPlain)
    }

    private mutating func skipDigits() throws(ShapeError) {
        let start = self.position
        while self.current &- 0x30 < 10 { self.position += 1 }
        guard self.position > start else { throw self.unexpected("a digit") }
    }
}
