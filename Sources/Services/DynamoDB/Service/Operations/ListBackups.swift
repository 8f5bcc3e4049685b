package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    /// The default and the limit of backups in one answer.
    static let listedBackupsMax = 100

    package func access(_ input: ListBackupsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListBackups", resource: "*")]
    }

    /// As on AWS, backups of AWS Backup are never listed here: none exist.
    package func listBackups(
        _ input: ListBackupsInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListBackupsOutput {
        var table: TableReference?
        if let name = input.tableName { table = try TableReference(name, context) }
        var start: CopyReference?
        if let arn = input.exclusiveStartBackupARN {
            start = try CopyReference(arn, .backup, context)
            guard start != nil else {
                throw .validation("Invalid Request: The supplied ExclusiveStartBackupArn does not match the region")
            }
        }
        let lower = input.timeRangeLowerBound
        let upper = input.timeRangeUpperBound
        if let lower, let upper, lower > upper {
            throw .validation(
                "One or more parameter values were invalid: Time range lower bound must be less than or equal to upper "
                    + "bound"
            )
        }
        let type = input.backupType ?? .user
        let now = self.clock.now()
        let (backups, hasMore) = try await self.backups(
            context, after: start?.key, limit: input.limit ?? Self.listedBackupsMax
        ) { backup in
            (table.map { $0.name == backup.table.name } ?? true) && (lower.map { $0 <= backup.creation } ?? true)
                && (upper.map { backup.creation < $0 } ?? true)
                && (type == .all || type.rawValue == backup.origin.rawValue) && !backup.isExpired(at: now)
        }
        return ListBackupsOutput(
            backupSummaries: backups.map(\.summary),
            lastEvaluatedBackupARN: hasMore ? backups.last?.arn : nil
        )
    }
}
