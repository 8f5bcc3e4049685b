/// Encodes keys as bytes in sort order.
///
/// Table: prefix (10), hash of the partition key (16), the sort key without terminator, because it comes last.
/// Index: prefix (10), hash of the partition key (16), order-preserving terminated sort keys, hash of the base key
/// (16).
/// Strings sort as UTF-8, binary as unsigned bytes, numbers as numbers.
package enum KeyEncoder {
    /// The length of prefix and partition hash.
    package static let partitionBytes = KeySpace.prefixBytes + PartitionHash.bytes

    /// The key of an item in its table. The item has passed `KeyCheck`.
    package static func tableKey(_ space: KeySpace, _ schema: KeySchema, _ item: AttributeMap) -> [UInt8] {
        var key = space.prefix
        self.appendPartition(schema, item, to: &key)
        if let sort = schema.sort.first, let value = item[sort.name] {
            self.appendSort(value.content, sort.type, to: &key)
        }
        return key
    }

    /// The key of an item in an index; nil when the item lacks one of the index's attributes (sparse indexes), or has a
    /// value that is not valid for the key, stored before the index was created.
    package static func indexKey(
        _ space: KeySpace, _ schema: KeySchema, _ item: AttributeMap, baseKey: [UInt8]
    ) -> [UInt8]? {
        guard KeyCheck.hasIndexKey(item, schema) else { return nil }
        var key = space.prefix
        self.appendPartition(schema, item, to: &key)
        for element in schema.sort {
            if let value = item[element.name] { self.appendEnded(value.content, element.type, to: &key) }
        }
        PartitionHash.append(baseKey, to: &key)
        return key
    }

    /// Appends the last part of an index entry's key: the hash of the item's key in its table.
    package static func appendBaseKey(_ baseKey: [UInt8], to key: inout [UInt8]) {
        PartitionHash.append(baseKey, to: &key)
    }

    /// The prefix that all items of a partition share.
    ///
    /// `values` are the contents of the partition's attributes, in the schema's order.
    package static func partitionPrefix(
        _ space: KeySpace, _ schema: KeySchema, _ values: [ArraySlice<UInt8>]
    ) -> [UInt8] {
        var key = space.prefix
        self.appendPartition(schema, values, to: &key)
        return key
    }

    private static func appendPartition(_ schema: KeySchema, _ item: AttributeMap, to key: inout [UInt8]) {
        var identity = Self.emptyIdentity
        for element in schema.partition {
            self.appendIdentity(item[element.name]?.content ?? [], of: element, to: &identity)
        }
        PartitionHash.append(identity, to: &key)
    }

    private static func appendPartition(_ schema: KeySchema, _ values: [ArraySlice<UInt8>], to key: inout [UInt8]) {
        var identity = Self.emptyIdentity
        for (element, value) in zip(schema.partition, values) {
            self.appendIdentity(value, of: element, to: &identity)
        }
        PartitionHash.append(identity, to: &key)
    }

    /// With capacity for most partition keys.
    private static var emptyIdentity: [UInt8] {
        var identity: [UInt8] = []
        identity.reserveCapacity(64)
        return identity
    }

    /// Appends one attribute to the bytes to be hashed: its type, its length and its content.
    private static func appendIdentity(
        _ value: ArraySlice<UInt8>, of element: KeyElement, to identity: inout [UInt8]
    ) {
        let count = UInt32(value.count)
        identity.append(element.type.rawValue)
        identity.append(UInt8(truncatingIfNeeded: count >> 24))
        identity.append(UInt8(truncatingIfNeeded: count >> 16))
        identity.append(UInt8(truncatingIfNeeded: count >> 8))
        identity.append(UInt8(truncatingIfNeeded: count))
        identity.append(contentsOf: value)
    }

    /// Appends a table's sort key: nothing follows it, so nothing is escaped.
    package static func appendSort(_ value: ArraySlice<UInt8>, _ type: AttributeType, to key: inout [UInt8]) {
        if type == .n {
            // `KeyCheck` has validated the value, so it is a number; otherwise the wrong key would find nothing.
            ((try? DynamoDBNumber.parse(value)) ?? .zero).appendKeyBytes(to: &key)
        } else {
            key.append(contentsOf: value)
        }
    }

    /// Appends an index's sort key: a zero byte is written as 0, 255, and 0, 0 terminates it.
    package static func appendEnded(_ value: ArraySlice<UInt8>, _ type: AttributeType, to key: inout [UInt8]) {
        if type == .n { return self.appendSort(value, type, to: &key) }
        self.appendEscaped(value, to: &key)
        key.append(0)
        key.append(0)
    }

    /// The same without a terminator: the prefix of every value that begins with `value`.
    package static func appendEscaped(_ value: ArraySlice<UInt8>, to key: inout [UInt8]) {
        for byte in value {
            key.append(byte)
            if byte == 0 { key.append(0xFF) }
        }
    }
}
