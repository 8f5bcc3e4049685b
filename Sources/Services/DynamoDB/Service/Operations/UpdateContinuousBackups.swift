package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateContinuousBackupsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:UpdateContinuousBackups", resource: context.tableARN(input.tableName))]
    }

    /// If only the period changes, the earliest moment that can be restored now stays: what is older may have been
    /// trimmed from the log, so a longer period does not bring it back.
    package func updateContinuousBackups(
        _ input: UpdateContinuousBackupsInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateContinuousBackupsOutput {
        let reference = try TableReference(input.tableName, context)
        let given = input.pointInTimeRecoverySpecification
        guard given.pointInTimeRecoveryEnabled || given.recoveryPeriodInDays == nil else {
            throw .validation(
                "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
        }
        let now = self.clock.now()
        guard try await !self.catalog.isReplicaBeingAdded(reference, at: now) else { throw .sourceNotFound(reference) }
        if try await self.catalog.isBeingCreated(reference, at: now) {
            throw .backupsUnavailable(reference.name)
        }
        do throws(ServiceError) {
            let table = try await self.catalog.update(reference) { (table, _) throws(ServiceError) in
                guard !table.isBeingFilled else { throw .backupsUnavailable(table.name) }
                guard given.pointInTimeRecoveryEnabled else {
                    table.recovery = nil
                    return
                }
                table.recovery = RecoverySettings(
                    since: table.recovery?.earliest(at: now)?.roundedUpToSecond,
                    periodDays: given.recoveryPeriodInDays ?? RecoverySettings.periodDaysMax
                )
            }.table
            let recovery = try await self.settledRecovery(table)
            return UpdateContinuousBackupsOutput(continuousBackupsDescription: self.description(recovery))
        } catch  where error.code == "ResourceNotFoundException" {
            throw .sourceNotFound(reference)
        }
    }
}

extension ServiceError {
    /// AWS's error for a table whose continuous backups are not enabled yet.
    static func backupsUnavailable(_ table: String) -> ServiceError {
        DynamoDBError.continuousBackupsUnavailable(
            message: "Backups are being enabled for the table: \(table). Please retry later")
    }
}
