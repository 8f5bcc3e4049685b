internal import DynamoDBValues
internal import ServiceModel

/// Checks of an item that is to be stored.
///
/// An index that is being filled demands nothing: an item that does not fit its key is left out of it.
enum ItemCheck {
    /// An item that is put, before its table is looked at.
    static func size(_ item: AttributeMap) throws(ValidationFailure) {
        // The stored form has at least half the bytes that count, so a small one needs no counting.
        guard item.byteCount * 2 > AttributeMap.itemBytesMax else { return }
        guard item.itemBytes <= AttributeMap.itemBytesMax else { throw .itemTooLarge }
    }

    /// The keys of an item that is put: the table's, then those of its indexes.
    static func keys(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        try KeyCheck.item(item, table.schema)
        for index in table.indexes where index.state == .active {
            try KeyCheck.indexAttributes(item, index.schema, indexName: index.name)
        }
        for index in table.vectorIndexes where index.state == .active { try index.check(item) }
    }

    /// That no key attribute is empty.
    static func contents(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        try KeyCheck.contents(item, table.schema, indexName: nil)
        for index in table.indexes { try KeyCheck.contents(item, index.schema, indexName: index.name) }
    }

    /// The keys of an item in a batch, of which AWS says less than of a single one.
    static func batchKeys(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        guard table.schema.elements.allSatisfy({ item[$0.name]?.type == $0.type }) else { throw .keyElement }
        try self.keys(item, table)
    }

    /// What an update made of an item; its size is looked at where it is made.
    static func updated(
        _ item: AttributeMap, was before: AttributeMap?, _ table: TableDescriptor
    ) throws(ValidationFailure) {
        for index in table.indexes where index.state == .active {
            try KeyCheck.updatedIndexAttributes(item, was: before, index.schema)
        }
        for index in table.vectorIndexes where index.state == .active { try index.check(item, was: before) }
    }
}
