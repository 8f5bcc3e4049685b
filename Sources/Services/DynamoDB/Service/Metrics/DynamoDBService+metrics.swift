internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Telemetry

/// The metrics of `AWS/DynamoDB`, reported once a minute.
///
/// - Source: DynamoDB Developer Guide, "DynamoDB metrics and dimensions".
extension DynamoDBService {
    private static let minuteMilliseconds: Int64 = 60_000
    /// "For all other DynamoDB metrics, the aggregation granularity is five minutes."
    private static let limitMinutes: Int64 = 5

    /// Reports the metrics at the end of each minute, until the server stops.
    func startPublishingMetrics() {
        self.jobs.start("metrics", in: .everyProcess) {
            await self.publishLimits()
            while !Task.isCancelled {
                let now = self.clock.now().millisecondsSinceEpoch
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.minuteMilliseconds - now % Self.minuteMilliseconds))
                self.publishMetrics()
                let minute = self.clock.now().secondsSinceEpoch.flooredQuotient(60)
                if minute % Self.limitMinutes == 0 { await self.publishLimits() }
            }
        }
    }

    /// Reports the counts since the last report, with the minute in which they started.
    ///
    /// More frequent reports add up to the same.
    package func publishMetrics() {
        let report = self.operationMeter.take(now: self.clock.now())
        for (key, counts) in report.operations { self.tell(key, counts, report.start) }
        for (caller, count) in report.userErrors {
            let datum = Self.datum("UserErrors", [], StatisticSet(of: 1, samples: count))
            self.telemetry.record(datum, account: caller.account, region: caller.region, time: report.start)
        }
        self.publishConsumption(report.start)
    }

    // One operation on one table

    private func tell(_ key: OperationMeter.Key, _ counts: OperationMeter.Counts, _ time: Timestamp) {
        let table = MetricDatum.Dimension("TableName", key.table.name)
        let operation = MetricDatum.Dimension("Operation", key.operation.name)
        func tell(_ name: String, _ dimensions: [MetricDatum.Dimension], _ set: StatisticSet, _ unit: String = "Count")
        {
            guard set.sampleCount > 0 else { return }
            let datum = Self.datum(name, dimensions, set, unit)
            self.telemetry.record(datum, account: key.table.account, region: key.table.region, time: time)
        }
        var ways = [[operation, table]]
        if let name = key.operation.qualifierName, !key.qualifier.isEmpty {
            let whole = [operation, MetricDatum.Dimension(name, key.qualifier), table].sorted { $0.name < $1.name }
            // Records of a stream are only counted for the stream; statements are counted with and without their verb.
            ways = key.operation == .getRecords ? [whole] : ways + [whole]
        }
        for dimensions in ways {
            tell("SuccessfulRequestLatency", dimensions, counts.latency, "Milliseconds")
            tell("ThrottledRequests", dimensions, StatisticSet(of: 1, samples: counts.throttled))
            tell("SystemErrors", dimensions, StatisticSet(of: 1, samples: counts.systemErrors))
            let returned = key.operation == .getRecords ? "ReturnedRecordsCount" : "ReturnedItemCount"
            tell(returned, dimensions, counts.returned)
            tell("ReturnedBytes", dimensions, counts.returnedBytes, "Bytes")
        }
        tell("ConditionalCheckFailedRequests", [table], StatisticSet(of: 1, samples: counts.failedConditions))
        tell("TransactionConflict", [table], counts.conflicts)
    }

    // Consumption of tables and indexes

    private func publishConsumption(_ time: Timestamp) {
        var gone: [UInt64] = []
        for (number, meter) in self.meters.all {
            let parts = meter.takeCounts().filter { !$0.isUnused }
            for part in parts {
                self.tell(part, meter.table, time)
                self.capacityUse.add(part, of: number)
            }
            if let table = self.catalog.cached(meter.table)?.descriptor, table.number == number {
                meter.keepIndexes(Set(table.indexes.map(\.number)))
            } else if parts.isEmpty {
                gone.append(number)
            }
        }
        self.meters.forget(gone)
    }

    private func tell(_ part: TableMeter.Part, _ table: TableReference, _ time: Timestamp) {
        let dimensions = Self.dimensions(table.name, index: part.index?.name)
        func tell(_ name: String, _ set: StatisticSet) {
            guard set.sampleCount > 0 else { return }
            let datum = Self.datum(name, dimensions, set)
            self.telemetry.record(datum, account: table.account, region: table.region, time: time)
        }
        for (word, count) in [("Read", part.read), ("Write", part.write)] {
            tell("Consumed\(word)CapacityUnits", count.consumed)
            let (byProvision, byMaximum) = (count.throttledByProvision, count.throttledByMaximum)
            tell("\(word)ThrottleEvents", StatisticSet(of: 1, samples: byProvision + byMaximum))
            tell("\(word)ProvisionedThroughputThrottleEvents", StatisticSet(of: 1, samples: byProvision))
            tell("\(word)MaxOnDemandThroughputThrottleEvents", StatisticSet(of: 1, samples: byMaximum))
        }
    }

    // Capacity of tables and indexes

    /// Reports the throughput of all tables and their global indexes, used or not, the utilization of accounts, and the
    /// quotas of each account that has a table.
    package func publishLimits() async {
        var range = CatalogKeys.allTables
        var accounts: Set<OperationMeter.Caller> = []
        let now = self.clock.now()
        var use = self.capacityUse.take(now: now)
        do throws(ServiceError) {
            while !range.isEmpty, !Task.isCancelled {
                let page = try await self.catalog.scan(range, limit: TableCatalog.sliceCountMax)
                for entry in page.entries {
                    guard let table = TableRecord.decode(entry.record.value) else { continue }
                    for index in [nil] + table.indexes.filter(\.isGlobal).map(Optional.some) {
                        self.publishLimits(table, index, now)
                        use?.add(table, index)
                    }
                    let caller = OperationMeter.Caller(account: table.account, region: table.region)
                    if accounts.insert(caller).inserted { self.publishQuotas(caller, now) }
                }
                guard let continuation = page.continuation else { break }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // The error of the store is reported on /readyz; the next attempt is in five minutes.
            return
        }
        for (caller, name, percent) in use?.metrics ?? [] {
            let datum = Self.datum(name, [], StatisticSet(of: percent), "Percent")
            self.telemetry.record(datum, account: caller.account, region: caller.region, time: now)
        }
    }

    private func publishLimits(_ table: TableDescriptor, _ index: IndexDescriptor?, _ time: Timestamp) {
        for kind in CapacityKind.allCases {
            guard let limit = table.limit(kind, index) else { continue }
            let word = kind == .read ? "Read" : "Write"
            let name =
                switch limit.source {
                case .provisioned: "Provisioned\(word)CapacityUnits"
                case .onDemandMaximum: "OnDemandMax\(word)RequestUnits"
                }
            let datum = Self.datum(
                name, Self.dimensions(table.name, index: index?.name), StatisticSet(of: Double(limit.rate)))
            self.telemetry.record(datum, account: table.account, region: table.region, time: time)
        }
    }

    private func publishQuotas(_ caller: OperationMeter.Caller, _ time: Timestamp) {
        let quotas = [
            ("AccountMaxReads", Self.accountCapacityUnitsMax), ("AccountMaxWrites", Self.accountCapacityUnitsMax),
            ("AccountMaxTableLevelReads", Self.tableCapacityUnitsMax),
            ("AccountMaxTableLevelWrites", Self.tableCapacityUnitsMax),
        ]
        for (name, quota) in quotas {
            let datum = Self.datum(name, [], StatisticSet(of: Double(quota)))
            self.telemetry.record(datum, account: caller.account, region: caller.region, time: time)
        }
    }

    // Data

    private static func dimensions(_ table: String, index: String?) -> [MetricDatum.Dimension] {
        let table = MetricDatum.Dimension("TableName", table)
        return index.map { [MetricDatum.Dimension("GlobalSecondaryIndexName", $0), table] } ?? [table]
    }

    private static func datum(
        _ name: String, _ dimensions: [MetricDatum.Dimension], _ set: StatisticSet, _ unit: String = "Count"
    ) -> MetricDatum {
        MetricDatum(namespace: "AWS/DynamoDB", name: name, dimensions: dimensions, statistics: set, unit: unit)
    }
}

extension TableMeter.Part {
    fileprivate var isUnused: Bool { self.read.isUnused && self.write.isUnused }
}

extension TableMeter.Count {
    fileprivate var isUnused: Bool {
        self.consumed.sampleCount == 0 && self.throttledByProvision == 0 && self.throttledByMaximum == 0
    }
}
