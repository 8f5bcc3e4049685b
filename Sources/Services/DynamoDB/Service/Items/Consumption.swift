internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// Adds up what an operation consumes of one table and its indexes, and reports it as far as the request asks.
///
/// Metering, which does not depend on the request, is done where items are read and written; see `Meters`.
struct Consumption {
    /// Transactions are charged differently, and their reports distinguish kinds of units.
    enum Kind: Sendable, Hashable {
        case single, transactionalRead, transactionalWrite
    }

    let table: String
    private let kind: Kind
    /// What the request wants reported; if that is nothing, nothing is added up.
    private let wanted: ReturnConsumedCapacity?
    private(set) var tableUnits = 0.0
    private var indexUnits: [(index: IndexDescriptor, units: Double)] = []
    /// Bytes that writes changed in vector indexes, by index name.
    private var vectorBytes: [String: Double] = [:]

    init(_ table: String, for wanted: ReturnConsumedCapacity?, _ kind: Kind = .single) {
        self.table = table
        self.kind = kind
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

    /// Adds a write of an item, and of each index entry that it changes.
    mutating func addWrite(_ existing: AttributeMap?, _ new: AttributeMap?, _ table: TableDescriptor) {
        guard self.wanted != nil else { return }
        let single = WriteUnits(existing, new, table)
        let units = self.kind == .transactionalWrite ? single.transactional : single
        self.add(units.table)
        for entry in units.indexes { self.add(entry.units, index: table.indexes[entry.index]) }
        for index in table.vectorIndexes where index.state != .deleting {
            let bytes = index.writtenBytes(existing, new, table.schema)
            if bytes > 0 { self.vectorBytes[index.name, default: 0] += Double(bytes) }
        }
    }

    /// Adds an action of a transaction; if it is a repetition, it is charged as a read of its item.
    mutating func addTransactional(_ existing: AttributeMap?, _ new: AttributeMap?, _ table: TableDescriptor) {
        guard self.kind == .transactionalRead else { return self.addWrite(existing, new, table) }
        guard self.wanted != nil else { return }
        self.add(CapacityUnits.read(bytes: new?.itemBytes ?? 0, .transactional))
    }

    /// - Returns: nil unless the request asks for it.
    func report() -> ConsumedCapacity? {
        guard let wanted = self.wanted else { return nil }
        let total = self.indexUnits.reduce(self.tableUnits) { $0 + $1.units }
        var report = ConsumedCapacity(tableName: self.table, capacityUnits: total)
        if self.kind == .transactionalRead { report.readCapacityUnits = total }
        if self.kind == .transactionalWrite { report.writeCapacityUnits = total }
        guard wanted == .indexes else { return report }
        func capacities(isGlobal: Bool) -> [String: Capacity]? {
            let chosen = self.indexUnits.filter { $0.index.isGlobal == isGlobal }
            return chosen.isEmpty
                ? nil
                : Dictionary(uniqueKeysWithValues: chosen.map { ($0.index.name, self.capacity($0.units)) })
        }
        report.table = self.capacity(self.tableUnits)
        report.localSecondaryIndexes = capacities(isGlobal: false)
        report.globalSecondaryIndexes = capacities(isGlobal: true)
        if !self.vectorBytes.isEmpty {
            report.vectorIndexes = self.vectorBytes.mapValues { VectorCapacity(vectorWriteRequestBytes: $0) }
        }
        return report
    }

    private func capacity(_ units: Double) -> Capacity {
        var capacity = Capacity(capacityUnits: units)
        if self.kind == .transactionalRead { capacity.readCapacityUnits = units }
        if self.kind == .transactionalWrite { capacity.writeCapacityUnits = units }
        return capacity
    }

    /// The reports of several tables, in the order in which the request names them first; nil unless it asks for them.
    /// - Source: DynamoDB API Reference, TransactWriteItems, "ConsumedCapacity".
    static func reports(_ consumptions: [String: Consumption], order: [String]) -> [ConsumedCapacity]? {
        var seen: Set<String> = []
        let reports = order.filter { seen.insert($0).inserted }.compactMap { consumptions[$0]?.report() }
        return reports.isEmpty ? nil : reports
    }
}
