internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The record of an import.
struct ImportDescriptor: Transfer {
    var id: String
    /// The table as created for the import.
    var table: TableDescriptor
    var start: Timestamp
    var end: Timestamp?
    var state = TransferState.inProgress
    var clientToken: String?
    var bucket: String
    var bucketOwner: String?
    var prefix: String?
    var format: ImportFormat
    /// The compression of the objects, if the request gives it.
    var compression: ObjectCompression?
    /// The last object imported.
    var lastKey = ""
    var objectCount = 0
    var counts = ImportCounts()
    var failureCode: String?
    var failureMessage: String?

    var arn: String { "\(self.table.arn)/import/\(self.id)" }

    var key: [UInt8] { BackupKeys.record(.import, id: self.id, self.table.reference) }
}

/// The format of the records of an object.
enum ImportFormat: Sendable, Equatable {
    case json
    case ion
    case csv(delimiter: String?, headers: [String]?)
}

/// The counters of an import.
struct ImportCounts: Sendable, Equatable {
    /// Uncompressed.
    var processedBytes = 0
    var processedItems = 0
    var importedItems = 0
    var errors = 0

    static func + (left: ImportCounts, right: ImportCounts) -> ImportCounts {
        ImportCounts(
            processedBytes: left.processedBytes + right.processedBytes,
            processedItems: left.processedItems + right.processedItems,
            importedItems: left.importedItems + right.importedItems,
            errors: left.errors + right.errors
        )
    }
}

extension ImportDescriptor {
    var encoded: [UInt8] {
        var fields = RecordFields()
        self.write(to: &fields)
        fields.set("isIon", self.format == .ion)
        if case .csv(let delimiter, let headers) = self.format {
            fields.set("isCSV", true)
            fields.set("delimiter", delimiter)
            fields.set("headers", headers)
        }
        fields.set("isCompressed", self.compression == .gzip)
        fields.set("isZstandard", self.compression == .zstd)
        fields.set("saysUncompressed", self.compression == .no)
        fields.set("lastKey", self.lastKey)
        fields.set("objectCount", self.objectCount)
        fields.set("processedBytes", self.counts.processedBytes)
        fields.set("processedItems", self.counts.processedItems)
        fields.set("importedItems", self.counts.importedItems)
        fields.set("errors", self.counts.errors)
        return fields.encoded
    }

    /// - Returns: nil when the record is damaged.
    static func decode(_ bytes: [UInt8]) -> ImportDescriptor? {
        guard let fields = RecordFields(bytes), let id = fields.text("id"),
            let table = fields.bytes("table").flatMap(TableRecord.decode), let start = fields.time("start"),
            let bucket = fields.text("bucket"), let lastKey = fields.text("lastKey")
        else { return nil }
        let csv = ImportFormat.csv(delimiter: fields.text("delimiter"), headers: fields.texts("headers"))
        var own = ImportDescriptor(
            id: id, table: table, start: start, bucket: bucket,
            format: fields.flag("isCSV") ? csv : fields.flag("isIon") ? .ion : .json)
        guard own.read(fields) else { return nil }
        if fields.flag("isCompressed") { own.compression = .gzip }
        if fields.flag("isZstandard") { own.compression = .zstd }
        if fields.flag("saysUncompressed") { own.compression = .no }
        own.lastKey = lastKey
        own.objectCount = fields.integer("objectCount") ?? 0
        own.counts.processedBytes = fields.integer("processedBytes") ?? 0
        own.counts.processedItems = fields.integer("processedItems") ?? 0
        own.counts.importedItems = fields.integer("importedItems") ?? 0
        own.counts.errors = fields.integer("errors") ?? 0
        return own
    }
}

extension ImportDescriptor {
    private var source: S3BucketSource {
        S3BucketSource(s3BucketOwner: self.bucketOwner, s3Bucket: self.bucket, s3KeyPrefix: self.prefix)
    }

    /// The log group to which AWS would write the errors.
    /// - Source: a description recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    private var logGroupARN: String {
        let resource = "log-group:/aws-dynamodb/imports:*"
        return ARN(service: "logs", region: self.table.region, account: self.table.account, resource: resource)
            .description
    }

    private var inputFormat: InputFormat {
        switch self.format {
        case .json: .dynamodbJson
        case .ion: .ion
        case .csv: .csv
        }
    }

    var description: ImportTableDescription {
        var options: InputFormatOptions?
        if case .csv(let delimiter, let headers) = self.format, delimiter != nil || headers != nil {
            options = InputFormatOptions(csv: CsvOptions(delimiter: delimiter, headerList: headers))
        }
        return ImportTableDescription(
            importARN: self.arn,
            importStatus: ImportStatus(rawValue: self.state.rawValue),
            tableARN: self.table.arn,
            tableID: self.table.tableID,
            clientToken: self.clientToken,
            s3BucketSource: S3BucketSource(
                s3BucketOwner: self.bucketOwner ?? self.table.account.description,
                s3Bucket: self.bucket,
                s3KeyPrefix: self.prefix
            ),
            errorCount: self.counts.errors,
            cloudWatchLogGroupARN: self.logGroupARN,
            inputFormat: self.inputFormat,
            inputFormatOptions: options,
            inputCompressionType: InputCompressionType(rawValue: (self.compression ?? .no).rawValue),
            tableCreationParameters: self.parameters,
            startTime: self.start,
            endTime: self.end,
            processedSizeBytes: self.counts.processedBytes,
            processedItemCount: self.counts.processedItems,
            importedItemCount: self.counts.importedItems,
            failureCode: self.failureCode,
            failureMessage: self.failureMessage
        )
    }

    var summary: ImportSummary {
        ImportSummary(
            importARN: self.arn,
            importStatus: ImportStatus(rawValue: self.state.rawValue),
            tableARN: self.table.arn,
            s3BucketSource: self.source,
            cloudWatchLogGroupARN: self.logGroupARN,
            inputFormat: self.inputFormat,
            startTime: self.start,
            endTime: self.end
        )
    }

    /// The definition with which the table was created.
    private var parameters: TableCreationParameters {
        let shown = self.table.description(.active)
        func throughput(_ throughput: Throughput?) -> ProvisionedThroughput? {
            guard let throughput, !self.table.isOnDemand else { return nil }
            return ProvisionedThroughput(readCapacityUnits: throughput.read, writeCapacityUnits: throughput.write)
        }
        let key = self.table.settings.encryptionKeyARN
        return TableCreationParameters(
            tableName: self.table.name,
            attributeDefinitions: shown.attributeDefinitions ?? [],
            keySchema: shown.keySchema ?? [],
            billingMode: self.table.isOnDemand ? .payPerRequest : .provisioned,
            provisionedThroughput: throughput(self.table.throughput),
            onDemandThroughput: shown.onDemandThroughput,
            sseSpecification: key.map { SSESpecification(enabled: true, sseType: .kms, kmsMasterKeyID: $0) },
            globalSecondaryIndexes: shown.globalSecondaryIndexes?.compactMap { index in
                guard let name = index.indexName, let schema = index.keySchema, let projection = index.projection
                else { return nil }
                return GlobalSecondaryIndex(
                    indexName: name,
                    keySchema: schema,
                    projection: projection,
                    provisionedThroughput: throughput(self.table.index(name)?.throughput),
                    onDemandThroughput: index.onDemandThroughput
                )
            }
        )
    }
}
