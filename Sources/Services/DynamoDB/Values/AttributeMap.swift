internal import Primitives

/// A map of attribute names to values in its stored form: an item, a key or the values of an expression.
package struct AttributeMap: Sendable, Hashable {
    /// A rule that a value violates, and its attribute; the operation reports it after checks that come first.
    package struct Failure: Sendable, Hashable {
        package let attribute: String
        package let message: String
    }

    /// The first byte of a map without its charged size.
    static let formatByte: UInt8 = 1
    /// The first byte of a map followed by its charged size.
    static let measuredFormatByte: UInt8 = 2
    /// The largest item: names and values, in bytes as charged.
    /// - Source: DynamoDB Developer Guide, "Quotas", "Item size".
    package static let itemBytesMax = 409_600
    /// The largest stored form of an item, in bytes. Only items with far more than a hundred thousand very short
    /// values, or with thousands of very long numbers, reach it before `itemBytesMax`.
    ///
    /// DEVIATION: AWS stores every item of 400 KB.
    package static let storedBytesMax = 1 << 20

    /// The buffer with the stored form; for a map from a page that was read, the whole page.
    let storage: [UInt8]
    /// The range of the stored form in `storage`; see README.
    let range: Range<Int>
    private let problem: Problem?

    /// A class, because problems are rare: maps without one spend only a reference on it.
    private final class Problem: Sendable {
        let failure: Failure

        init(_ failure: Failure) {
            self.failure = failure
        }
    }

    package var failure: Failure? { self.problem?.failure }

    /// The stored form; see README. It is copied if the map is part of a page.
    package var bytes: [UInt8] {
        self.range.count == self.storage.count ? self.storage : Array(self.storage[self.range])
    }

    package var byteCount: Int { self.range.count }

    /// Whether it is larger than an item can be.
    package var isTooLarge: Bool {
        // The stored form has at least half the charged bytes, so a small one need not be measured.
        guard self.byteCount * 2 > Self.itemBytesMax else { return false }
        return self.byteCount > Self.storedBytesMax || self.itemBytes > Self.itemBytesMax
    }

    init(_ builder: consuming StoredItemBuilder) {
        self.init(whole: Self.trimmed(builder.bytes), builder.failure)
    }

    /// The stored form of one map and nothing else.
    init(whole bytes: [UInt8], _ failure: Failure? = nil) {
        self.storage = bytes
        self.range = 0..<bytes.count
        self.problem = failure.map(Problem.init)
    }

    /// A copy without excess capacity, if there is much of it: a request can contain very many small maps.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.capacity > bytes.count + bytes.count / 2 + 64 else { return bytes }
        var trimmed: [UInt8] = []
        trimmed.reserveCapacity(bytes.count)
        trimmed.append(contentsOf: bytes)
        return trimmed
    }

    /// An empty map.
    package init() {
        self.init(whole: Self.measuredHeader + [0, 0, 0, 0])
    }

    /// A map from stored bytes.
    /// - Returns: nil when they have another format.
    package init?(stored bytes: [UInt8]) {
        self.init(stored: bytes, in: 0..<bytes.count)
    }

    /// A map in a range of stored bytes, which are not copied.
    /// - Returns: nil when they have another format.
    package init?(stored bytes: [UInt8], in range: Range<Int>) {
        guard let format = range.isEmpty ? nil : bytes[range.lowerBound], let header = Self.headerBytes(format),
            range.count >= header + 4
        else { return nil }
        self.storage = bytes
        self.range = range
        self.problem = nil
    }

    package init(_ tree: AttributeTree) {
        var builder = StoredItemBuilder()
        var place = builder.beginMapBody()
        builder.append(tree, &place)
        builder.endMapBody(place)
        self.init(builder)
    }

    /// A map of attributes whose values are copied in their stored form.
    package init(_ attributes: [(name: ArraySlice<UInt8>, value: StoredValue)]) {
        var builder = StoredItemBuilder()
        var place = builder.beginMapBody()
        for (name, value) in attributes {
            place.count += 1
            builder.appendName(name)
            builder.appendStored(value.stored)
        }
        builder.endMapBody(place)
        self.init(builder)
    }

    /// The attributes, in order.
    package var attributes: StoredEntries { StoredEntries(self.storage, self.bodyStart, self.range.upperBound) }

    /// The offset of the map's body.
    var bodyStart: Int {
        self.range.lowerBound + (self.isMeasured ? Self.measuredHeaderBytes : Self.formatBytes)
    }

    /// Whether the stored form includes the charged size.
    var isMeasured: Bool { self.storage[self.range.lowerBound] == Self.measuredFormatByte }

    /// The header's length in bytes; nil for an unknown format.
    private static func headerBytes(_ format: UInt8) -> Int? {
        switch format {
        case self.formatByte: self.formatBytes
        case self.measuredFormatByte: self.measuredHeaderBytes
        default: nil
        }
    }

    /// The stored form without the header.
    private var body: ArraySlice<UInt8> { self.storage[self.bodyStart..<self.range.upperBound] }

    package var count: Int { StoredBytes.length(self.storage, at: self.bodyStart, self.range.upperBound) ?? 0 }
    package var isEmpty: Bool { self.count == 0 }

    /// The value of the attribute with that name.
    /// - Complexity: O(attributes); values are not parsed.
    package func value(_ name: some Collection<UInt8>) -> StoredValue? {
        self.attributes.value(name)
    }

    package subscript(name: String) -> StoredValue? {
        self.attributes.value(named: name.utf8.span)
    }

    /// Whether the attribute with that name exists and has this content. Nothing is retained, since this is called for
    /// each item of a page.
    package func has(_ name: String, content: ArraySlice<UInt8>) -> Bool {
        let bytes = self.storage.span
        let limit = self.range.upperBound
        let count = StoredWalk.length(bytes, at: self.bodyStart, limit) ?? 0
        guard let place = StoredWalk.find(name.utf8.span, bytes, at: self.bodyStart + 4, count: count, limit) else {
            return false
        }
        let start = min(place.valueStart + 5, place.valueEnd)
        return ByteScan.areEqual(bytes.extracting(start..<place.valueEnd), content.span)
    }

    package var tree: AttributeTree {
        AttributeTree(self.attributes.map { .init($0.nameText, $0.value.tree) })
    }

    /// The size that AWS charges for the item, in bytes: names and values.
    /// - Complexity: O(1) for measured maps, and all stored items are measured; O(attributes) for others.
    package var itemBytes: Int {
        if self.isMeasured {
            return StoredWalk.length(self.storage.span, at: self.range.lowerBound + 1, self.range.upperBound) ?? 0
        }
        return StoredWalk.chargedEntries(self.storage.span, at: self.bodyStart, self.range.upperBound, overhead: 0)
    }

    /// The same map with its size, as items are stored: every read needs the size, which otherwise takes a pass over
    /// the attributes.
    package var measured: AttributeMap {
        guard !self.isMeasured else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.byteCount + 4)
        bytes.append(contentsOf: Self.measuredHeader)
        StoredBytes.write(self.itemBytes, to: &bytes, at: 1)
        bytes.append(contentsOf: self.body)
        return AttributeMap(whole: bytes, self.failure)
    }

    /// The header of a measured map, with the size still to be filled in.
    static let measuredHeader: [UInt8] = [Self.measuredFormatByte, 0, 0, 0, 0]

    /// A copy in which some attributes are set (or removed, by nil); the others keep their bytes and their order.
    ///
    /// New attributes come last, in the order of `changes`.
    package func changing(_ changes: [(name: String, value: AttributeValue?)]) -> AttributeMap {
        var builder = StoredItemBuilder()
        var place = builder.beginMapBody()
        var isDone = [Bool](repeating: false, count: changes.count)
        for attribute in self.attributes {
            if let index = changes.firstIndex(where: { $0.name.utf8.elementsEqual(attribute.name) }) {
                isDone[index] = true
                guard let value = changes[index].value else { continue }
                place.count += 1
                builder.appendName(attribute.name)
                builder.append(value)
            } else {
                place.count += 1
                builder.appendName(attribute.name)
                builder.appendStored(attribute.value.stored)
            }
        }
        for (index, change) in changes.enumerated() where !isDone[index] {
            guard let value = change.value else { continue }
            place.count += 1
            builder.appendName(Array(change.name.utf8)[...])
            builder.append(value)
        }
        builder.endMapBody(place)
        return AttributeMap(builder)
    }

    /// A copy with only the attributes that the closure keeps.
    package func filter(_ isKept: (ArraySlice<UInt8>) -> Bool) -> AttributeMap {
        AttributeMap(self.attributes.filter { isKept($0.name) }.map { ($0.name, $0.value) })
    }

    /// Equality in expressions: order does not matter.
    package func isEqual(to other: AttributeMap) -> Bool {
        self.count == other.count
            && self.attributes.areEqual(to: other.attributes)
    }
}

extension AttributeMap {
    package static func == (left: AttributeMap, right: AttributeMap) -> Bool {
        left.body == right.body && left.failure == right.failure
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.body)
        hasher.combine(self.failure)
    }
}
