package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateContinuousBackupsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:UpdateContinuousBackups", resource: context.tableARN(input.tableName))]
    }

    /// A change of the period alone keeps what can be restored already.
    package func updateContinuousBackups(
        _ input: UpdateContinuousBackupsInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateContinuousBackupsOutput {
        let reference = try TableReference(input.tableName, context)
        let given = input.pointInTimeRecoverySpecification
        guard given.pointInTimeRecoveryEnabled || given.recoveryPeriodInDays == nil else {
            throw .validation(
                "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
        }
        do throws(ServiceError) {
            let table = try await self.catalog.update(reference) { (table, _) throws(ServiceError) in
                guard !table.isBeingFilled else {
                    throw DynamoDBError.continuousBackupsUnavailable(
                        message: "Backups are being enabled for the table: \(table.name). Please retry later"
                    )
                }
                guard given.pointInTimeRecoveryEnabled else {
                    table.recovery = nil
                    return
                }
                table.recovery = RecoverySettings(
                    since: table.recovery?.since,
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
