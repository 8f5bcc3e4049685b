internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

extension TableDescriptor {
    /// The description of the table, with its statistics and, by name, those of its indexes; zero when nothing was
    /// counted.
    ///
    /// `now` determines the current day, for the number of decreases of throughput; nil means the day of the last
    /// decrease.
    func description(
        _ status: TableStatus, at now: Timestamp? = nil, statistics: TableStatistics = TableStatistics(),
        indexStatistics: [String: TableStatistics] = [:]
    ) -> TableDescription {
        let label = self.latestStream?.label
        return TableDescription(
            // AWS sorts the definitions, and keeps the order of key elements and indexes.
            attributeDefinitions: self.attributes.sorted { $0.name < $1.name }.map {
                AttributeDefinition(
                    attributeName: $0.name,
                    attributeType: ScalarAttributeType(rawValue: $0.type.descriptor)
                )
            },
            tableName: self.name,
            keySchema: Self.elements(self.schema),
            tableStatus: status,
            creationDateTime: self.creation,
            provisionedThroughput: Self.throughput(self.throughput, self.throughputHistory, now),
            tableSizeBytes: statistics.sizeBytes,
            itemCount: statistics.itemCount,
            tableARN: self.arn,
            tableID: self.tableID,
            billingModeSummary: self.billingModeSummary(status),
            localSecondaryIndexes: self.localIndexes(indexStatistics),
            globalSecondaryIndexes: self.globalIndexes(status, now, indexStatistics),
            streamSpecification: self.enabledStream.map {
                StreamSpecification(streamEnabled: true, streamViewType: StreamViewType(rawValue: $0.viewType))
            },
            latestStreamLabel: label,
            latestStreamARN: label.map { "\(self.arn)/stream/\($0)" },
            restoreSummary: self.restoreSummary,
            sseDescription: self.settings.encryptionKeyARN.map {
                SSEDescription(status: .enabled, sseType: .kms, kmsMasterKeyARN: $0)
            },
            tableClassSummary: self.tableClass.map {
                TableClassSummary(
                    tableClass: TableClass(rawValue: $0), lastUpdateDateTime: self.tableClassChanges.last)
            },
            deletionProtectionEnabled: self.isDeletionProtected,
            onDemandThroughput: Self.limit(self.settings.onDemandLimit),
            warmThroughput: self.warmThroughput(status),
            vectorIndexes: self.vectorIndexDescriptions(status, indexStatistics)
        )
    }

    private static func elements(_ schema: KeySchema) -> [KeySchemaElement] {
        schema.partition.map { KeySchemaElement(attributeName: $0.name, keyType: .hash) }
            + schema.sort.map { KeySchemaElement(attributeName: $0.name, keyType: .range) }
    }

    /// Shown for a table that is, or once was, on-demand; the time of the switch is not in the answer of the request
    /// that makes it.
    private func billingModeSummary(_ status: TableStatus) -> BillingModeSummary? {
        guard self.isOnDemand || self.onDemandSwitch != nil else { return nil }
        return BillingModeSummary(
            billingMode: self.isOnDemand ? .payPerRequest : .provisioned,
            lastUpdateToPayPerRequestDateTime: status == .creating ? nil : self.onDemandSwitch ?? self.creation
        )
    }

    private static func throughput(
        _ throughput: Throughput, _ history: ThroughputHistory, _ now: Timestamp?
    ) -> ProvisionedThroughputDescription {
        ProvisionedThroughputDescription(
            lastIncreaseDateTime: history.lastIncrease,
            lastDecreaseDateTime: history.lastDecrease,
            numberOfDecreasesToday: now.map(history.decreasesToday) ?? history.decreaseCount,
            readCapacityUnits: throughput.read,
            writeCapacityUnits: throughput.write
        )
    }

    private static func limit(_ units: UnitPair?) -> OnDemandThroughput? {
        units.map { OnDemandThroughput(maxReadRequestUnits: $0.read, maxWriteRequestUnits: $0.write) }
    }

    /// The warm throughput of a table or index; the answer of CreateTable shows only what was requested.
    func warmUnits(_ given: UnitPair?, _ provisioned: Throughput) -> Throughput {
        let least = self.isOnDemand ? BillingRule.onDemandUnits : provisioned
        return Throughput(read: given?.read ?? least.read, write: given?.write ?? least.write)
    }

    private func warmThroughput(_ status: TableStatus) -> TableWarmThroughputDescription? {
        let given = self.settings.warmThroughput
        if status == .creating, given == nil { return nil }
        let units = self.warmUnits(given, self.throughput)
        return TableWarmThroughputDescription(
            readUnitsPerSecond: units.read,
            writeUnitsPerSecond: units.write,
            status: status == .creating ? .updating : .active
        )
    }

    static func projection(_ projection: IndexDescriptor.Projection) -> DynamoDBModel.Projection {
        switch projection {
        case .all: .init(projectionType: .all)
        case .keysOnly: .init(projectionType: .keysOnly)
        case .include(let names): .init(projectionType: .include, nonKeyAttributes: names.sorted())
        }
    }

    private func localIndexes(_ statistics: [String: TableStatistics]) -> [LocalSecondaryIndexDescription]? {
        let indexes = self.indexes.filter { !$0.isGlobal }
        guard !indexes.isEmpty else { return nil }
        return indexes.map { index in
            LocalSecondaryIndexDescription(
                indexName: index.name,
                keySchema: Self.elements(index.schema),
                projection: Self.projection(index.projection),
                indexSizeBytes: statistics[index.name]?.sizeBytes ?? 0,
                itemCount: statistics[index.name]?.itemCount ?? 0,
                indexARN: "\(self.arn)/index/\(index.name)"
            )
        }
    }

    private func globalIndexes(
        _ status: TableStatus, _ now: Timestamp?, _ statistics: [String: TableStatistics]
    ) -> [GlobalSecondaryIndexDescription]? {
        let indexes = self.indexes.filter(\.isGlobal)
        guard !indexes.isEmpty else { return nil }
        return indexes.map { index in
            let warm = self.warmUnits(index.warmThroughput, index.throughput)
            return GlobalSecondaryIndexDescription(
                indexName: index.name,
                keySchema: Self.elements(index.schema),
                projection: Self.projection(index.projection),
                indexStatus: self.restoreSummary == nil ? index.state.shown(status) : nil,
                backfilling: index.state.isBackfilling(status),
                provisionedThroughput: Self.throughput(index.throughput, index.throughputHistory, now),
                indexSizeBytes: statistics[index.name]?.sizeBytes ?? 0,
                itemCount: statistics[index.name]?.itemCount ?? 0,
                indexARN: "\(self.arn)/index/\(index.name)",
                onDemandThroughput: Self.limit(index.onDemandLimit),
                warmThroughput: status == .creating
                    ? nil
                    : GlobalSecondaryIndexWarmThroughputDescription(
                        readUnitsPerSecond: warm.read,
                        writeUnitsPerSecond: warm.write,
                        status: index.state == .creating ? .updating : .active
                    )
            )
        }
    }
}

extension IndexState {
    /// The status of an index of a table with that status: they are created and deleted together.
    func shown(_ table: TableStatus) -> IndexStatus {
        table == .creating || table == .deleting
            ? IndexStatus(rawValue: table.rawValue) : IndexStatus(rawValue: self.rawValue)
    }

    /// For an index that is added to a table: false while the table is UPDATING for it, then true, and nil once the
    /// index is complete.
    func isBackfilling(_ table: TableStatus) -> Bool? {
        self == .creating ? table != .updating : nil
    }
}
