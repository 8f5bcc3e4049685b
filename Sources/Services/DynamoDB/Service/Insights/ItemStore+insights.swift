internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// Metering that also counts by key, for tables with Contributor Insights.
extension ItemStore {
    /// AWS counts a write unit as three read units.
    /// - Source: DynamoDB Developer Guide, "CloudWatch contributor insights for DynamoDB: How it works",
    ///   `ConsumedThroughputUnits`.
    private static let writeWeight = 3.0

    /// Admits a request for a key, or counts it as throttled.
    func admit(_ kind: CapacityKind, _ key: AttributeMap, _ table: TableDescriptor) throws(ServiceError) {
        if let refusal = self.refusal(kind, key, table) { throw refusal.error }
    }

    /// The same, for callers that continue with other keys.
    func refusal(_ kind: CapacityKind, _ key: AttributeMap, _ table: TableDescriptor) -> Throttled? {
        guard let refusal = self.meters.refusal(kind, table) else { return nil }
        self.insights.noteThrottled(key, table)
        return refusal
    }

    func chargeRead(_ units: Double, _ key: AttributeMap, _ table: TableDescriptor) {
        self.meters.chargeRead(units, table)
        self.insights.noteAccess(units, key, table)
    }

    /// Charges a write of the item at a key; `item` is the new item, or the former one of a delete.
    func charge(
        _ units: WriteUnits, _ key: AttributeMap, _ item: AttributeMap?, _ table: TableDescriptor
    ) {
        self.meters.charge(units, table)
        guard table.insights.isCounting else { return }
        self.insights.noteAccess(units.withLocalIndexes(table) * Self.writeWeight, key, table)
        guard let item else { return }
        for entry in units.indexes where table.indexes[entry.index].isGlobal {
            self.insights.noteAccess(entry.units * Self.writeWeight, item, table, table.indexes[entry.index])
        }
    }

    /// Charges a write in a transaction. The deletion of a missing item has no key to count.
    func chargeTransactional(
        _ units: WriteUnits, _ existing: AttributeMap?, _ new: AttributeMap?, _ table: TableDescriptor
    ) {
        if let item = new ?? existing {
            self.charge(units.transactional, item, item, table)
        } else {
            self.meters.charge(units.transactional, table)
        }
    }

    /// A page of a Query counts once, for its partition; for a Scan, each evaluated item counts.
    func charge(_ page: PageAnswer, _ request: PageRequest) {
        self.meters.charge(page, request)
        guard request.table.insights.isCounting, let partition = request.partition else { return }
        self.insights.noteQuery(
            Meters.units(page, request), partition: partition, request.table, request.index)
    }

    /// Counts an item that a Scan evaluates.
    func noteScanned(_ item: AttributeMap, _ request: PageRequest) {
        let units = CapacityUnits.read(bytes: item.itemBytes, request.isConsistent ? .strong : .eventual)
        self.insights.noteAccess(units, item, request.table, request.index)
    }
}
