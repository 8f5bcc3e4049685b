package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeContinuousBackupsInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:DescribeContinuousBackups", resource: context.tableARN(input.tableName))
        ]
    }

    package func describeContinuousBackups(
        _ input: DescribeContinuousBackupsInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeContinuousBackupsOutput {
        let reference = try TableReference(input.tableName, context)
        let now = self.clock.now()
        guard let table = try await self.catalog.snapshot(reference)?.descriptor, !table.isReplicaBeingAdded(at: now)
        else { throw .sourceNotFound(reference) }
        let known = try await self.settledRecovery(table)
        var description = self.description(known)
        if table.isBeingCreated(at: now) { description.continuousBackupsStatus = .disabled }
        return DescribeContinuousBackupsOutput(continuousBackupsDescription: description)
    }

    /// The description of point-in-time recovery.
    func description(_ recovery: RecoverySettings?) -> ContinuousBackupsDescription {
        guard let recovery, let earliest = recovery.earliest(at: self.clock.now()) else {
            return ContinuousBackupsDescription(
                continuousBackupsStatus: .enabled,
                pointInTimeRecoveryDescription: PointInTimeRecoveryDescription(pointInTimeRecoveryStatus: .disabled)
            )
        }
        return ContinuousBackupsDescription(
            continuousBackupsStatus: .enabled,
            pointInTimeRecoveryDescription: PointInTimeRecoveryDescription(
                pointInTimeRecoveryStatus: .enabled,
                recoveryPeriodInDays: recovery.periodDays,
                earliestRestorableDateTime: earliest,
                latestRestorableDateTime: max(earliest, self.clock.now())
            )
        )
    }
}
