package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(
        _ input: UpdateTableReplicaAutoScalingInput, _ context: RequestContext
    ) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:UpdateTableReplicaAutoScaling", resource: context.tableARN(input.tableName))
        ]
    }

    /// Order of checks: the requested changes, the global table, its billing mode, then each setting. The answer shows
    /// the former settings, as AWS's does.
    package func updateTableReplicaAutoScaling(
        _ input: UpdateTableReplicaAutoScalingInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateTableReplicaAutoScalingOutput {
        let reference = try TableReference(input.tableName, context)
        try validating { () throws(ValidationFailure) in try AutoScalingRule(table: reference.name).check(input) }
        guard try await self.catalog.snapshot(reference) != nil else { throw .noReplicas(reference) }
        let change = AutoScalingChange(name: reference.name, input: input, context: context)
        let (_, before) = try await self.catalog.updateGroup(reference) { (group, _) throws(ServiceError) in
            guard group.own.replication != nil else { throw .noReplicas(reference) }
            let before = group
            try change.apply(to: &group)
            return before
        }
        return UpdateTableReplicaAutoScalingOutput(
            tableAutoScalingDescription: self.autoScalingDescription(before, context))
    }
}

extension ServiceError {
    /// The error of replica operations on a table that has no replicas, or does not exist.
    static func noReplicas(_ reference: TableReference) -> ServiceError {
        DynamoDBError.resourceNotFound(message: "Global table with name: '\(reference.name)' does not exist.")
    }
}
