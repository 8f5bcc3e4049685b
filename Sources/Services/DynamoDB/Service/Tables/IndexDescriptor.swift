internal import DynamoDBValues

/// A secondary index.
struct IndexDescriptor: Sendable, Hashable {
    /// What an index entry holds of its item.
    enum Projection: Sendable, Hashable {
        case all
        case keysOnly
        /// Keys and these attributes.
        case include([String])
    }

    var name: String
    /// From 1, unique in the table for its whole life.
    var number: UInt16
    var isGlobal: Bool
    var schema: KeySchema
    var projection: Projection
    /// Zero for on-demand tables.
    var throughput = Throughput(read: 0, write: 0)
    /// Stored and shown, and without an effect, as the table's.
    var onDemandLimit: UnitPair?
    var warmThroughput: UnitPair?

    /// What the index keeps of an item.
    func projected(_ item: AttributeMap, _ table: KeySchema) -> AttributeMap {
        switch self.projection {
        case .all:
            return item
        case .keysOnly:
            return item.filter { self.schema.contains($0) || table.contains($0) }
        case .include(let names):
            return item.filter { name in
                self.schema.contains(name) || table.contains(name)
                    || names.contains { $0.utf8.elementsEqual(name) }
            }
        }
    }
}

/// Provisioned units a second.
struct Throughput: Sendable, Hashable {
    var read: Int
    var write: Int
}
