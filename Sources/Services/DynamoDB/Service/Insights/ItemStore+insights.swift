internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// What is metered is counted by its keys too, where a table asks for that.
extension ItemStore {
    /// AWS weighs a unit of writing as three of reading.
    /// - Source: DynamoDB Developer Guide, "CloudWatch contributor insights for DynamoDB: How it works",
    ///   `ConsumedThroughputUnits`.
    private static let writeWeight = 3.0

    /// Lets a request for a key in, or notes that it was throttled.
    func admit(_ kind: CapacityKind, _ key: AttributeMap, _ table: TableDescriptor) throws(ServiceError) {
        if let refusal = self.refusal(kind, key, table) { throw refusal.error }
    }

    /// The same, for callers who go on with other keys.
    func refusal(_ kind: CapacityKind, _ key: AttributeMap, _ table: TableDescriptor) -> Throttled? {
        guard let refusal = self.meters.refusal(kind, table) else { return nil }
        self.insights.noteThrottled(key, table)
        return refusal
    }

    func chargeRead(_ units: Double, _ key: AttributeMap, _ table: TableDescriptor) {
        self.meters.chargeRead(units, table)
        self.insights.noteAccess(units, key, table)
    }

    /// A write of the item under a key; `item` is what there is afterwards, or was before a delete.
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

    /// A write in a transaction. What was deleted without being there has no key to count.
    func chargeTransactional(
        _ units: WriteUnits, _ existing: AttributeMap?, _ new: AttributeMap?, _ table: TableDescriptor
    ) {
        if let item = new ?? existing {
            self.charge(units.transactional, item, item, table)
        } else {
            self.meters.charge(units.transactional, table)
        }
    }

    /// A page of a Query counts once, for its partition; what a Scan meets counts item by item, as it is met.
    func charge(_ page: PageAnswer, _ request: PageRequest) {
        self.meters.charge(page, request)
        guard request.table.insights.isCounting, let partition = request.partition else { return }
        self.insights.noteQuery(
            Meters.units(page, request), partition: partition, request.table, request.index)
    }

    /// For what a Scan of a table that is counting meets.
    func noteScanned(_ item: AttributeMap, _ request: PageRequest) {
        let units = CapacityUnits.read(bytes: item.itemBytes, request.isConsistent ? .strong : .eventual)
        self.insights.noteAccess(units, item, request.table, request.index)
    }
}
