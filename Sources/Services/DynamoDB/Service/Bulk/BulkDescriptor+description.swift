internal import DynamoDBModel

/// The description of a bulk operation for clients.
extension BulkDescriptor {
    var status: BulkOperationStatus { BulkOperationStatus(rawValue: self.state.rawValue) }

    var description: BulkOperationDescription {
        BulkOperationDescription(
            bulkOperationARN: self.arn,
            bulkOperationStatus: self.status,
            tableDetails: [BulkOperationTableDetail(tableName: self.table.name, tableID: self.tableID)],
            clientToken: self.clientToken,
            inputS3Configuration: InputS3Configuration(
                s3BucketOwner: self.input.bucketOwner,
                s3Bucket: self.input.bucket,
                s3KeyPrefix: self.input.prefix,
                inputFormat: self.input.isIon ? .ion : .dynamodbJson,
                inputCompressionType: self.input.compression.map { InputCompressionType(rawValue: $0) }
            ),
            outputS3Configuration: OutputS3Configuration(
                s3BucketOwner: self.output.bucketOwner,
                s3Bucket: self.output.bucket,
                s3KeyPrefix: self.output.prefix,
                s3SseAlgorithm: self.output.encryption.map { S3SseAlgorithm(rawValue: $0) },
                s3SseKmsKeyID: self.output.encryptionKey,
                outputType: self.output.types.map { OutputTypeEnum(rawValue: $0) }
            ),
            startTime: self.start,
            endTime: self.end,
            processedItemCount: self.processedCount,
            processedInputBytes: self.doneBytes + self.placeBytes,
            totalInputBytes: self.isListed ? self.totalBytes : nil,
            bulkOperationUsage: [self.shownUsage],
            failedItemCount: self.failedCount,
            failureCode: self.failureCode,
            failureMessage: self.failureMessage,
            maxWriteRequestUnits: self.unitsMax,
            performanceTier: BulkOperationPerformanceTier(rawValue: self.tier ?? "STANDARD")
        )
    }

    private var shownUsage: DynamoDBModel.BulkOperationUsage {
        func shown(_ usage: [String: Int]) -> [String: BulkOperationBytes]? {
            usage.isEmpty ? nil : usage.mapValues { BulkOperationBytes(bulkPutBytes: $0) }
        }
        let vectors = self.usage.vector.mapValues { BulkOperationVectorBytes(bulkPutVectorBytes: $0) }
        return DynamoDBModel.BulkOperationUsage(
            tableName: self.table.name,
            bulkPutBytes: self.usage.bytes,
            table: BulkOperationBytes(bulkPutBytes: self.usage.table),
            localSecondaryIndexes: shown(self.usage.local),
            globalSecondaryIndexes: shown(self.usage.global),
            vectorIndexes: vectors.isEmpty ? nil : vectors
        )
    }

    var summary: BulkOperationSummary {
        BulkOperationSummary(
            bulkOperationARN: self.arn,
            bulkOperationStatus: self.status,
            startTime: self.start,
            endTime: self.end
        )
    }
}
