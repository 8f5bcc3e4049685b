extension StoredValue {
    /// Equality in expressions: numbers by value, sets and maps without regard to order.
    /// - Complexity: O(bytes) in any order; no tree is built.
    package func isEqual(to other: StoredValue) -> Bool {
        guard self.type == other.type else { return false }
        switch self.type {
        // A stored number is the canonical text, so equal numbers are equal bytes.
        case .s, .n, .b: return self.content == other.content
        case .bool: return self.boolean == other.boolean
        case .null: return true
        case .ss, .ns, .bs: return self.hasEqualMembers(other)
        case .l: return self.hasEqualElements(other)
        case .m:
            return self.elementCount == other.elementCount && self.entries.areEqual(to: other.entries)
        }
    }

    /// Equal values are equally long when stored, so those of equal lists stand at the same places.
    private func hasEqualElements(_ other: StoredValue) -> Bool {
        guard self.range.count == other.range.count, self.elementCount == other.elementCount else { return false }
        let distance = other.range.lowerBound - self.range.lowerBound
        var offset = self.range.lowerBound + 9
        for _ in 0..<self.elementCount {
            guard let end = StoredWalk.valueEnd(self.bytes.span, at: offset, self.range.upperBound),
                other.hasEqual(self, offset..<end, at: offset + distance)
            else { return false }
            offset = end
        }
        return true
    }

    /// Whether the value at `offset` equals the one in `range` of another item.
    ///
    /// A value of another type is passed over, and one without content compared, without retaining anything: a list has
    /// up to 200,000 elements, and an expression may look through it 150 times.
    private func hasEqual(_ other: StoredValue, _ range: Range<Int>, at offset: Int) -> Bool {
        guard self.bytes[offset] == other.bytes[range.lowerBound] else { return false }
        guard range.count > 1 else { return true }
        guard let own = StoredValue(self.bytes, at: offset, end: self.range.upperBound),
            own.range.count == range.count,
            let value = StoredValue(other.bytes, at: range.lowerBound, end: range.upperBound)
        else { return false }
        return own.isEqual(to: value)
    }

    private func hasEqualMembers(_ other: StoredValue) -> Bool {
        guard self.elementCount == other.elementCount else { return false }
        let (left, right) = (self.members, other.members)
        // Members are unique on both sides and equally many, so one inclusion is sufficient.
        if left.count <= 16 { return left.allSatisfy(right.contains) }
        return Set(left) == Set(right)
    }

    /// The order of two values: strings and binary by unsigned bytes, numbers by value.
    /// - Returns: below 0, 0 or above 0; nil when the types differ or have no order.
    package func order(against other: StoredValue) -> Int? {
        guard self.type == other.type else { return nil }
        switch self.type {
        case .s, .b: return StoredBytes.order(self.content, other.content)
        case .n: return DynamoDBNumber.order(canonical: self.content, other.content)
        default: return nil
        }
    }

    /// Whether a set contains this content, or a list an element of the same bytes; lists, maps and sets are the same
    /// bytes once `sorted`.
    package func containsMember(_ value: StoredValue) -> Bool {
        switch (self.type, value.type) {
        case (.ss, .s), (.ns, .n), (.bs, .b):
            StoredWalk.hasMember(value.bytes.span, value.range, self.bytes.span, self.range)
        case (.l, _): StoredWalk.hasElement(value.bytes.span, value.range, self.bytes.span, self.range)
        default: false
        }
    }

    /// The value of a map's entry; nil when there is none or this is not a map.
    package func entry(named name: ArraySlice<UInt8>) -> StoredValue? {
        self.type == .m ? self.entries.value(named: name) : nil
    }
}

extension AttributeMap {
    /// The value of the attribute with that name.
    /// - Complexity: O(attributes); values are not parsed.
    package func value(named name: ArraySlice<UInt8>) -> StoredValue? {
        self.attributes.value(named: name)
    }
}

extension StoredBytes {
    /// The order by unsigned bytes; a prefix precedes its extensions.
    static func order(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        var (leftIndex, rightIndex) = (left.startIndex, right.startIndex)
        while leftIndex < left.endIndex, rightIndex < right.endIndex {
            let difference = Int(left[leftIndex]) - Int(right[rightIndex])
            if difference != 0 { return difference }
            leftIndex += 1
            rightIndex += 1
        }
        return left.count - right.count
    }
}

extension DynamoDBNumber {
    /// The order of two numbers by their canonical texts, without parsing them.
    ///
    /// Canonical texts have no redundant zeros, so the longer integer part is the larger number, and equally long ones
    /// compare as text: the point is at the same place in both.
    /// - Returns: below 0, 0 or above 0.
    package static func order(canonical left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        let minus = UInt8(ascii: "-")
        switch (left.first == minus, right.first == minus) {
        case (true, false): return -1
        case (false, true): return 1
        case (false, false): return self.magnitudeOrder(left, right)
        case (true, true): return self.magnitudeOrder(right.dropFirst(), left.dropFirst())
        }
    }

    private static func magnitudeOrder(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        let leftDigits = self.integerDigits(left)
        let rightDigits = self.integerDigits(right)
        return leftDigits == rightDigits ? StoredBytes.order(left, right) : leftDigits - rightDigits
    }

    private static func integerDigits(_ text: ArraySlice<UInt8>) -> Int {
        (text.firstIndex(of: UInt8(ascii: ".")) ?? text.endIndex) - text.startIndex
    }
}
