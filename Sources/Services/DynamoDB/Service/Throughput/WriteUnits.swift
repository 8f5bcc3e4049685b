internal import DynamoDBModel
internal import DynamoDBValues

/// The write units of one item's write, for its table and for the indexes whose entries it changes.
///
/// - Source: DynamoDB Developer Guide, "Capacity unit consumption for write operations", and "Provisioned throughput
///   considerations" of global and local secondary indexes.
struct WriteUnits: Sendable, Equatable {
    /// One of the table's indexes, by its position.
    struct Index: Sendable, Equatable {
        let index: Int
        let units: Double
    }

    /// By the larger of the item before and after; one unit for an absent item.
    private(set) var table: Double
    /// Empty, without an allocation, when no index changes.
    private(set) var indexes: [Index] = []

    /// Of the table alone: for a write that changes nothing, or whose condition failed.
    init(_ existing: AttributeMap?, _ new: AttributeMap?) {
        self.table = max(
            existing.map { CapacityUnits.write($0) } ?? 1, new.map { CapacityUnits.write($0) } ?? 1)
    }

    /// Of the table and its indexes.
    init(_ existing: AttributeMap?, _ new: AttributeMap?, _ table: TableDescriptor) {
        self.init(existing, new)
        for (place, index) in table.indexes.enumerated() where index.state != .deleting {
            let space = table.space(of: index)
            let newKey = new.flatMap { KeyEncoder.indexKey(space, index.schema, $0, baseKey: []) }
            self.add(
                place, table,
                (existing.flatMap { KeyEncoder.indexKey(space, index.schema, $0, baseKey: []) }, existing),
                (newKey, newKey == nil ? nil : new.map { index.projected($0, table.schema) })
            )
        }
    }

    /// Adds the units of an index entry.
    ///
    /// An entry that moves is a delete and a put; one that does not change is free. `old` is the entry's key with the
    /// item it was made of, nil when there is none; `new` is the key with what the index will hold under it.
    mutating func add(
        _ place: Int, _ table: TableDescriptor, _ old: (key: [UInt8]?, item: AttributeMap?),
        _ new: (key: [UInt8]?, entry: AttributeMap?)
    ) {
        let before = old.key == nil ? nil : old.item.map { table.indexes[place].projected($0, table.schema) }
        let units =
            switch (before, new.entry) {
            case (nil, nil): 0.0
            case (let only?, nil), (nil, let only?): CapacityUnits.write(only)
            case (let before?, let after?):
                if old.key != new.key {
                    CapacityUnits.write(before) + CapacityUnits.write(after)
                } else if before == after {
                    0.0
                } else {
                    max(CapacityUnits.write(before), CapacityUnits.write(after))
                }
            }
        if units > 0 { self.indexes.append(Index(index: place, units: units)) }
    }

    /// What the same write takes in a transaction: the table prepares and commits it, the indexes follow once.
    ///
    /// - Source: answers of AWS in August 2026, as public issues quote them.
    var transactional: WriteUnits {
        var units = self
        units.table *= 2
        return units
    }

    /// The table's units together with those of its local indexes, which share its capacity.
    func withLocalIndexes(_ table: TableDescriptor) -> Double {
        self.indexes.reduce(self.table) { $0 + (table.indexes[$1.index].isGlobal ? 0 : $1.units) }
    }
}
