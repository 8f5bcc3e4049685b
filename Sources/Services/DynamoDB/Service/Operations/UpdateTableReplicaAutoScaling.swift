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

    /// Order of checks: what is to change, the global table. A table of one region is none, and there are no others.
    package func updateTableReplicaAutoScaling(
        _ input: UpdateTableReplicaAutoScalingInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateTableReplicaAutoScalingOutput {
        let reference = try TableReference(input.tableName, context)
        try validating { () throws(ValidationFailure) in try AutoScalingRule(table: reference.name).check(input) }
        throw .noReplicas(reference)
    }
}

extension ServiceError {
    /// The answer of the operations on replicas to a table without any, and where there is no table.
    static func noReplicas(_ reference: TableReference) -> ServiceError {
        DynamoDBError.resourceNotFound(message: "Global table with name: '\(reference.name)' does not exist.")
    }
}
