internal import DynamoDBValues

/// A secondary index.
struct IndexDescriptor: Sendable, Equatable {
    /// The part of an item that an index entry contains.
    enum Projection: Sendable, Equatable {
        case all
        case keysOnly
        /// Keys and these attributes.
        case include([String])
    }

    var name: String
    /// From 1; never reused in the table.
    var number: UInt16
    var isGlobal: Bool
    var schema: KeySchema
    var projection: Projection
    var state = IndexState.active
    /// Zero for on-demand tables.
    var throughput = Throughput(read: 0, write: 0)
    var throughputHistory = ThroughputHistory()
    /// Stored and shown, but without effect, like the table's.
    var onDemandLimit: UnitPair?
    var warmThroughput: UnitPair?

    /// The attributes of an item that the index contains.
    func projected(_ item: AttributeMap, _ table: KeySchema) -> AttributeMap {
        self.projection == .all ? item : item.filter { self.isProjected($0, table) }
    }

    /// Whether the index contains the attribute of that name.
    func isProjected(_ name: some Sequence<UInt8>, _ table: KeySchema) -> Bool {
        switch self.projection {
        case .all: true
        case .keysOnly: self.schema.contains(name) || table.contains(name)
        case .include(let names):
            self.schema.contains(name) || table.contains(name) || names.contains { $0.utf8.elementsEqual(name) }
        }
    }
}

/// Provisioned units per second.
struct Throughput: Sendable, Equatable {
    var read: Int
    var write: Int
}
