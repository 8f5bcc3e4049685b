/// Traverses stored bytes by offsets, without retaining or allocating anything.
///
/// Every length is checked against the end of its container; damaged bytes end the traversal.
enum StoredWalk {
    /// The position of an entry of a map.
    struct Place {
        let nameStart: Int
        let valueStart: Int
        let valueEnd: Int

        /// The entry including the length of its name.
        var range: Range<Int> { (self.nameStart - 2)..<self.valueEnd }
        var name: Range<Int> { self.nameStart..<self.valueStart }
    }

    // Inlined, because otherwise calls dominate the traversal.

    @inline(__always)
    static func length(_ bytes: borrowing Span<UInt8>, at offset: Int, _ limit: Int) -> Int? {
        guard offset + 4 <= limit else { return nil }
        return Int(bytes[offset]) << 24 | Int(bytes[offset + 1]) << 16 | Int(bytes[offset + 2]) << 8
            | Int(bytes[offset + 3])
    }

    /// The end of the value; nil when there is no complete value at the offset.
    @inline(__always)
    static func valueEnd(_ bytes: borrowing Span<UInt8>, at offset: Int, _ limit: Int) -> Int? {
        guard offset < limit, bytes[offset] != 0, bytes[offset] <= AttributeType.falseByte else { return nil }
        if bytes[offset] >= AttributeType.null.rawValue { return offset + 1 }
        guard let length = self.length(bytes, at: offset + 1, limit), length <= limit - offset - 5 else { return nil }
        return offset + 5 + length
    }

    /// The entry at an offset; nil when there is no complete one.
    @inline(__always)
    static func entry(_ bytes: borrowing Span<UInt8>, at offset: Int, _ limit: Int) -> Place? {
        guard offset + 2 <= limit else { return nil }
        let valueStart = offset + 2 + Int(bytes[offset]) << 8 + Int(bytes[offset + 1])
        guard valueStart <= limit, let valueEnd = self.valueEnd(bytes, at: valueStart, limit) else { return nil }
        return Place(nameStart: offset + 2, valueStart: valueStart, valueEnd: valueEnd)
    }

    /// The entry with that name among `count` entries.
    static func find(
        _ name: borrowing Span<UInt8>, _ bytes: borrowing Span<UInt8>, at start: Int, count: Int, _ limit: Int
    ) -> Place? {
        var offset = start
        for _ in 0..<count {
            guard let place = self.entry(bytes, at: offset, limit) else { return nil }
            if place.name.count == name.count, self.isEqual(name, bytes, place.nameStart) { return place }
            offset = place.valueEnd
        }
        return nil
    }

    private static func isEqual(
        _ name: borrowing Span<UInt8>, _ bytes: borrowing Span<UInt8>, _ start: Int
    ) -> Bool {
        for index in name.indices where name[index] != bytes[start + index] { return false }
        return true
    }

    /// The charged size of the entries of a map's body, which begins with their count.
    static func chargedEntries(
        _ bytes: borrowing Span<UInt8>, at start: Int, _ limit: Int, overhead: Int
    ) -> Int {
        let count = self.length(bytes, at: start, limit) ?? 0
        return self.chargedEntries(bytes, at: start + 4, count: count, limit, overhead: overhead)
    }

    /// The charged size of `count` entries.
    static func chargedEntries(
        _ bytes: borrowing Span<UInt8>, at start: Int, count: Int, _ limit: Int, overhead: Int
    ) -> Int {
        var total = 0
        var offset = start
        for _ in 0..<count {
            guard let place = self.entry(bytes, at: offset, limit) else { return total }
            // Most values are texts, whose size is their length.
            let isText = bytes[place.valueStart] == AttributeType.s.rawValue
            total &+= place.name.count &+ overhead
            total &+=
                isText
                ? place.valueEnd &- place.valueStart &- 5 : self.charged(bytes, at: place.valueStart, place.valueEnd)
            offset = place.valueEnd
        }
        return total
    }

    /// The size that AWS charges for a whole value.
    static func charged(_ bytes: borrowing Span<UInt8>, at offset: Int, _ end: Int) -> Int {
        switch AttributeType(storedByte: bytes[offset]) {
        case .s, .b: return end - offset - 5
        case .n: return self.chargedNumber(bytes, offset + 5, end)
        case .m: return 3 + self.chargedEntries(bytes, at: offset + 5, end, overhead: 1)
        case .l: return self.chargedElements(bytes, at: offset + 5, end)
        case .ss, .bs: return self.chargedMembers(bytes, at: offset + 5, end, isNumeric: false)
        case .ns: return self.chargedMembers(bytes, at: offset + 5, end, isNumeric: true)
        case .bool, .null, nil: return 1
        }
    }

    private static func chargedElements(_ bytes: borrowing Span<UInt8>, at start: Int, _ limit: Int) -> Int {
        var total = 3
        var offset = start + 4
        for _ in 0..<(self.length(bytes, at: start, limit) ?? 0) {
            guard let end = self.valueEnd(bytes, at: offset, limit) else { return total }
            total += 1 + self.charged(bytes, at: offset, end)
            offset = end
        }
        return total
    }

    private static func chargedMembers(
        _ bytes: borrowing Span<UInt8>, at start: Int, _ limit: Int, isNumeric: Bool
    ) -> Int {
        var total = 0
        var offset = start + 4
        for _ in 0..<(self.length(bytes, at: start, limit) ?? 0) {
            guard let length = self.length(bytes, at: offset, limit), length <= limit - offset - 4 else { return total }
            let end = offset + 4 + length
            total += isNumeric ? self.chargedNumber(bytes, offset + 4, end) : length
            offset = end
        }
        return total
    }

    /// One byte for each two significant digits of a canonical number, rounded up separately before and after its
    /// point, one more byte, and one for a minus sign.
    /// - Source: DynamoDB Developer Guide, "DynamoDB item sizes and formats"; that the digits before and after the
    ///   point are counted separately was measured on AWS, according to dynoxide's pull request 195.
    static func chargedNumber(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        guard start < end else { return 1 }
        let isNegative = bytes[start] == UInt8(ascii: "-")
        // The significant digits are those between the outermost digits that are not zero.
        var first = isNegative ? start + 1 : start
        var last = end
        while first < last, bytes[first] <= UInt8(ascii: "0") { first += 1 }
        while first < last, bytes[last - 1] <= UInt8(ascii: "0") { last -= 1 }
        var point = last
        for index in first..<last where bytes[index] == UInt8(ascii: ".") { point = index }
        let pairs = (point - first + 1) / 2 + (last - point) / 2
        return pairs + 1 + (isNegative ? 1 : 0)
    }
}
