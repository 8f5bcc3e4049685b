internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

extension TableDescription {
    /// Adds the replicas to a table's description.
    ///
    /// A setting of a replica is shown if it differs from the table's own: then it is an override.
    /// - Source: DynamoDB Developer Guide, "Using vector indexes with global tables": the table is UPDATING while a
    ///   replica is CREATING.
    mutating func show(_ group: TableGroup, at now: Timestamp) {
        guard let replication = group.own.replication else { return }
        self.globalTableVersion = "2019.11.21"
        self.globalTableSettingsReplicationMode = .enabledWithOverrides
        self.disassociationProtectionEnabled = replication.isDisassociationProtected
        self.replicas = group.others.map { $0.replicaDescription(beside: group.own, at: now) }
        let isChanging = replication.isLeaving || group.others.contains { $0.status(at: now) == .creating }
        if self.tableStatus == .active, isChanging {
            self.tableStatus = .updating
        }
    }
}

extension TableDescriptor {
    /// The part about this replica in the description of another one.
    fileprivate func replicaDescription(beside own: TableDescriptor, at now: Timestamp) -> ReplicaDescription {
        let warm = self.warmUnits(self.settings.warmThroughput, self.throughput)
        return ReplicaDescription(
            regionName: self.region.description,
            replicaStatus: self.replicaStatus(at: now),
            kmsMasterKeyID: self.settings.encryptionKeyARN,
            provisionedThroughputOverride: self.throughput.read == own.throughput.read
                ? nil : ProvisionedThroughputOverride(readCapacityUnits: self.throughput.read),
            onDemandThroughputOverride: Self.override(self.settings.onDemandLimit, own.settings.onDemandLimit),
            warmThroughput: TableWarmThroughputDescription(
                readUnitsPerSecond: warm.read, writeUnitsPerSecond: warm.write, status: .active),
            globalSecondaryIndexes: self.replicaIndexes(beside: own),
            replicaTableClassSummary: self.tableClass.map {
                TableClassSummary(
                    tableClass: TableClass(rawValue: $0), lastUpdateDateTime: self.tableClassChanges.last)
            },
            globalTableSettingsReplicationMode: .enabledWithOverrides
        )
    }

    /// A replica that is UPDATING is still shown as ACTIVE.
    func replicaStatus(at now: Timestamp) -> ReplicaStatus {
        switch self.status(at: now) {
        case .creating: .creating
        case .deleting: .deleting
        default: .active
        }
    }

    private func replicaIndexes(beside own: TableDescriptor) -> [ReplicaGlobalSecondaryIndexDescription]? {
        let indexes = self.indexes.filter(\.isGlobal)
        guard !indexes.isEmpty else { return nil }
        return indexes.map { index in
            let base = own.index(index.name)
            let warm = self.warmUnits(index.warmThroughput, index.throughput)
            let isSame = base == nil || base?.throughput.read == index.throughput.read
            return ReplicaGlobalSecondaryIndexDescription(
                indexName: index.name,
                provisionedThroughputOverride: isSame
                    ? nil : ProvisionedThroughputOverride(readCapacityUnits: index.throughput.read),
                onDemandThroughputOverride: Self.override(index.onDemandLimit, base?.onDemandLimit),
                warmThroughput: GlobalSecondaryIndexWarmThroughputDescription(
                    readUnitsPerSecond: warm.read, writeUnitsPerSecond: warm.write, status: .active)
            )
        }
    }

    private static func override(_ limit: UnitPair?, _ base: UnitPair?) -> OnDemandThroughputOverride? {
        guard let read = limit?.read, read != base?.read else { return nil }
        return OnDemandThroughputOverride(maxReadRequestUnits: read)
    }
}
