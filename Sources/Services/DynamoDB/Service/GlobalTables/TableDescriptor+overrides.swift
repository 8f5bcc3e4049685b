internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// The settings that a replica can override: read capacity units, and the table's class.
///
/// - Source: DynamoDB Developer Guide, "Settings synchronization", and answers recorded on AWS in October 2026 by a
///   laboratory of the AWS Controllers for Kubernetes.
extension TableDescriptor {
    /// Applies the overrides of a new replica. AWS ignores overrides that do not apply to its billing mode, and those
    /// of unknown indexes.
    mutating func override(
        _ action: CreateReplicationGroupMemberAction, _ now: Timestamp
    ) throws(ServiceError) {
        if let units = action.provisionedThroughputOverride?.readCapacityUnits, !self.isOnDemand {
            self.throughput.read = units
        }
        if let units = action.onDemandThroughputOverride?.maxReadRequestUnits, self.isOnDemand {
            Self.limitReads(&self.settings.onDemandLimit, to: units)
        }
        for given in action.globalSecondaryIndexes ?? [] {
            guard let place = self.indexes.firstIndex(where: { $0.isGlobal && $0.name == given.indexName }) else {
                continue
            }
            if let units = given.provisionedThroughputOverride?.readCapacityUnits, !self.isOnDemand {
                self.indexes[place].throughput.read = units
            }
            if let units = given.onDemandThroughputOverride?.maxReadRequestUnits, self.isOnDemand {
                Self.limitReads(&self.indexes[place].onDemandLimit, to: units)
            }
        }
        if let given = action.tableClassOverride { try self.changeClass(to: given.rawValue, now) }
    }

    /// Applies the overrides of an existing replica; a value equal to the table's is not an override.
    mutating func override(
        _ action: UpdateReplicationGroupMemberAction, _ update: TableUpdate
    ) throws(ServiceError) {
        // The encryption key is changed in the replica's own region.
        guard action.kmsMasterKeyID == nil else { throw ReplicaKey.missing }
        if let units = action.provisionedThroughputOverride?.readCapacityUnits {
            let new = try self.reads(units, self.throughput, update)
            try self.throughputHistory.change(from: self.throughput, to: new, update.now)
            self.throughput = new
        }
        if let units = action.onDemandThroughputOverride?.maxReadRequestUnits {
            try self.checkOnDemand()
            Self.limitReads(&self.settings.onDemandLimit, to: units)
        }
        for given in action.globalSecondaryIndexes ?? [] { try self.override(given, update) }
        if let given = action.tableClassOverride { try self.changeClass(to: given.rawValue, update.now) }
    }

    private mutating func override(
        _ given: ReplicaGlobalSecondaryIndex, _ update: TableUpdate
    ) throws(ServiceError) {
        guard let place = self.indexes.firstIndex(where: { $0.isGlobal && $0.name == given.indexName }) else {
            throw .indexNotFound(given.indexName, self.name)
        }
        if let units = given.provisionedThroughputOverride?.readCapacityUnits {
            let old = self.indexes[place].throughput
            let new = try self.reads(units, old, update)
            try self.indexes[place].throughputHistory.change(from: old, to: new, update.now)
            self.indexes[place].throughput = new
        }
        if let units = given.onDemandThroughputOverride?.maxReadRequestUnits {
            try self.checkOnDemand()
            Self.limitReads(&self.indexes[place].onDemandLimit, to: units)
        }
    }

    private func reads(
        _ units: Int, _ old: Throughput, _ update: TableUpdate
    ) throws(ServiceError) -> Throughput {
        guard !self.isOnDemand else {
            throw .validation(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
        }
        let given = ProvisionedThroughput(readCapacityUnits: units, writeCapacityUnits: max(1, old.write))
        return Throughput(read: try update.throughput(given, .table).read, write: old.write)
    }

    private func checkOnDemand() throws(ServiceError) {
        guard self.isOnDemand else {
            throw .validation(
                "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is "
                    + "PROVISIONED")
        }
    }

    /// -1 removes the limit.
    private static func limitReads(_ limit: inout UnitPair?, to units: Int) {
        limit = UnitPair(read: units == -1 ? nil : units, write: limit?.write)
    }
}
