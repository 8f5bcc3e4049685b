internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// The capacity quotas of an account, as shown by DescribeLimits.
///
/// - Source: AWS's answers as a laboratory of the AWS Controllers for Kubernetes recorded them in October 2026.
enum CapacityQuotas {
    static let guide =
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."

    /// Refuses provisioned units of a table, or of an index, beyond the quota for one table or index.
    static func check(_ value: Int, _ name: String, index: String?, _ region: Region) throws(ServiceError) {
        let max = DynamoDBService.tableCapacityUnitsMax
        guard value > max else { return }
        let kind = index == nil ? "table" : "index"
        let place = index.map { " for index \($0)" } ?? ""
        throw DynamoDBError.limitExceeded(
            message: "The requested \(name)\(place), \(value), is above the per \(kind) maximum for the account in "
                + "\(region). Per \(kind) maximum: \(max). \(self.guide)")
    }

    /// Refuses maximum throughput or warm throughput beyond the quota for a table; `requested` describes the units and
    /// their owner.
    static func check(_ value: Int, _ requested: String, _ region: Region) throws(ServiceError) {
        guard value > DynamoDBService.tableCapacityUnitsMax else { return }
        // An index may have any name, so only the beginning is significant.
        let isRead = requested.hasPrefix("Read") || requested.hasPrefix("MaxRead")
        let quota = isRead ? "TableMaxReadCapacityUnits" : "TableMaxWriteCapacityUnits"
        throw DynamoDBError.limitExceeded(
            message: "Subscriber limit exceeded: Requested \(requested) exceeds \(quota) of the account in region "
                + "\(region)")
    }

    /// Checks the units of a new table, its maximum throughput and its indexes.
    static func check(_ table: TableDescriptor) throws(ServiceError) {
        let global = table.indexes.filter(\.isGlobal)
        for (index, units) in [(nil, table.throughput)] + global.map({ ($0.name, $0.throughput) }) {
            try self.check(units.read, "ReadCapacityUnits", index: index, table.region)
            try self.check(units.write, "WriteCapacityUnits", index: index, table.region)
        }
        let settings = table.settings
        try self.check(settings.onDemandLimit, settings.warmThroughput, nil, table.region)
        for index in global { try self.check(index.onDemandLimit, index.warmThroughput, index.name, table.region) }
    }

    private static func check(
        _ bounds: UnitPair?, _ warm: UnitPair?, _ index: String?, _ region: Region
    ) throws(ServiceError) {
        let boundsPlace = index.map { "index : \($0)" } ?? "table"
        let warmPlace = index.map { "index \($0)" } ?? "table"
        let requested = [
            ("MaxReadRequestUnits for OnDemandThroughput for \(boundsPlace)", bounds?.read),
            ("MaxWriteRequestUnits for OnDemandThroughput for \(boundsPlace)", bounds?.write),
            ("ReadUnitsPerSecond for WarmThroughput for \(warmPlace)", warm?.read),
            ("WriteUnitsPerSecond for WarmThroughput for \(warmPlace)", warm?.write),
        ]
        for case (let name, let value?) in requested { try self.check(value, name, region) }
    }

    /// Refuses units with which the account would exceed its quota; `reserved` are its present units.
    static func check(
        from old: Throughput, to new: Throughput, reserved: Throughput, _ region: Region
    ) throws(ServiceError) {
        let max = DynamoDBService.accountCapacityUnitsMax
        for (name, more, present) in [
            ("ReadCapacityUnits", new.read - old.read, reserved.read),
            ("WriteCapacityUnits", new.write - old.write, reserved.write),
        ] where more > 0 && present + more > max {
            throw DynamoDBError.limitExceeded(
                message: "This request would have caused the \(name) limit to be exceeded for the account in "
                    + "\(region). Current \(name) reserved by the account: \(present). Limit: \(max). "
                    + "Requested: \(more). \(self.guide)"
            )
        }
    }
}

extension TableDescriptor {
    /// The provisioned units of the table and its global indexes together.
    var reserved: Throughput {
        self.indexes.reduce(into: self.throughput) { sum, index in
            sum.read += index.throughput.read
            sum.write += index.throughput.write
        }
    }
}

extension TableCatalog {
    /// Refuses a new or changed table with which table, index or account would exceed their quotas.
    ///
    /// The account's tables are read only if units increase. Two concurrent requests can exceed the quota together.
    func checkQuotas(from old: TableDescriptor?, to new: TableDescriptor) async throws(ServiceError) {
        if old == nil { try CapacityQuotas.check(new) }
        let before = old?.reserved ?? Throughput(read: 0, write: 0)
        let after = new.reserved
        guard after.read > before.read || after.write > before.write else { return }
        var reserved = Throughput(read: 0, write: 0)
        var range = CatalogKeys.tables(new.account, new.region)
        while !range.isEmpty {
            let page = try await self.scan(range, limit: Self.sliceCountMax)
            for entry in page.entries {
                guard let table = TableRecord.decode(entry.record.value) else {
                    throw ServiceError(.corrupt("table record"))
                }
                let own = table.reserved
                reserved.read += own.read
                reserved.write += own.write
            }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
            // The pages may come from memory, without suspension: this lets other tasks run between them.
            await Task.yield()
        }
        try CapacityQuotas.check(from: before, to: after, reserved: reserved, new.region)
    }
}
