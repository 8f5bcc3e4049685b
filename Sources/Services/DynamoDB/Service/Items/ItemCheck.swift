internal import DynamoDBValues
internal import ServiceModel

/// Checks of an item that is to be stored.
///
/// An index that is being backfilled imposes no rules: items that do not fit its key are left out of it.
enum ItemCheck {
    /// Checks the size of an item to be put, before its table is read.
    static func size(_ item: AttributeMap) throws(ValidationFailure) {
        guard !item.isTooLarge else { throw .itemTooLarge }
    }

    /// Checks the keys of an item to be put: the table's, then those of its indexes.
    static func keys(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        try KeyCheck.item(item, table.schema)
        for index in table.indexes where index.state == .active {
            try KeyCheck.indexAttributes(item, index.schema, indexName: index.name)
        }
        for index in table.vectorIndexes where index.state == .active { try index.check(item) }
    }

    /// Checks that no key attribute is empty.
    static func contents(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        try KeyCheck.contents(item, table.schema, indexName: nil)
        for index in table.indexes { try KeyCheck.contents(item, index.schema, indexName: index.name) }
    }

    /// Checks the keys of an item in a batch, about which AWS says less than about a single one.
    static func batchKeys(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        guard table.schema.elements.allSatisfy({ item[$0.name]?.type == $0.type }) else { throw .keyElement }
        try self.keys(item, table)
    }

    /// Checks the result of an update; its size is checked where it is made.
    static func updated(
        _ item: AttributeMap, was before: AttributeMap?, _ table: TableDescriptor
    ) throws(ValidationFailure) {
        for index in table.indexes where index.state == .active {
            try KeyCheck.updatedIndexAttributes(item, was: before, index.schema)
        }
        for index in table.vectorIndexes where index.state == .active { try index.check(item, was: before) }
    }
}
