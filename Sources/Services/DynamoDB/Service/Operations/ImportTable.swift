package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
package import ServiceModel

extension DynamoDBService {
    /// "Up to 50 simultaneous import table operations are allowed per account."
    static let importCountMax = 50

    package func access(_ input: ImportTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:ImportTable",
                resource: context.tableARN(input.tableCreationParameters.tableName))
        ]
    }

    /// Order of checks: the source and its format, the table's definition, the client token, the number of imports, the
    /// table's name. The table is CREATING until the import is complete.
    package func importTable(
        _ input: ImportTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> ImportTableOutput {
        let given = input.tableCreationParameters
        let reference = try TableReference(given.tableName, context)
        let format = try Self.format(input)
        let definition = try validating { () throws(ValidationFailure) in
            try TableDefinition(Self.creation(given), context)
        }
        let use = input.clientToken.map { token in
            TokenUse(
                key: BackupKeys.token(.import, token, context.account, context.region),
                fingerprint: Self.fingerprint(input))
        }
        if let use, let begun = try await self.begun(use) {
            return ImportTableOutput(importTableDescription: begun.description)
        }
        try await self.checkCount(.import, atMost: Self.importCountMax, "imports")
        let now = self.clock.now()
        let id = CopyReference.newID(at: now, self.random)
        let tableID = RequestID.uuid(self.random).description
        func own(_ table: TableDescriptor) -> ImportDescriptor {
            var own = ImportDescriptor(
                id: id, table: table, start: now, bucket: input.s3BucketSource.s3Bucket, format: format)
            own.clientToken = input.clientToken
            own.bucketOwner = input.s3BucketSource.s3BucketOwner
            own.prefix = input.s3BucketSource.s3KeyPrefix
            own.compression = input.inputCompressionType.flatMap { ObjectCompression(rawValue: $0.rawValue) }
            return own
        }
        let table = try await self.catalog.create(reference) { number in
            var table = definition.table(reference, number, id: tableID, at: now)
            table.isBeingFilled = true
            return table
        } also: { (table) async throws(ServiceError) in
            let own = own(table)
            var checks: [Check] = []
            var writes: [Write] = [.set(own.key, own.encoded), .set(BackupKeys.work(.import, own.key), [])]
            if let use {
                guard case .free(let check, let write) = try await self.state(of: use) else { throw .importConflict }
                checks.append(check)
                writes.append(write(own.key))
            }
            return (checks, writes)
        }
        self.startWork(.import)
        return ImportTableOutput(importTableDescription: own(table).description)
    }

    /// The request that would create the table.
    private static func creation(_ given: TableCreationParameters) -> CreateTableInput {
        CreateTableInput(
            attributeDefinitions: given.attributeDefinitions,
            tableName: given.tableName,
            keySchema: given.keySchema,
            globalSecondaryIndexes: given.globalSecondaryIndexes,
            billingMode: given.billingMode,
            provisionedThroughput: given.provisionedThroughput,
            sseSpecification: given.sseSpecification,
            onDemandThroughput: given.onDemandThroughput,
            vectorIndexes: given.vectorIndexes
        )
    }

    /// The import that was started by the same request with the same token.
    private func begun(_ use: TokenUse) async throws(ServiceError) -> ImportDescriptor? {
        switch try await self.state(of: use) {
        case .free: return nil
        case .used(let key): return try await self.tableImport(at: key)?.own
        case .taken: throw .importConflict
        }
    }

    private static func format(_ input: ImportTableInput) throws(ServiceError) -> ImportFormat {
        let source = input.s3BucketSource
        // A bucket name that S3 does not allow fails as a missing bucket when the import starts, as on AWS.
        guard (source.s3KeyPrefix ?? "").utf8.count <= 1024 else {
            throw .validation("One or more parameter values were invalid: S3KeyPrefix must be that of objects in S3")
        }
        guard input.inputFormat == .csv else {
            guard input.inputFormatOptions?.csv == nil else {
                throw .validation(
                    "Invalid Request: Unsupported InputFormatOptions for the given input format: "
                        + "\(input.inputFormat.rawValue)."
                )
            }
            return input.inputFormat == .ion ? .ion : .json
        }
        let csv = input.inputFormatOptions?.csv
        if let headers = csv?.headerList, Set(headers).count != headers.count {
            throw .validation("One or more parameter values were invalid: HeaderList has a name twice")
        }
        return .csv(delimiter: csv?.delimiter, headers: csv?.headerList)
    }

    /// The prefix is not included: with another prefix, AWS answers with the import that the token started.
    /// - Source: as of `importConflict`.
    private static func fingerprint(_ input: ImportTableInput) -> [UInt8] {
        var digest = RequestDigest()
        let source = input.s3BucketSource
        for text in [
            source.s3Bucket, source.s3BucketOwner, input.inputFormat.rawValue,
            input.inputCompressionType?.rawValue, input.inputFormatOptions?.csv?.delimiter,
        ] { digest.add(text) }
        for header in input.inputFormatOptions?.csv?.headerList ?? [] { digest.add(header) }
        // Lists in a table's definition are ordered.
        digest.add(ValueText.text(input.tableCreationParameters))
        return digest.bytes
    }
}

extension ServiceError {
    /// - Source: an answer recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    fileprivate static var importConflict: ServiceError {
        DynamoDBError.importConflict(
            message: "Import conflict: Duplicate request detected with conflicting parameters")
    }
}
