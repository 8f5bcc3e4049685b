internal import Primitives

/// One attribute of a key.
package struct KeyElement: Sendable, Hashable {
    package let name: String
    /// `s`, `n` or `b`.
    package let type: AttributeType

    package init(_ name: String, _ type: AttributeType) {
        precondition(type == .s || type == .n || type == .b, "a key attribute is a string, a number or binary")
        self.name = name
        self.type = type
    }

    package static func == (left: KeyElement, right: KeyElement) -> Bool {
        left.type == right.type && ByteScan.areEqual(left.name.utf8.span, right.name.utf8.span)
    }
}

/// The key of a table or index: the attributes of the partition key, then those of the sort key.
///
/// A table has one partition attribute and at most one sort attribute; an index up to four of each (November 2025).
package struct KeySchema: Sendable, Equatable {
    package static let elementCountMax = 4

    package let partition: [KeyElement]
    package let sort: [KeyElement]
    /// The attributes of the partition key, then those of the sort key.
    package let elements: [KeyElement]

    package init(partition: [KeyElement], sort: [KeyElement] = []) {
        precondition(
            !partition.isEmpty && partition.count <= Self.elementCountMax && sort.count <= Self.elementCountMax)
        self.partition = partition
        self.sort = sort
        self.elements = partition + sort
    }

    package func contains(_ name: some Sequence<UInt8>) -> Bool {
        self.elements.contains { $0.name.utf8.elementsEqual(name) }
    }

    /// Takes a name as stored in an item: it is called for each attribute of the last item of a page.
    package func contains(_ name: ArraySlice<UInt8>) -> Bool {
        let name = name.span
        for element in self.elements where ByteScan.areEqual(element.name.utf8.span, name) { return true }
        return false
    }
}

/// The key space of a table or of one of its indexes.
package struct KeySpace: Sendable, Equatable {
    /// From the catalogue; a new one for every created table.
    package let table: UInt64
    /// 0 for the table itself.
    package let index: UInt16

    package init(table: UInt64, index: UInt16 = 0) {
        self.table = table
        self.index = index
    }

    package static let prefixBytes = 10

    /// Table (8) and index (2), big-endian.
    package var prefix: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: self.table >> shift))
        }
        bytes.append(UInt8(self.index >> 8))
        bytes.append(UInt8(self.index & 0xFF))
        return bytes
    }
}
