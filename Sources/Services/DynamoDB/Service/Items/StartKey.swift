internal import DynamoDBValues
internal import KeyValue

/// `ExclusiveStartKey`: where a page goes on.
enum StartKey {
    static let invalid = ValidationFailure("The provided starting key is invalid")

    /// The range that is left after (or, in reverse, before) the item of the key.
    static func rest(
        of range: KeyRange, after key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor?, reverse: Bool
    ) throws(ValidationFailure) -> KeyRange {
        let place = try self.place(key, table, index)
        guard !reverse else {
            return KeyRange(start: range.start, end: range.end.map { min($0, place) } ?? place)
        }
        let next = place + [0]
        return KeyRange(start: max(range.start, next), end: range.end)
    }

    private static func place(
        _ key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor?
    ) throws(ValidationFailure) -> [UInt8] {
        if let failure = key.failure {
            throw ValidationFailure("The provided starting key is invalid: \(failure.message)")
        }
        let elements = Set(table.schema.elements + (index?.schema.elements ?? []))
        guard key.count == elements.count else { throw Self.wrongSchema(index) }
        for element in elements {
            guard let value = key[element.name], value.type == element.type else { throw Self.wrongSchema(index) }
        }
        let base = KeyEncoder.tableKey(table.space, table.schema, key)
        guard let index else { return base }
        guard let place = KeyEncoder.indexKey(table.space(of: index), index.schema, key, baseKey: base) else {
            throw Self.wrongSchema(index)
        }
        return place
    }

    private static func wrongSchema(_ index: IndexDescriptor?) -> ValidationFailure {
        index == nil
            ? ValidationFailure(
                "The provided starting key is invalid: The provided key element does not match the schema")
            : Self.invalid
    }

    private static func min(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        KeyOrder.compare(left, right) <= 0 ? left : right
    }

    private static func max(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        KeyOrder.compare(left, right) >= 0 ? left : right
    }
}
