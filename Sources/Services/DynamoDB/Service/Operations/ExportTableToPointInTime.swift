package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
package import ServiceModel
internal import WireProtocols

extension DynamoDBService {
    /// "Up to 300 export tasks … can be exported concurrently."
    static let exportCountMax = 300

    package func access(_ input: ExportTableToPointInTimeInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ExportTableToPointInTime", resource: input.tableARN)]
    }

    /// Order of checks: the table's ARN, the parameters, the table, the client token, recovery, the times, the filter.
    package func exportTableToPointInTime(
        _ input: ExportTableToPointInTimeInput, _ context: RequestContext
    ) async throws(ServiceError) -> ExportTableToPointInTimeOutput {
        let reference = try Self.checked(input, context)
        let use = input.clientToken.map { token in
            TokenUse(
                key: BackupKeys.token(.export, token, context.account, context.region),
                fingerprint: Self.fingerprint(input))
        }
        let now = self.clock.now()
        let copy = try await self.catalog.newNumber()
        let id = CopyReference.newID(at: now, self.random)
        for _ in 0..<TableCatalog.attemptsMax {
            var checks: [Check] = []
            var writes: [Write] = []
            var token: ((_ record: [UInt8]) -> Write)?
            guard let present = try await self.catalog.snapshot(reference)?.descriptor else {
                throw .sourceNotFound(input.tableARN)
            }
            if let use {
                switch try await self.state(of: use) {
                case .free(let check, let write):
                    checks.append(check)
                    token = write
                case .used(let key):
                    if let export = try await self.export(at: key)?.export {
                        return ExportTableToPointInTimeOutput(exportDescription: export.description)
                    }
                case .taken:
                    throw DynamoDBError.exportConflict(
                        message: "Export conflict: Duplicate request detected with conflicting parameters")
                }
            }
            try Self.checkStart(input, present)
            let table = try await self.recoverable(reference, arn: input.tableARN)
            let export = try Self.export(input, table.descriptor, copy, id, now)
            try await self.checkCount(.export, atMost: Self.exportCountMax, "exports")
            let (check, write) = table.beginningCopy(copy, since: Self.start(export, now))
            checks.append(check)
            writes += [write, .set(export.key, export.encoded), .set(BackupKeys.work(.export, export.key), [])]
            if let token { writes.append(token(export.key)) }
            if try await self.catalog.commit(Batch(checks: checks, writes: writes)) {
                self.startWork(.export)
                return ExportTableToPointInTimeOutput(exportDescription: export.description)
            }
        }
        throw TableCatalog.tooManyChanges
    }

    // Checks

    private static func checked(
        _ input: ExportTableToPointInTimeInput, _ context: RequestContext
    ) throws(ServiceError) -> TableReference {
        guard !input.tableARN.isEmpty else { throw .validation("Invalid TableArn: Invalid Table ARN") }
        guard input.tableARN.hasPrefix("arn:") else {
            throw .validation("One or more parameter values were invalid: tableArn is not a valid ARN")
        }
        let reference = try Self.table(input.tableARN, context)
        let isIncremental = input.exportType == .incrementalExport
        if let refusal = Self.coupling(input, isIncremental: isIncremental) {
            throw .validation("Invalid Request: \(refusal)")
        }
        // A bucket name that S3 does not allow fails as a missing bucket when the export starts, as on AWS.
        let prefix = (input.s3Prefix ?? "") + String(repeating: "x", count: Self.exportKeyBytes)
        guard ObjectLocation.isKey(prefix) else {
            throw .validation("One or more parameter values were invalid: S3Prefix must be that of an object in S3")
        }
        return reference
    }

    /// A table of another region is not found by its ARN; ARNs of a table's parts have errors of their own.
    /// - Source: as of `coupling`.
    private static func table(_ text: String, _ context: RequestContext) throws(ServiceError) -> TableReference {
        guard let arn = ARN(text), arn.service == "dynamodb", arn.partition == context.region.partition,
            arn.resource.hasPrefix("table/")
        else { return try TableReference(text, context) }
        guard arn.account == context.account.description else { throw .accessDenied }
        guard !arn.resource.dropFirst("table/".count).contains("/") else {
            throw .validation("Invalid Request: Table ARN is invalid.")
        }
        guard arn.region == context.region.description else { throw .sourceNotFound(text) }
        return try TableReference(text, context)
    }

    /// The window of an incremental export cannot start before the table's creation; AWS checks this before recovery.
    private static func checkStart(
        _ input: ExportTableToPointInTimeInput, _ table: TableDescriptor
    ) throws(ServiceError) {
        if let from = input.incrementalExportSpecification?.exportFromTime, from < table.creation {
            throw ExportWindow.tooEarly(from)
        }
        guard input.exportType != .incrementalExport || input.exportTime == nil else {
            throw .validation(
                "One or more parameter values were invalid: ExportTime cannot be specified when ExportType is "
                    + "INCREMENTAL_EXPORT"
            )
        }
    }

