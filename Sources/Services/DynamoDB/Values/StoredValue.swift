/// One stored value inside an item's bytes, located but not copied.
package struct StoredValue: Sendable {
    /// The whole item.
    let bytes: [UInt8]
    /// The value with its type byte.
    package let range: Range<Int>
    package let type: AttributeType

    /// - Returns: nil when there is no complete value at the offset.
    init?(_ bytes: [UInt8], at offset: Int, end limit: Int) {
        guard offset < limit, let type = AttributeType(storedByte: bytes[offset]),
            let end = Self.end(bytes, type, at: offset, limit)
        else { return nil }
        self.bytes = bytes
        self.range = offset..<end
        self.type = type
    }

    private static func end(_ bytes: [UInt8], _ type: AttributeType, at offset: Int, _ limit: Int) -> Int? {
        if type == .null || type == .bool { return offset + 1 }
        guard let length = StoredBytes.length(bytes, at: offset + 1, limit), length <= limit - offset - 5 else {
            return nil
        }
        return offset + 5 + length
    }

    /// The bytes after type and length: the text of `S` and `N`, the bytes of `B`.
    package var content: ArraySlice<UInt8> {
        self.range.count > 5 ? self.bytes[(self.range.lowerBound + 5)..<self.range.upperBound] : []
    }

    /// The value with its type byte, which a new item can copy unchanged.
    package var stored: ArraySlice<UInt8> { self.bytes[self.range] }

    package var boolean: Bool { self.bytes[self.range.lowerBound] == AttributeType.bool.rawValue }

    /// nil for a value of another type, or with damaged bytes.
    package var number: DynamoDBNumber? {
        self.type == .n ? try? DynamoDBNumber.parse(self.content) : nil
    }

    /// The number of elements of a list or set, or of entries of a map; 0 for other types.
    package var elementCount: Int {
        switch self.type {
        case .l, .m, .ss, .ns, .bs:
            StoredBytes.length(self.bytes, at: self.range.lowerBound + 5, self.range.upperBound) ?? 0
        default: 0
        }
    }

    /// The value of a map's entry; nil when there is none or this is not a map.
    package func entry(_ name: some Collection<UInt8>) -> StoredValue? {
        guard self.type == .m else { return nil }
        return StoredEntries(self.bytes, self.range.lowerBound + 5, self.range.upperBound).value(name)
    }

    /// The element of a list; nil beyond its end or when this is not a list.
    package func element(_ index: Int) -> StoredValue? {
        guard self.type == .l, index >= 0, index < self.elementCount else { return nil }
        var offset = self.range.lowerBound + 9
        for _ in 0..<index {
            guard let end = StoredWalk.valueEnd(self.bytes.span, at: offset, self.range.upperBound) else { return nil }
            offset = end
        }
        return StoredValue(self.bytes, at: offset, end: self.range.upperBound)
    }

    /// The elements of a list, in order.
    package var elements: [StoredValue] {
        guard self.type == .l else { return [] }
        var elements: [StoredValue] = []
        var offset = self.range.lowerBound + 9
        for _ in 0..<self.elementCount {
            guard let value = StoredValue(self.bytes, at: offset, end: self.range.upperBound) else { break }
            elements.append(value)
            offset = value.range.upperBound
        }
        return elements
    }

    /// The contents of a set's elements, in order.
    package var members: [ArraySlice<UInt8>] {
        guard self.type == .ss || self.type == .ns || self.type == .bs else { return [] }
        var members: [ArraySlice<UInt8>] = []
        var offset = self.range.lowerBound + 9
        for _ in 0..<self.elementCount {
            guard let length = StoredBytes.length(self.bytes, at: offset, self.range.upperBound),
                length <= self.range.upperBound - offset - 4
            else { break }
            members.append(self.bytes[(offset + 4)..<(offset + 4 + length)])
            offset += 4 + length
        }
        return members
    }

    /// The entries of a map, in order.
    package var entries: StoredEntries {
        self.type == .m
            ? StoredEntries(self.bytes, self.range.lowerBound + 5, self.range.upperBound)
            : StoredEntries(self.bytes, 0, 0)
    }

    /// The value as a tree.
    package var tree: AttributeValue {
        switch self.type {
        case .s: .s(String(decoding: self.content, as: UTF8.self))
        case .n: .n(self.number ?? .zero)
        case .b: .b(Array(self.content))
        case .ss: .ss(self.members.map { String(decoding: $0, as: UTF8.self) })
        // Stored numbers are canonical, so parsing succeeds; damaged bytes must not end the process.
        case .ns: .ns(self.members.map { (try? DynamoDBNumber.parse($0)) ?? .zero })
        case .bs: .bs(self.members.map(Array.init))
        case .m: .m(AttributeTree(self.entries.map { .init($0.nameText, $0.value.tree) }))
        case .l: .l(self.elements.map(\.tree))
        case .bool: .bool(self.boolean)
        case .null: .null
        }
    }

    /// The size that AWS charges for the value, without its name.
    ///
    /// Text and bytes count their length, numbers their digits, null and booleans 1, lists and maps 3 plus 1 for each
    /// element.
    /// - Source: DynamoDB Developer Guide, "DynamoDB item sizes and formats".
    package var chargedBytes: Int {
        StoredWalk.charged(self.bytes.span, at: self.range.lowerBound, self.range.upperBound)
    }
}

