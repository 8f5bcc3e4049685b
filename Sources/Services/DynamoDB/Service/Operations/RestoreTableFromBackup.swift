package import DynamoDBModel
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    /// - Source: Service Authorization Reference: the action is on the backup; the items are written to the table.
    package func access(_ input: RestoreTableFromBackupInput, _ context: RequestContext) -> [ResourceAccess] {
        let actions = ["BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"]
        return [ResourceAccess(action: "dynamodb:RestoreTableFromBackup", resource: input.backupARN)]
            + (["RestoreTableFromBackup"] + actions).map {
                ResourceAccess(action: "dynamodb:\($0)", resource: context.tableARN(input.targetTableName))
            }
    }

    /// Order of checks: the ARN, the encryption in another region, the backup, whether the new table is being restored,
    /// whether the backup is, the overrides, the number of restores, the new table's name.
    package func restoreTableFromBackup(
        _ input: RestoreTableFromBackupInput, _ context: RequestContext
    ) async throws(ServiceError) -> RestoreTableFromBackupOutput {
        try TableReference.check(input.targetTableName, at: "targetTableName", .sentence("TableName"))
        let target = try TableReference(input.targetTableName, context)
        let overrides = RestoreOverrides(
            billingMode: input.billingModeOverride,
            globalIndexes: input.globalSecondaryIndexOverride,
            localIndexes: input.localSecondaryIndexOverride,
            throughput: input.provisionedThroughputOverride,
            onDemandThroughput: input.onDemandThroughputOverride,
            encryption: input.sseSpecificationOverride,
            vectorIndexes: input.vectorIndexOverride
        )
        let reference = try CopyReference(backup: input.backupARN, lookup: .regionOfARN, context)
        try overrides.check(from: reference.table.region, to: target.region)
        let seen = try await self.restorable(input.backupARN, to: target, context).backup
        let origin = RestoreOrigin(backupARN: seen.arn, tableARN: seen.table.arn, moment: seen.creation)
        let plan = try RestorePlan(overrides, of: seen.table, origin, context)
        let table = try await self.beginRestore(target, plan) { (number) async throws(ServiceError) in
            let found = try await self.restorable(input.backupARN, to: target, context)
            let backup = found.backup
            let restore = RestoreDescriptor(
                target: target,
                targetNumber: number,
                backupKey: backup.key,
                source: backup.table,
                contents: backup.contents
            )
            // Written unchanged, so that a concurrent deletion of the backup, or another restore, that has already
            // looked for restores conflicts with this one.
            return (
                restore, [.unchanged(backup.key, since: found.version)], [.set(backup.key, backup.encoded)]
            )
        }
        return RestoreTableFromBackupOutput(tableDescription: table.description(.creating))
    }

    /// A completed backup that no other restore reads.
    ///
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    private func restorable(
        _ arn: String, to target: TableReference, _ context: RequestContext
    ) async throws(ServiceError) -> StoredBackup {
        let found = try await self.backup(arn, lookup: .regionOfARN, context)
        guard found.backup.progress == nil else { throw .backupInUse("Backup is being created: \(arn)") }
        if let other = try await self.catalog.snapshot(target)?.descriptor.restoreSummary?.sourceBackupARN {
            throw DynamoDBError.tableInUse(
                message: "Table: \(target.name) is already being restored from backup: \(other)")
        }
        guard try await !self.isRestored(found.backup) else {
            throw .backupInUse("Backup is being used to restore another table: \(found.backup.arn)")
        }
        return found
    }
}
