package import DynamoDBModel
internal import KeyValue
package import ServiceModel
internal import WireProtocols

extension DynamoDBService {
    package func access(_ input: DeleteBackupInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:DeleteBackup",
                resource: CopyReference.resource(backup: input.backupARN, lookup: .regionOfRequest, context))
        ]
    }

    /// The backup is deleted before the answer; its items are removed afterwards.
    ///
    /// - Source: for system backups, an answer recorded on AWS in October 2026 by a laboratory of the AWS Controllers
    ///   for Kubernetes.
    package func deleteBackup(
        _ input: DeleteBackupInput, _ context: RequestContext
    ) async throws(ServiceError) -> DeleteBackupOutput {
        for _ in 0..<TableCatalog.attemptsMax {
            let found = try await self.backup(input.backupARN, lookup: .regionOfRequest, context)
            guard found.backup.progress == nil else {
                throw .backupInUse("Backup is being created: \(found.backup.arn)")
            }
            // Of the two refusals of a system backup that is being restored, it is not known which AWS gives.
            if let expiry = found.backup.expiry {
                throw .validation(
                    "Invalid Request: User is not allowed to delete the system backup with arn \(found.backup.arn). It "
                        + "will automatically expire on \(TimestampText.string(expiry, as: .dateTime))")
            }
            // A restore writes the backup's record in its first commit, before it reads the backup, so that a restore
            // that starts now makes the check fail.
            guard try await !self.isRestored(found.backup) else {
                throw .backupInUse("Backup is being used to restore table: \(found.backup.arn)")
            }
            if try await self.delete(found) {
                self.startDiscarding()
                return DeleteBackupOutput(backupDescription: found.backup.description(.deleted, as: input.backupARN))
            }
        }
        throw TableCatalog.tooManyChanges
    }

    /// Deletes a backup, unless its record was changed concurrently.
    func delete(_ found: StoredBackup) async throws(ServiceError) -> Bool {
        let batch = Batch(
            checks: [.unchanged(found.backup.key, since: found.version)],
            writes: [.delete(found.backup.key), .set(CatalogKeys.deletedTable(found.backup.contents), [])]
        )
        return try await self.catalog.commit(batch)
    }
}

extension ServiceError {
    static func backupInUse(_ message: String) -> ServiceError {
        DynamoDBError.backupInUse(message: message)
    }
}
