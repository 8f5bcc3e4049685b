package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
package import ServiceModel

extension DynamoDBService {
    /// Concurrent operations. AWS has a quota whose number could not be confirmed: this is the quota of imports.
    static let bulkCountMax = 50

    package func access(_ input: StartBulkPutItemsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:StartBulkPutItems", resource: context.tableARN(input.tableName))]
    }

    /// Order of checks: the source and its format, the output, the table and its state, the client token, the number of
    /// operations.
    package func startBulkPutItems(
        _ input: StartBulkPutItemsInput, _ context: RequestContext
    ) async throws(ServiceError) -> StartBulkPutItemsOutput {
        let reference = try TableReference(input.tableName, context)
        let source = try Self.source(input.inputS3Configuration)
        let target = try Self.target(input.outputS3Configuration)
        let use = input.clientToken.map { token in
            TokenUse(
                key: BackupKeys.token(.bulk, token, context.account, context.region),
                fingerprint: Self.fingerprint(input, reference))
        }
        let now = self.clock.now()
        let copy = try await self.catalog.newNumber()
        let id = CopyReference.newID(at: now, self.random)
        for _ in 0..<TableCatalog.attemptsMax {
            var checks: [Check] = []
            var token: ((_ record: [UInt8]) -> Write)?
            if let use {
                switch try await self.state(of: use) {
                case .free(let check, let write):
                    checks.append(check)
                    token = write
                case .used(let key):
                    guard let begun = try await self.bulk(at: key) else { throw ServiceError(.corrupt("client token")) }
                    return StartBulkPutItemsOutput(bulkOperationDescription: begun.own.description)
                case .taken: throw .idempotentParameterMismatch
                }
            }
            let table = try await self.bulkTarget(reference)
            try await self.checkBulkCount()
            var own = BulkDescriptor(
                id: id, table: reference, tableNumber: table.descriptor.number, tableID: table.descriptor.tableID,
                start: now, input: source, output: target, copy: copy)
            own.clientToken = input.clientToken
            own.unitsMax = input.maxWriteRequestUnits
            own.tier = input.performanceTier?.rawValue
            checks += [.unchanged(table.key, since: table.version), .absent(own.key)]
            var writes: [Write] = [.set(own.key, own.encoded), .set(BackupKeys.work(.bulk, own.key), [])]
            if let token { writes.append(token(own.key)) }
            if try await self.items.commit(Batch(checks: checks, writes: writes)) {
                self.startWork(.bulk)
                return StartBulkPutItemsOutput(bulkOperationDescription: own.description)
            }
        }
        throw TableCatalog.tooManyChanges
    }

    // Checks

    private static func source(_ given: InputS3Configuration) throws(ServiceError) -> BulkDescriptor.Input {
        guard ObjectLocation(bucket: given.s3Bucket, key: "x") != nil, (given.s3KeyPrefix ?? "").utf8.count <= 1024
        else { throw .invalidObjects("InputS3Configuration") }
        return BulkDescriptor.Input(
            bucket: given.s3Bucket, bucketOwner: given.s3BucketOwner, prefix: given.s3KeyPrefix,
            isIon: given.inputFormat == .ion, compression: given.inputCompressionType?.rawValue)
    }

    /// The longest suffix that follows the prefix in the key of an output object.
    private static let outputKeyBytes = 100

    private static func target(_ given: OutputS3Configuration) throws(ServiceError) -> BulkDescriptor.Output {
        guard let bucket = given.s3Bucket else {
            throw .validation(
                "One or more parameter values were invalid: S3Bucket must be specified in OutputS3Configuration")
        }
        let prefix = (given.s3KeyPrefix ?? "") + String(repeating: "x", count: Self.outputKeyBytes)
        guard ObjectLocation(bucket: bucket, key: prefix) != nil else { throw .invalidObjects("OutputS3Configuration") }
        let types = given.outputType.map(\.rawValue)
        guard !types.isEmpty, Set(types).count == types.count else {
            throw .validation(
                "One or more parameter values were invalid: OutputType must have one value, or two different ones")
        }
        guard given.s3SseKmsKeyID == nil || given.s3SseAlgorithm == .kms else {
            throw .validation(
                "One or more parameter values were invalid: S3SseKmsKeyId can only be specified when S3SseAlgorithm is "
                    + "KMS"
            )
        }
        return BulkDescriptor.Output(
            bucket: bucket, bucketOwner: given.s3BucketOwner, prefix: given.s3KeyPrefix,
            encryption: given.s3SseAlgorithm?.rawValue, encryptionKey: given.s3SseKmsKeyID, types: types)
    }

    /// The table, if items can be put into it.
    ///
    /// "You cannot start an operation while the table is creating a secondary index."
    private func bulkTarget(_ reference: TableReference) async throws(ServiceError) -> TableCatalog.Snapshot {
        guard let table = try await self.catalog.snapshot(reference) else { throw .tableNotFound(reference) }
        switch table.descriptor.status(at: self.clock.now()) {
        case .creating: throw .tableInUse("Table is being created: \(reference.name)")
        case .deleting: throw .tableInUse("Table is being deleted: \(reference.name)")
        default: break
        }
        guard table.descriptor.indexInState(.creating) == nil else {
            throw .tableInUse("Table is being updated: \(reference.name)")
        }
        return table
    }

    private func checkBulkCount() async throws(ServiceError) {
        let page = try await storing { () throws(StorageError) in
            try await self.store.scan(
                BackupKeys.work(.bulk), limit: Self.bulkCountMax, byteLimit: 1 << 20, reverse: false)
        }
        guard page.entries.count < Self.bulkCountMax else {
            throw DynamoDBError.limitExceeded(
                message:
                    "Subscriber limit exceeded: There is a limit of \(Self.bulkCountMax) concurrent bulk operations "
                    + "per subscriber"
            )
        }
    }

    private static func fingerprint(_ input: StartBulkPutItemsInput, _ table: TableReference) -> [UInt8] {
        var digest = RequestDigest()
        let (source, target) = (input.inputS3Configuration, input.outputS3Configuration)
        for text in [
            table.name, source.s3Bucket, source.s3BucketOwner, source.s3KeyPrefix, source.inputFormat.rawValue,
            source.inputCompressionType?.rawValue, target.s3Bucket, target.s3BucketOwner, target.s3KeyPrefix,
            target.s3SseAlgorithm?.rawValue, target.s3SseKmsKeyID, input.performanceTier?.rawValue,
            input.maxWriteRequestUnits.map { "\($0)" },
        ] { digest.add(text) }
        for type in target.outputType { digest.add(type.rawValue) }
        return digest.bytes
    }
}

extension ServiceError {
    fileprivate static func invalidObjects(_ parameter: String) -> ServiceError {
        .validation(
            "One or more parameter values were invalid: S3Bucket and S3KeyPrefix of \(parameter) must be "
                + "those of objects in S3"
        )
    }
}
