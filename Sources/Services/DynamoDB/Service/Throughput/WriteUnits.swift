internal import DynamoDBModel
internal import DynamoDBValues

/// What a write of one item takes of its table and of the indexes whose entries it changes.
///
/// - Source: DynamoDB Developer Guide, "Capacity unit consumption for write operations", and "Provisioned throughput
///   considerations" of global and local secondary indexes.
struct WriteUnits: Sendable, Hashable {
    /// One of the table's indexes, by its place among them.
    struct Index: Sendable, Hashable {
        let index: Int
        let units: Double
    }

    /// The larger of the item before and after; one unit for an item that is not there.
    private(set) var table: Double
    /// Empty, and without an allocation, where no index changes.
    private(set) var indexes: [Index] = []

    /// Of the table alone: a write that changes nothing, or one whose condition failed.
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

    /// Adds what an entry of an index takes.
    ///
    /// An entry that moves is a delete and a put; one that stays as it is costs nothing. `old` is the entry's key, nil
    /// where there is none, and the item that it was made of; `new` the key, and what the index holds under it.
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

    /// The table's units with those of its local indexes, which share its capacity.
    func withLocalIndexes(_ table: TableDescriptor) -> Double {
        self.indexes.reduce(self.table) { $0 + (table.indexes[$1.index].isGlobal ? 0 : $1.units) }
    }
}
