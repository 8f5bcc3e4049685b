internal import DynamoDBModel
internal import DynamoDBValues

extension BackupDescriptor {
    var status: BackupStatus { self.progress == nil ? .available : .creating }

    func details(_ status: BackupStatus) -> BackupDetails {
        BackupDetails(
            backupARN: self.arn,
            backupName: self.name,
            backupSizeBytes: self.sizeBytes,
            backupStatus: status,
            backupType: BackupType(rawValue: self.origin.rawValue),
            backupCreationDateTime: self.creation,
            backupExpiryDateTime: self.expiry
        )
    }

    var summary: BackupSummary {
        BackupSummary(
            tableName: self.table.name,
            tableID: self.table.tableID,
            tableARN: self.table.arn,
            backupARN: self.arn,
            backupName: self.name,
            backupCreationDateTime: self.creation,
            backupExpiryDateTime: self.expiry,
            backupStatus: self.status,
            backupType: BackupType(rawValue: self.origin.rawValue),
            backupSizeBytes: self.sizeBytes
        )
    }

    /// With the ARN from the request, whatever region it has.
    func description(_ status: BackupStatus, as arn: String) -> BackupDescription {
        let shown = self.table.description(.active)
        var details = self.details(status)
        details.backupARN = arn
        return BackupDescription(
            backupDetails: details,
            sourceTableDetails: SourceTableDetails(
                tableName: self.table.name,
                tableID: self.table.tableID,
                tableARN: self.table.arn,
                tableSizeBytes: self.sizeBytes,
                keySchema: shown.keySchema ?? [],
                tableCreationDateTime: self.table.creation,
                provisionedThroughput: Self.throughput(self.table.throughput),
                onDemandThroughput: shown.onDemandThroughput,
                itemCount: self.itemCount,
                billingMode: self.table.isOnDemand ? .payPerRequest : .provisioned
            ),
            sourceTableFeatureDetails: SourceTableFeatureDetails(
                localSecondaryIndexes: shown.localSecondaryIndexes?.map {
                    LocalSecondaryIndexInfo(
                        indexName: $0.indexName, keySchema: $0.keySchema, projection: $0.projection)
                },
                globalSecondaryIndexes: shown.globalSecondaryIndexes?.map { index in
                    GlobalSecondaryIndexInfo(
                        indexName: index.indexName,
                        keySchema: index.keySchema,
                        projection: index.projection,
                        provisionedThroughput: Self.throughput(
                            self.table.index(index.indexName ?? "")?.throughput ?? Throughput(read: 0, write: 0)),
                        onDemandThroughput: index.onDemandThroughput
                    )
                },
                streamDescription: shown.streamSpecification,
                sseDescription: shown.sseDescription,
                vectorIndexes: shown.vectorIndexes?.map {
                    VectorIndexInfo(
                        indexName: $0.indexName,
                        vectorAttribute: $0.vectorAttribute,
                        searchSchema: $0.searchSchema,
                        projection: $0.projection,
                        dimensions: $0.dimensions,
                        distanceFunction: $0.distanceFunction
                    )
                }
            )
        )
    }

    private static func throughput(_ throughput: Throughput) -> ProvisionedThroughput {
        ProvisionedThroughput(readCapacityUnits: throughput.read, writeCapacityUnits: throughput.write)
    }
}
