internal import DynamoDBValues
internal import KeyValue

/// The entry of one item in a vector index.
///
///     key: prefix (10) · hash of the partition attribute, or zeros (16) · hash of the table key (16)
///     value: format 1 (1) · dimensions (2) · 32-bit floats, big-endian (4 each) · the projected attributes
struct VectorEntry: Sendable {
    private static let formatByte: UInt8 = 1
    private static let headerBytes = 3

    let vector: [Float]
    let item: AttributeMap

    /// - Returns: nil when the item is not in the index, because it lacks the vector or the partition attribute.
    init?(_ item: AttributeMap, _ index: VectorIndexDescriptor, _ table: KeySchema) {
        guard let value = item[index.attribute], let vector = Self.vector(value, index.dimensions) else { return nil }
        if let partition = index.partition, item[partition.name]?.type != partition.type { return nil }
        self.vector = vector
        self.item = index.projection == .all ? item : item.filter { index.isProjected($0, table) }
    }

    /// - Returns: nil when the value is damaged.
    init?(stored bytes: [UInt8]) {
        guard bytes.count >= Self.headerBytes, bytes[0] == Self.formatByte else { return nil }
        let dimensions = Int(bytes[1]) << 8 | Int(bytes[2])
        let itemStart = Self.headerBytes + 4 * dimensions
        guard bytes.count >= itemStart, let item = AttributeMap(stored: Array(bytes[itemStart...])) else { return nil }
        self.item = item
        var vector: [Float] = []
        vector.reserveCapacity(dimensions)
        for offset in stride(from: Self.headerBytes, to: itemStart, by: 4) {
            let high = UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16
            let low = UInt32(bytes[offset + 2]) << 8 | UInt32(bytes[offset + 3])
            vector.append(Float(bitPattern: high | low))
        }
        self.vector = vector
    }

    var stored: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerBytes + 4 * self.vector.count + self.item.byteCount)
        bytes.append(Self.formatByte)
        bytes.append(UInt8(truncatingIfNeeded: self.vector.count >> 8))
        bytes.append(UInt8(truncatingIfNeeded: self.vector.count))
        for number in self.vector {
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number.bitPattern >> shift))
            }
        }
        bytes.append(contentsOf: self.item.measured.bytes)
        return bytes
    }

    /// The charged size of an index entry: its attributes and its vector.
    var chargedBytes: Int { self.item.itemBytes + 4 * self.vector.count }

    /// The minimum charged size of a write of an entry.
    static let writtenBytesMin = 1024

    /// The charged size of a write of the entry: four bytes for each number, the vector's name, and the other
    /// attributes in the index.
    /// - Source: figures that AWS answered in August 2026, as public sources quote them.
    func writtenBytes(_ attribute: String) -> Int {
        max(Self.writtenBytesMin, 4 * self.vector.count + attribute.utf8.count + self.otherBytes(attribute))
    }

    /// Bytes of the attributes other than the vector.
    func otherBytes(_ attribute: String) -> Int {
        self.item.filter { !$0.elementsEqual(attribute.utf8) }.itemBytes
    }

    /// The numbers of a list; nil when the value is not a list, has other elements, or the wrong number of them.
    static func vector(_ value: StoredValue, _ dimensions: Int) -> [Float]? {
        guard value.type == .l, value.elementCount == dimensions else { return nil }
        var vector: [Float] = []
        vector.reserveCapacity(dimensions)
        for element in value.elements {
            guard let number = self.number(element) else { return nil }
            vector.append(number)
        }
        return vector
    }

    /// A number as stored in an index; nil when it is not a number, or out of range.
    static func number(_ value: StoredValue) -> Float? {
        guard value.type == .n, let number = Float(String(decoding: value.content, as: UTF8.self)), number.isFinite
        else { return nil }
        return number
    }

    /// A whole number of 39 or more digits, as AWS prints it: `1.3E+40`.
    static func scientific(_ value: StoredValue) -> String {
        let text = String(decoding: value.content, as: UTF8.self)
        let digits = text.drop { $0 == "-" }
        let sign = text.count == digits.count ? "" : "-"
        let rest = String(digits.dropFirst().reversed().drop { $0 == "0" }.reversed())
        return "\(sign)\(digits.prefix(1))\(rest.isEmpty ? "" : ".")\(rest)E+\(digits.count - 1)"
    }

    static func key(
        _ index: VectorIndexDescriptor, _ table: TableDescriptor, _ item: AttributeMap, baseKey: [UInt8]
    ) -> [UInt8] {
        var key = self.partition(index, table, index.partition.flatMap { item[$0.name]?.content })
        KeyEncoder.appendBaseKey(baseKey, to: &key)
        return key
    }

    /// The key prefix of a partition; that of the whole index if it has no partitions.
    static func partition(
        _ index: VectorIndexDescriptor, _ table: TableDescriptor, _ value: ArraySlice<UInt8>?
    ) -> [UInt8] {
        let space = table.space(of: index)
        guard let element = index.partition, let value else {
            return space.prefix + [UInt8](repeating: 0, count: KeyEncoder.partitionBytes - KeySpace.prefixBytes)
        }
        return KeyEncoder.partitionPrefix(space, KeySchema(partition: [element]), [value])
    }
}

extension VectorIndexDescriptor {
    /// The index writes for a change of an item.
    func writes(
        _ old: AttributeMap?, _ new: AttributeMap?, at itemKey: [UInt8], _ table: TableDescriptor
    ) -> [Write] {
        var writes: [Write] = []
        let oldKey = old.flatMap { item in
            VectorEntry(item, self, table.schema).map { _ in VectorEntry.key(self, table, item, baseKey: itemKey) }
        }
        guard let new, let entry = VectorEntry(new, self, table.schema) else {
            if let oldKey { writes.append(.delete(oldKey)) }
            return writes
        }
        let newKey = VectorEntry.key(self, table, new, baseKey: itemKey)
        if let oldKey, oldKey != newKey { writes.append(.delete(oldKey)) }
        writes.append(.set(newKey, entry.stored))
        return writes
    }

    /// Charged bytes of the entry that a change writes or removes; zero when the entry is unchanged, or there is none.
    ///
    /// An entry that moves to another partition is written twice.
    func writtenBytes(_ old: AttributeMap?, _ new: AttributeMap?, _ table: KeySchema) -> Int {
        let before = old.flatMap { VectorEntry($0, self, table) }
        guard let new, let after = VectorEntry(new, self, table) else {
            return before?.writtenBytes(self.attribute) ?? 0
        }
        guard let before, let old else { return after.writtenBytes(self.attribute) }
        if before.vector == after.vector, before.item == after.item { return 0 }
        let hasMoved = self.partition.map { old[$0.name]?.content != new[$0.name]?.content } ?? false
        return after.writtenBytes(self.attribute) * (hasMoved ? 2 : 1)
    }
}