/// The entries of a map's body, in order; ends early if the bytes are damaged.
package struct StoredEntries: Sequence, IteratorProtocol, Sendable {
    /// One name and its value, located but not copied.
    package struct Entry: Sendable {
        package let name: ArraySlice<UInt8>
        package let value: StoredValue

        package var nameText: String { String(decoding: self.name, as: UTF8.self) }
    }

    private let bytes: [UInt8]
    private let end: Int
    private var offset: Int
    private var left: Int

    /// Of the entries that are left.
    var byteCount: Int { Swift.max(0, self.end - self.offset) }

    init(_ bytes: [UInt8], _ start: Int, _ end: Int) {
        self.bytes = bytes
        self.end = end
        self.offset = start + 4
        self.left = StoredBytes.length(bytes, at: start, end) ?? 0
    }

    package mutating func next() -> Entry? {
        guard self.left > 0, let nameCount = StoredBytes.nameLength(self.bytes, at: self.offset, self.end) else {
            return nil
        }
        let nameStart = self.offset + 2
        guard let value = StoredValue(self.bytes, at: nameStart + nameCount, end: self.end) else { return nil }
        self.left -= 1
        self.offset = value.range.upperBound
        return Entry(name: self.bytes[nameStart..<(nameStart + nameCount)], value: value)
    }

    /// The value of the entry of that name.
    package func value(_ name: some Collection<UInt8>) -> StoredValue? {
        self.value(named: Array(name)[...])
    }

    /// The value of the entry of that name.
    package func value(named name: ArraySlice<UInt8>) -> StoredValue? {
        self.value(named: name.span)
    }

    /// The value of the entry of that name.
    func value(named name: borrowing Span<UInt8>) -> StoredValue? {
        let place = StoredWalk.find(name, self.bytes.span, at: self.offset, count: self.left, self.end)
        return place.flatMap { StoredValue(self.bytes, at: $0.valueStart, end: self.end) }
    }
}

/// Lengths in stored items, checked against the end of their container.
enum StoredBytes {
    static func length(_ bytes: [UInt8], at offset: Int, _ end: Int) -> Int? {
        guard offset >= 0, offset + 4 <= end else { return nil }
        return Int(bytes[offset]) << 24 | Int(bytes[offset + 1]) << 16 | Int(bytes[offset + 2]) << 8
            | Int(bytes[offset + 3])
    }

    /// The length of a name; nil unless the whole name is before the end.
    static func nameLength(_ bytes: [UInt8], at offset: Int, _ end: Int) -> Int? {
        guard offset + 2 <= end else { return nil }
        let length = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
        return offset + 2 + length <= end ? length : nil
    }
}
