internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// The result of a batch of records: what to put, what to report, and the operation's progress afterwards.
///
/// Pure: computed from the records, the table and the existing items; computed again when a concurrent writer won.
struct BulkDecision {
    /// A record, with the key of its item if that can be put.
    struct Planned {
        let record: BulkRecord
        var key: [UInt8]?
        var failure: String?
    }

    private let table: TableDescriptor
    private(set) var own: BulkDescriptor
    private(set) var writes: [Write] = []
    private(set) var logAppends: [LogAppend] = []
    /// Write units of what was put, and of the items read for failed conditions.
    private(set) var units = 0.0

    init(_ own: BulkDescriptor, _ table: TableDescriptor) {
        self.own = own
        self.table = table
    }

    /// Determines the items' keys: takes records until a key repeats, at least one.
    static func plan(_ records: ArraySlice<BulkRecord>, _ table: TableDescriptor) -> [Planned] {
        var planned: [Planned] = []
        var seen: Set<[UInt8]> = []
        for record in records {
            guard case .put(let item, let condition) = record.outcome else {
                planned.append(Planned(record: record))
                continue
            }
            do throws(ValidationFailure) {
                try ItemCheck.keys(item, table)
                try condition.check(table)
            } catch {
                planned.append(Planned(record: record, failure: error.message))
                continue
            }
            let key = KeyEncoder.tableKey(table.space, table.schema, item)
            // The later record must see the result of the earlier one.
            guard seen.insert(key).inserted else { break }
            planned.append(Planned(record: record, key: key))
        }
        return planned
    }

    /// Decides on one record; `existing` is the item under its key.
    mutating func take(_ planned: Planned, _ existing: AttributeMap?) {
        let record = planned.record
        self.own.processedCount += 1
        switch record.outcome {
        case .put(let item, let condition):
            if let failure = planned.failure {
                self.refuse(record, failure, item)
            } else if let key = planned.key {
                self.put(record, item, condition, key, existing)
            }
        case .refused(let reason, let item): self.refuse(record, reason, item)
        case .malformed(let reason): self.refuse(record, reason, nil)
        }
        self.own.place?.offset = record.end
        self.own.place?.recordCount = record.number
    }

    private mutating func put(
        _ record: BulkRecord, _ item: AttributeMap, _ condition: WriteCondition, _ key: [UInt8],
        _ existing: AttributeMap?
    ) {
        // Its only error is that the condition does not hold.
        guard (try? condition.check(existing)) != nil else {
            self.own.conditionFailureCount += 1
            self.units += WriteUnits(existing, nil).table
            self.report(.conditionCheckFailure, record, "The conditional request failed", item, existing)
            return
        }
        let effects = ItemStore.effects(.put(item), at: key, existing, self.table)
        self.writes += effects.writes
        self.logAppends += effects.logAppends
        self.units += effects.units.indexes.reduce(effects.units.table) { $0 + $1.units }
        self.own.usage = self.own.usage + self.usage(item, existing, effects)
    }

    private func usage(_ item: AttributeMap, _ existing: AttributeMap?, _ effects: ItemStore.Effects) -> BulkUsage {
        var usage = BulkUsage(table: item.itemBytes)
        for entry in effects.units.indexes {
            let index = self.table.indexes[entry.index]
            // Without the index key, the item has no new entry: its former one is only deleted.
            guard KeyEncoder.indexKey(self.table.space(of: index), index.schema, item, baseKey: []) != nil else {
                continue
            }
            let bytes = index.projected(item, self.table.schema).itemBytes
            if index.isGlobal { usage.global[index.name] = bytes } else { usage.local[index.name] = bytes }
        }
        for index in self.table.vectorIndexes where index.state != .deleting {
            let bytes = index.writtenBytes(existing, item, self.table.schema)
            if bytes > 0 { usage.vector[index.name] = bytes }
        }
        return usage
    }

    private mutating func refuse(_ record: BulkRecord, _ reason: String, _ item: AttributeMap?) {
        self.own.failedCount += 1
        self.report(.error, record, reason, item, nil)
    }

    /// Adds an entry to a report, if the request wants that report.
    private mutating func report(
        _ report: BulkReport, _ record: BulkRecord, _ reason: String, _ item: AttributeMap?,
        _ existing: AttributeMap?
    ) {
        guard self.own.reports(report) else { return }
        let entry = BulkEntry(
            object: self.own.place?.key ?? "", record: record.number, message: reason,
            text: String(decoding: record.text, as: UTF8.self), item: item, existing: existing)
        let number = self.own.reports[report].next
        self.writes += entry.writes(self.own.copy, report, number)
        self.own.reports[report].next += 1
        self.own.reports[report].waitingBytes += entry.bytes
    }

    /// Marks the object being read as done.
    mutating func endObject(bytes: Int) {
        guard let place = self.own.place else { return }
        self.own.lastKey = place.key
        self.own.doneBytes += bytes
        self.own.placeBytes = 0
        self.own.place = nil
    }
}
