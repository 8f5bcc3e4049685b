internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

extension TableDescriptor {
    /// What DescribeTable shows.
    /// - Parameter contents: number and size of items, as far as they are known.
    func description(
        _ status: TableStatus, itemCount: Int = 0, sizeBytes: Int = 0
    ) -> TableDescription {
        TableDescription(
            attributeDefinitions: self.attributes.map {
                AttributeDefinition(
                    attributeName: $0.name,
                    attributeType: ScalarAttributeType(rawValue: $0.type.descriptor)
                )
            },
            tableName: self.name,
            keySchema: Self.elements(self.schema),
            tableStatus: status,
            creationDateTime: self.creation,
            provisionedThroughput: Self.throughput(self.throughput),
            tableSizeBytes: sizeBytes,
            itemCount: itemCount,
            tableARN: self.arn,
            tableID: self.tableID,
            billingModeSummary: self.isOnDemand
                ? BillingModeSummary(billingMode: .payPerRequest, lastUpdateToPayPerRequestDateTime: self.creation) : nil,
            localSecondaryIndexes: self.localIndexes(itemCount, sizeBytes),
            globalSecondaryIndexes: self.globalIndexes(status, itemCount, sizeBytes),
            streamSpecification: self.streamViewType.map {
                StreamSpecification(streamEnabled: true, streamViewType: StreamViewType(rawValue: $0))
            },
            tableClassSummary: self.tableClass.map { TableClassSummary(tableClass: TableClass(rawValue: $0)) },
            deletionProtectionEnabled: self.isDeletionProtected
        )
    }

    private static func elements(_ schema: KeySchema) -> [KeySchemaElement] {
        schema.partition.map { KeySchemaElement(attributeName: $0.name, keyType: .hash) }
            + schema.sort.map { KeySchemaElement(attributeName: $0.name, keyType: .range) }
    }

    private static func throughput(_ throughput: Throughput) -> ProvisionedThroughputDescription {
        ProvisionedThroughputDescription(
            numberOfDecreasesToday: 0,
            readCapacityUnits: throughput.read,
            writeCapacityUnits: throughput.write
        )
    }

    private static func projection(_ projection: IndexDescriptor.Projection) -> DynamoDBModel.Projection {
        switch projection {
        case .all: DynamoDBModel.Projection(projectionType: .all)
        case .keysOnly: DynamoDBModel.Projection(projectionType: .keysOnly)
        case .include(let names): DynamoDBModel.Projection(projectionType: .include, nonKeyAttributes: names)
        }
    }

    private func localIndexes(_ itemCount: Int, _ sizeBytes: Int) -> [LocalSecondaryIndexDescription]? {
        let indexes = self.indexes.filter { !$0.isGlobal }
        guard !indexes.isEmpty else { return nil }
        return indexes.map { index in
            LocalSecondaryIndexDescription(
                indexName: index.name,
                keySchema: Self.elements(index.schema),
                projection: Self.projection(index.projection),
                indexSizeBytes: sizeBytes,
                itemCount: itemCount,
                indexARN: "\(self.arn)/index/\(index.name)"
            )
        }
    }

    private func globalIndexes(
        _ status: TableStatus, _ itemCount: Int, _ sizeBytes: Int
    ) -> [GlobalSecondaryIndexDescription]? {
        let indexes = self.indexes.filter(\.isGlobal)
        guard !indexes.isEmpty else { return nil }
        return indexes.map { index in
            GlobalSecondaryIndexDescription(
                indexName: index.name,
                keySchema: Self.elements(index.schema),
                projection: Self.projection(index.projection),
                indexStatus: IndexStatus(rawValue: status.rawValue),
                provisionedThroughput: Self.throughput(index.throughput),
                indexSizeBytes: sizeBytes,
                itemCount: itemCount,
                indexARN: "\(self.arn)/index/\(index.name)"
            )
        }
    }
}
