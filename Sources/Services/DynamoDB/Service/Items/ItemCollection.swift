internal import DynamoDBModel
internal import DynamoDBValues

/// An item collection: the items with one partition key, in a table with local secondary indexes.
enum ItemCollection {
    /// The metrics of an item's collection; nil unless asked for, and for tables without local indexes.
    ///
    /// The estimate is AWS's lowest, 0 to 1 GB: collections are not measured.
    static func metrics(
        _ item: AttributeMap, _ table: TableDescriptor, _ wanted: ReturnItemCollectionMetrics?
    ) -> ItemCollectionMetrics? {
        guard wanted == .size, table.indexes.contains(where: { !$0.isGlobal }) else { return nil }
        let key = item.filter { name in table.schema.partition.contains { $0.name.utf8.elementsEqual(name) } }
        return ItemCollectionMetrics(itemCollectionKey: key, sizeEstimateRangeGB: [0, 1])
    }
}
