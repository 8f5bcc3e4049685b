internal import DynamoDBValues
internal import ServiceModel

/// Checks of an item that is to be stored.
enum ItemCheck {
    /// The item's own values first, then its keys, then its size: AWS's order.
    static func put(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        if let failure = item.failure { throw ValidationFailure(failure.message) }
        try KeyCheck.item(item, table.schema)
        try self.indexes(item, table)
        guard item.itemBytes <= ItemStore.itemBytesMax else {
            throw ValidationFailure("Item size has exceeded the maximum allowed size")
        }
    }

    /// What an update made of an item.
    static func updated(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        try self.indexes(item, table)
        guard item.itemBytes <= ItemStore.itemBytesMax else {
            throw ValidationFailure("Item size to update has exceeded the maximum allowed size")
        }
    }

    private static func indexes(_ item: AttributeMap, _ table: TableDescriptor) throws(ValidationFailure) {
        for index in table.indexes {
            try KeyCheck.indexAttributes(item, index.schema, indexName: index.name)
        }
    }
}
