package import ServiceModel

/// The head of a CBOR item: its major type and its argument.
package struct CBORHead: Sendable, Equatable {
    /// The three high bits.
    package enum Major: UInt8, Sendable, Hashable {
        case unsigned, negative, bytes, text, array, map, tag, simple
    }

    package var major: Major
    /// The five low bits, which tell simple values apart.
    package var info: UInt8
    /// A number, a length, a tag number, or the bits of a floating-point number.
    package var argument: UInt64

    /// The length is not given; a break ends the item.
    package var isIndefinite: Bool { self.info == 31 }
    package var isBreak: Bool { self.major == .simple && self.info == 31 }
    /// `null` and `undefined`.
    package var isNull: Bool { self.major == .simple && (self.info == 22 || self.info == 23) }

    /// The kind of the item, in terms common to all formats.
    package var token: WireToken {
        switch self.major {
        case .unsigned, .negative, .tag: .number
        case .bytes, .text: .string
        case .array: .array
        case .map: .object
        case .simple: self.info == 20 || self.info == 21 ? .boolean : self.isNull ? .null : .number
        }
    }
}

/// Scans the items of one CBOR document (RFC 8949), strictly: well-formed, valid UTF-8, bounded in depth.
///
/// A length that the document claims never causes an allocation.
package struct CBORScanner: Sendable {
    /// Maximum nesting of arrays, maps and tags, as in the other formats.
    package static let depthMax = 128

    package let bytes: [UInt8]
    package private(set) var offset = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var isAtEnd: Bool { self.offset == self.bytes.count }

    /// Reads the head of the next item.
    package mutating func head() throws(ShapeError) -> CBORHead {
        guard self.offset < self.bytes.count else { throw .malformed("the document ends where an item is due") }
        let first = self.bytes[self.offset]
        self.offset += 1
        guard let major = CBORHead.Major(rawValue: first >> 5) else { throw .malformed("an unknown major type") }
        let info = first & 31
        switch info {
        case 0..<24:
            return CBORHead(major: major, info: info, argument: UInt64(info))
        case 24...27:
            let argument = try self.argument(byteCount: 1 << Int(info - 24))
            // Simple values below 32 must use the one-byte form; the two-byte form of them is not well-formed.
            guard major != .simple || info != 24 || argument >= 32 else { throw .malformed("a misplaced simple value") }
            return CBORHead(major: major, info: info, argument: argument)
        case 31:
            switch major {
            case .bytes, .text, .array, .map, .simple:
                return CBORHead(major: major, info: info, argument: 0)
            case .unsigned, .negative, .tag:
                throw .malformed("an indefinite length where there is none")
            }
        default:
            throw .malformed("a reserved additional information value")
        }
    }

    /// The head of the next item, which is not consumed.
    package func peek() throws(ShapeError) -> CBORHead {
        var copy = self
        return try copy.head()
    }

    private mutating func argument(byteCount: Int) throws(ShapeError) -> UInt64 {
        guard self.bytes.count - self.offset >= byteCount else { throw .malformed("the document ends within a head") }
        var value: UInt64 = 0
        for byte in self.bytes[self.offset..<(self.offset + byteCount)] {
            value = value << 8 | UInt64(byte)
        }
        self.offset += byteCount
        return value
    }

    /// Consumes a break if it comes next.
    package mutating func takeBreak() -> Bool {
        guard self.offset < self.bytes.count, self.bytes[self.offset] == 0xFF else { return false }
        self.offset += 1
        return true
    }

    /// Consumes `null` or `undefined` if it comes next.
    package mutating func takeNull() -> Bool {
        guard self.offset < self.bytes.count, self.bytes[self.offset] == 0xF6 || self.bytes[self.offset] == 0xF7 else {
            return false
        }
        self.offset += 1
        return true
    }

    /// The number of items of an array or of entries of a map; nil for an indefinite length.
    /// - Throws: `malformed` when the rest of the document cannot hold that many.
    package func count(_ head: CBORHead) throws(ShapeError) -> Int? {
        if head.isIndefinite { return nil }
        let bytesEach: UInt64 = head.major == .map ? 2 : 1
        guard head.argument <= UInt64(self.bytes.count - self.offset) / bytesEach else {
            throw .malformed("a length beyond the end of the document")
        }
        return Int(head.argument)
    }

    /// Appends the content of the byte or text string whose head was read; text must be valid UTF-8.
    package mutating func appendString(_ head: CBORHead, to output: inout [UInt8]) throws(ShapeError) {
        guard head.isIndefinite else {
            output.append(contentsOf: self.bytes[try self.stringRange(head)])
            return
        }
        while !self.takeBreak() {
            let chunk = try self.head()
            guard chunk.major == head.major, !chunk.isIndefinite else {
                throw .malformed("a chunk of another kind in a string")
            }
            output.append(contentsOf: self.bytes[try self.stringRange(chunk)])
        }
    }

    /// Consumes the content of a string of definite length and returns its range.
    package mutating func stringRange(_ head: CBORHead) throws(ShapeError) -> Range<Int> {
        guard head.argument <= UInt64(self.bytes.count - self.offset) else {
            throw .malformed("a length beyond the end of the document")
        }
        let range = self.offset..<(self.offset + Int(head.argument))
        self.offset = range.upperBound
        if head.major == .text {
            do {
                _ = try UTF8Span(validating: self.bytes.span.extracting(range))
            } catch {
                throw .malformed("text that is not UTF-8")
            }
        }
        return range
    }

    /// Skips the next item with its content and checks that it is well-formed.
    /// - Parameter depth: the nesting depth of the item.
    /// - Throws: `malformed`, or `limitExceeded` for nesting deeper than `depthMax`.
    package mutating func skipItem(depth: Int = 0) throws(ShapeError) {
        guard depth <= Self.depthMax else { throw .limitExceeded("nesting of more than \(Self.depthMax)") }
        let head = try self.head()
        switch head.major {
        case .unsigned, .negative:
            return
        case .bytes, .text:
            try self.skipString(head)
        case .tag:
            try self.skipItem(depth: depth + 1)
        case .array:
            try self.skipItems(try self.count(head), isMap: false, depth: depth)
        case .map:
            try self.skipItems(try self.count(head), isMap: true, depth: depth)
        case .simple:
            guard !head.isBreak else { throw .malformed("a break where an item is due") }
        }
    }

    private mutating func skipString(_ head: CBORHead) throws(ShapeError) {
        guard head.isIndefinite else {
            _ = try self.stringRange(head)
            return
        }
        while !self.takeBreak() {
            let chunk = try self.head()
            guard chunk.major == head.major, !chunk.isIndefinite else {
                throw .malformed("a chunk of another kind in a string")
            }
            _ = try self.stringRange(chunk)
        }
    }

    private mutating func skipItems(_ count: Int?, isMap: Bool, depth: Int) throws(ShapeError) {
        var remaining = count
        while true {
            if let left = remaining {
                guard left > 0 else { return }
                remaining = left - 1
            } else if self.takeBreak() {
                return
            }
            if isMap {
                guard try self.peek().major == .text else { throw .malformed("a map's key that is not text") }
                try self.skipItem(depth: depth + 1)
            }
            try self.skipItem(depth: depth + 1)
        }
    }
}
