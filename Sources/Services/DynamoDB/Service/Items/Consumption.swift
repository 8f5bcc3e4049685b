internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// Counts what an operation consumes of one table and its indexes, and reports it as far as the request asks.
struct Consumption {
    let table: String
    /// What the request asks to be told; nothing is counted where that is nothing.
    private let wanted: ReturnConsumedCapacity?
    private(set) var tableUnits = 0.0
    private var indexUnits: [(index: IndexDescriptor, units: Double)] = []

    init(_ table: String, for wanted: ReturnConsumedCapacity?) {
        self.table = table
        self.wanted = wanted == .total || wanted == .indexes ? wanted : nil
    }

    mutating func add(_ units: Double) {
        self.tableUnits += units
    }

    mutating func add(_ units: Double, index: IndexDescriptor) {
        if let place = self.indexUnits.firstIndex(where: { $0.index.name == index.name }) {
            self.indexUnits[place].units += units
        } else {
            self.indexUnits.append((index, units))
        }
    }

    /// A write of an item, and of each index entry that it changes.
    ///
    /// The larger of the item before and after counts; an index entry that moves is a delete and a put.
    /// - Source: DynamoDB Developer Guide, "Write operation consumption", "Write throughput considerations" of indexes.
    mutating func addWrite(_ existing: AttributeMap?, _ new: AttributeMap?, _ table: TableDescriptor) {
        guard self.wanted != nil else { return }
        let before = existing?.itemBytes ?? 0
        let after = new?.itemBytes ?? 0
        self.add(CapacityUnits.write(bytes: max(before, after)))
        for index in table.indexes {
            let units = Self.indexUnits(existing, new, index, table)
            if units > 0 { self.add(units, index: index) }
        }
    }

    private static func indexUnits(
        _ existing: AttributeMap?, _ new: AttributeMap?, _ index: IndexDescriptor, _ table: TableDescriptor
    ) -> Double {
        func entry(_ item: AttributeMap?) -> (key: [UInt8], item: AttributeMap)? {
            guard let item,
                let key = KeyEncoder.indexKey(table.space(of: index), index.schema, item, baseKey: [])
            else { return nil }
            return (key, index.projected(item, table.schema))
        }
        switch (entry(existing), entry(new)) {
        case (nil, nil):
            return 0
        case (let old?, nil):
            return CapacityUnits.write(bytes: old.item.itemBytes)
        case (nil, let new?):
            return CapacityUnits.write(bytes: new.item.itemBytes)
        case (let old?, let new?):
            if old.key != new.key {
                return CapacityUnits.write(bytes: old.item.itemBytes) + CapacityUnits.write(bytes: new.item.itemBytes)
            }
            if old.item.bytes == new.item.bytes { return 0 }
            return CapacityUnits.write(bytes: max(old.item.itemBytes, new.item.itemBytes))
        }
    }

    /// - Returns: nil unless the request asks for it.
    func report() -> ConsumedCapacity? {
        guard let wanted = self.wanted else { return nil }
        let total = self.indexUnits.reduce(self.tableUnits) { $0 + $1.units }
        guard wanted == .indexes else { return ConsumedCapacity(tableName: self.table, capacityUnits: total) }
        func capacities(isGlobal: Bool) -> [String: Capacity]? {
            let chosen = self.indexUnits.filter { $0.index.isGlobal == isGlobal }
            return chosen.isEmpty
                ? nil
                : Dictionary(uniqueKeysWithValues: chosen.map { ($0.index.name, Capacity(capacityUnits: $0.units)) })
        }
        return ConsumedCapacity(
            tableName: self.table,
            capacityUnits: total,
            table: Capacity(capacityUnits: self.tableUnits),
            localSecondaryIndexes: capacities(isGlobal: false),
            globalSecondaryIndexes: capacities(isGlobal: true)
        )
    }
}
