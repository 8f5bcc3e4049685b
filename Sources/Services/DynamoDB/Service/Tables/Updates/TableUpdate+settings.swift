internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// Changes besides capacity and indexes.
extension TableUpdate {
    /// The limit on changes of a table's class within a window of time.
    /// - Source: DynamoDB Developer Guide, "Quotas", "Table classes": two in 30 days.
    static let classChangesMax = 2
    static let classWindowSeconds: Int64 = 30 * 86_400

    func applyStream(to table: inout TableDescriptor, _ outcome: inout Outcome) throws(ServiceError) {
        guard let given = self.input.streamSpecification else { return }
        if given.streamEnabled {
            guard let viewType = given.streamViewType else {
                throw .invalid("If stream is being enabled then UpdateViewType is required")
            }
            guard table.enabledStream == nil else {
                throw .validation("Table already has an enabled stream: TableName: \(table.name)")
            }
            table.enableStream(viewType.rawValue, at: self.now)
        } else {
            guard given.streamViewType == nil else {
                throw .invalid("If stream is being disabled, then UpdateViewType must not be specified")
            }
            guard table.enabledStream != nil else {
                throw .validation("Table has no stream to disable: TableName: \(table.name)")
            }
            table.disableStream()
        }
        outcome.isUpdating = true
    }

    /// On-demand limits and warm throughput of the table.
    func applyLimits(to table: inout TableDescriptor, _ outcome: inout Outcome) throws(ServiceError) {
        if let given = self.input.onDemandThroughput {
            let limit = try self.limit(
                table.settings.onDemandLimit, given, .table, isOnDemand: table.isOnDemand)
            table.settings.onDemandLimit = limit
            outcome.onDemandEcho = OnDemandThroughput(
                maxReadRequestUnits: given.maxReadRequestUnits ?? limit?.read,
                maxWriteRequestUnits: given.maxWriteRequestUnits ?? limit?.write)
        }
        if let given = self.input.warmThroughput {
            let old = table.warmUnits(table.settings.warmThroughput, table.throughput)
            table.settings.warmThroughput = try self.warm(old, given, .table)
        }
    }

    func applyClass(to table: inout TableDescriptor, _ outcome: inout Outcome) throws(ServiceError) {
        guard let given = self.input.tableClass else { return }
        outcome.isUpdating = true
        // The default class is not recorded for a table that never had another one.
        if table.tableClass == nil, given == .standard { return }
        let start = Timestamp(
            millisecondsSinceEpoch: self.now.millisecondsSinceEpoch - Self.classWindowSeconds * 1000)
        guard table.tableClassChanges.filter({ $0 > start }).count < Self.classChangesMax else {
            throw DynamoDBError.limitExceeded(
                message:
                    "Subscriber limit exceeded: Updates to TableClass are limited to \(Self.classChangesMax) times "
                    + "in \(Self.classWindowSeconds / 86_400) day(s).")
        }
        guard table.tableClass != given.rawValue else { return }
        table.tableClass = given.rawValue
        table.tableClassChanges = table.tableClassChanges.suffix(Self.classChangesMax - 1) + [self.now]
    }

    func applyEncryption(to table: inout TableDescriptor, _ outcome: inout Outcome) throws(ServiceError) {
        guard let given = self.input.sseSpecification else { return }
        let key = try validating { () throws(ValidationFailure) in
            try SettingsRule.encryptionKeyARN(given, self.context)
        }
        let old = table.settings.encryptionKeyARN
        guard key != nil || old != nil else { throw .invalid("Table is already encrypted by default") }
        if let name = given.kmsMasterKeyID, name.hasPrefix("arn:"), name == old {
            throw .invalid(
                "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to "
                    + "change Master Key")
        }
        table.settings.encryptionKeyARN = key
        outcome.encryptionChanges = true
    }
}