    /// The error for a combination of parameters that exclude each other.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes, as
    ///   those of a window and of a token.
    private static func coupling(_ input: ExportTableToPointInTimeInput, isIncremental: Bool) -> String? {
        switch (input.incrementalExportSpecification != nil, isIncremental, input.exportType != nil) {
        case (false, true, _):
            return "Incremental Export Specification expected when export type is set as Incremental Export"
        case (true, false, false):
            return "Export Type expected to be Incremental Export when incremental export specification is provided"
        case (true, false, true):
            return "When Export Type is Full Export , Incremental Export Specification should not be provided"
        default: break
        }
        guard input.s3SseKmsKeyID == nil || input.s3SseAlgorithm == .kms else {
            return "KMS Key Id is not supported for this encryption type"
        }
        return nil
    }

    /// The longest suffix that follows the prefix in the key of an exported object.
    private static let exportKeyBytes = 100

    private static func export(
        _ input: ExportTableToPointInTimeInput, _ table: TableDescriptor, _ copy: UInt64, _ id: String,
        _ now: Timestamp
    ) throws(ServiceError) -> ExportDescriptor {
        let earliest = table.recovery?.earliest(at: now) ?? now
        var extent = ExportDescriptor.Extent.full(nil)
        if let window = input.incrementalExportSpecification {
            extent = try ExportWindow.extent(window, earliest: earliest, now)
        } else if let time = input.exportTime {
            guard earliest <= time, time <= now else { throw .exportTime("Export Time is invalid") }
            // More commits may still occur in this millisecond; the latest moment includes everything that was
            // acknowledged.
            if time != now { extent = .full(time) }
        }
        var export = ExportDescriptor(
            id: id, table: table, start: now, extent: extent, time: input.exportTime ?? now, bucket: input.s3Bucket,
            copy: copy)
        export.isTypeGiven = input.exportType != nil
        export.isIon = input.exportFormat == .ion
        export.clientToken = input.clientToken
        export.bucketOwner = input.s3BucketOwner
        export.prefix = input.s3Prefix
        export.encryption = input.s3SseAlgorithm?.rawValue
        export.encryptionKey = input.s3SseKmsKeyID
        if let given = input.filterSpecification {
            let filter = ExportFilter(given)
            _ = try validating { () throws(ValidationFailure) in try filter.compiled(table) }
            export.filter = filter
        }
        return export
    }

    private static func start(_ export: ExportDescriptor, _ now: Timestamp) -> Timestamp {
        switch export.extent {
        case .full(let moment): moment ?? now
        case .incremental(let from, _, _): from
        }
    }

    private static func fingerprint(_ input: ExportTableToPointInTimeInput) -> [UInt8] {
        var digest = RequestDigest()
        for text in [
            input.tableARN, input.s3Bucket, input.s3BucketOwner, input.s3Prefix, input.s3SseAlgorithm?.rawValue,
            input.s3SseKmsKeyID, input.exportFormat?.rawValue, input.exportType?.rawValue,
            input.filterSpecification?.filterExpression, input.filterSpecification?.projectionExpression,
            input.filterSpecification?.keyConditionExpression,
            input.incrementalExportSpecification?.exportViewType?.rawValue,
        ] { digest.add(text) }
        for time in [
            input.exportTime, input.incrementalExportSpecification?.exportFromTime,
            input.incrementalExportSpecification?.exportToTime,
        ] { digest.add(time.map { "\($0.millisecondsSinceEpoch)" }) }
        digest.add(input.filterSpecification?.expressionAttributeNames)
        digest.add(input.filterSpecification?.expressionAttributeValues)
        return digest.bytes
    }
}

/// The window of an incremental export.
private enum ExportWindow {
    static let millisecondsMin: Int64 = 15 * 60_000
    static let millisecondsMax: Int64 = 24 * 3_600_000
    private static let difference = "Difference between export period from time and export period to time"

    static func tooEarly(_ from: Timestamp) -> ServiceError {
        .exportTime(
            "Incremental export period from time cannot be less than the table creation time : "
                + TimestampText.string(from, as: .dateTime)
        )
    }

    static func extent(
        _ given: IncrementalExportSpecification, earliest: Timestamp, _ now: Timestamp
    ) throws(ServiceError) -> ExportDescriptor.Extent {
        guard let from = given.exportFromTime else {
            throw .validation(
                "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification")
        }
        let to = given.exportToTime ?? now
        guard earliest <= from else { throw self.tooEarly(from) }
        guard to <= now else {
            throw .exportTime(
                "Incremental export period to time cannot be greater than the current time : "
                    + TimestampText.string(to, as: .dateTime)
            )
        }
        let milliseconds = to.millisecondsSinceEpoch - from.millisecondsSinceEpoch
        guard milliseconds >= self.millisecondsMin else {
            throw .exportTime("\(self.difference) is less than 15 minutes")
        }
        // AWS's wording for this error is not known.
        guard milliseconds <= self.millisecondsMax else {
            throw .exportTime("\(self.difference) is greater than 24 hours")
        }
        return .incremental(from: from, to: to, withOldImages: given.exportViewType != .newImage)
    }
}

extension ServiceError {
    fileprivate static func exportTime(_ sentence: String) -> ServiceError {
        DynamoDBError.invalidExportTime(message: sentence)
    }
}
