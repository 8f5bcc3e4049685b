extension StoredValue {
    /// A standalone value from a tree.
    /// - Throws: when lists and maps nest deeper than DynamoDB allows.
    package init(_ tree: AttributeValue) throws(ValidationFailure) {
        var builder = StoredItemBuilder()
        builder.append(tree)
        if let failure = builder.failure { throw ValidationFailure(failure.message) }
        let start = AttributeMap.formatBytes
        guard let value = StoredValue(builder.bytes, at: start, end: builder.bytes.count) else {
            preconditionFailure("a value just built is whole")
        }
        self = value
    }

    /// The stored form of a number.
    package static func number(_ number: DynamoDBNumber) -> StoredValue {
        var bytes: [UInt8] = [AttributeType.n.rawValue, 0, 0, 0, 0]
        bytes.reserveCapacity(24)
        number.appendText(to: &bytes)
        return self.closing(bytes)
    }

    /// A list of the elements of several lists.
    package static func concatenating(_ lists: [StoredValue]) -> StoredValue {
        precondition(lists.allSatisfy { $0.type == .l }, "only lists are concatenated")
        var bytes = self.opening(.l, count: lists.reduce(0) { $0 + $1.elementCount })
        bytes.reserveCapacity(lists.reduce(9) { $0 + $1.range.count })
        for list in lists { bytes.append(contentsOf: list.body) }
        return self.closing(bytes)
    }

    /// The set with the members of both, those of `self` first.
    package func union(_ other: StoredValue) -> StoredValue {
        precondition(self.type == other.type && self.type.isSet, "only sets of one type are united")
        let known = Set(self.members)
        let added = other.members.filter { !known.contains($0) }
        var bytes = Self.opening(self.type, count: self.elementCount + added.count)
        bytes.reserveCapacity(9 + self.range.count + other.range.count)
        bytes.append(contentsOf: self.body)
        for member in added { Self.appendMember(member, to: &bytes) }
        return Self.closing(bytes)
    }

    /// The set without the members of another; nil when none is left.
    package func subtracting(_ other: StoredValue) -> StoredValue? {
        precondition(self.type == other.type && self.type.isSet, "only sets of one type are subtracted")
        let taken = Set(other.members)
        let kept = self.members.filter { !taken.contains($0) }
        guard !kept.isEmpty else { return nil }
        var bytes = Self.opening(self.type, count: kept.count)
        for member in kept { Self.appendMember(member, to: &bytes) }
        return Self.closing(bytes)
    }

    /// The bytes after type, length and count.
    private var body: ArraySlice<UInt8> {
        self.range.count > 9 ? self.bytes[(self.range.lowerBound + 9)..<self.range.upperBound] : []
    }

    private static func opening(_ type: AttributeType, count: Int) -> [UInt8] {
        var bytes: [UInt8] = [type.rawValue, 0, 0, 0, 0, 0, 0, 0, 0]
        StoredBytes.write(count, to: &bytes, at: 5)
        return bytes
    }

    private static func appendMember(_ member: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        let start = bytes.count
        for _ in 0..<4 { bytes.append(0) }
        StoredBytes.write(member.count, to: &bytes, at: start)
        bytes.append(contentsOf: member)
    }

    private static func closing(_ opened: consuming [UInt8]) -> StoredValue {
        var bytes = opened
        StoredBytes.write(bytes.count - 5, to: &bytes, at: 1)
        guard let value = StoredValue(bytes, at: 0, end: bytes.count) else {
            preconditionFailure("a value just built is whole")
        }
        return value
    }
}

extension StoredBytes {
    /// Writes a length or count of four bytes.
    static func write(_ length: Int, to bytes: inout [UInt8], at offset: Int) {
        bytes[offset] = UInt8(truncatingIfNeeded: length >> 24)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: length >> 16)
        bytes[offset + 2] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[offset + 3] = UInt8(truncatingIfNeeded: length)
    }
}

extension AttributeType {
    /// Whether this is one of the three sets.
    package var isSet: Bool { self == .ss || self == .ns || self == .bs }
}

/// The new value of one attribute of an item.
package struct AttributeChange: Sendable {
    package let name: ArraySlice<UInt8>
    /// nil removes the attribute.
    package let value: StoredValue?

    package init(_ name: ArraySlice<UInt8>, _ value: StoredValue?) {
        self.name = name
        self.value = value
    }
}

extension AttributeMap {
    /// The header's length for a map without a size.
    static let formatBytes = 1
    /// The header's length for a measured map: the format and the size.
    static let measuredHeaderBytes = 5

    /// A copy in which some attributes are set or removed; the others keep their bytes and their order.
    ///
    /// New attributes come last, in the order of `changes`, whose names are unique.
    /// - Returns: a map that is measured if this one is; its size is updated by the changes.
    /// - Complexity: O(bytes of the item and the changes); untouched attributes are copied in runs.
    package func replacing(_ changes: [AttributeChange]) -> AttributeMap {
        var bytes: [UInt8] = []
        let added = changes.reduce(0) { $0 + $1.name.count + ($1.value?.range.count ?? 0) + 2 }
        bytes.reserveCapacity(self.byteCount + added)
        let isMeasured = self.isMeasured
        var size = isMeasured ? self.itemBytes : 0
        if isMeasured { bytes.append(contentsOf: Self.measuredHeader) } else { bytes.append(Self.formatByte) }
        let countStart = bytes.count
        for _ in 0..<4 { bytes.append(0) }
        // The present values of these attributes; the runs between them are copied.
        let present = self.attributes.values(named: changes.map(\.name))
        let replaced = present.enumerated().compactMap { index, value in value.map { (index, $0.range) } }
            .sorted { $0.1.lowerBound < $1.1.lowerBound }
        var count = self.count
        var runStart = self.bodyStart + 4
        for (index, range) in replaced {
            bytes.append(contentsOf: self.storage[runStart..<(range.lowerBound - changes[index].name.count - 2)])
            runStart = range.upperBound
            if isMeasured { size += Self.growth(changes[index], from: present[index]) }
            if let value = changes[index].value {
                Self.appendEntry(changes[index].name, value, to: &bytes)
            } else {
                count -= 1
            }
        }
        bytes.append(contentsOf: self.storage[runStart..<self.range.upperBound])
        for (index, change) in changes.enumerated() where present[index] == nil {
            guard let value = change.value else { continue }
            Self.appendEntry(change.name, value, to: &bytes)
            if isMeasured { size += Self.growth(change, from: nil) }
            count += 1
        }
        StoredBytes.write(count, to: &bytes, at: countStart)
        // The size of a stored item may come from an earlier rule that counted less.
        if isMeasured { StoredBytes.write(max(0, size), to: &bytes, at: 1) }
        return AttributeMap(whole: bytes)
    }

    /// The growth of the charged size by a change.
    private static func growth(_ change: AttributeChange, from present: StoredValue?) -> Int {
        let before = present.map { change.name.count + $0.chargedBytes } ?? 0
        let after = change.value.map { change.name.count + $0.chargedBytes } ?? 0
        return after - before
    }

    /// A map of these attributes, whose names are unique.
    package init(_ attributes: [AttributeChange]) {
        self = AttributeMap().replacing(attributes)
    }

    private static func appendEntry(_ name: ArraySlice<UInt8>, _ value: StoredValue, to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: name.count >> 8))
        bytes.append(UInt8(truncatingIfNeeded: name.count))
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: value.stored)
    }
}
