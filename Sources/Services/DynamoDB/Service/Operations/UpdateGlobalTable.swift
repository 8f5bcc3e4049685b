package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateGlobalTableInput, _ context: RequestContext) -> [ResourceAccess] {
        LegacyGlobalTables.access("UpdateGlobalTable", input.globalTableName, context)
            + [ResourceAccess(action: "dynamodb:UpdateGlobalTable", resource: context.tableARN(input.globalTableName))]
    }

    /// Order of checks: the form of the updates, whether replicas may be added, the global table.
    package func updateGlobalTable(
        _ input: UpdateGlobalTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateGlobalTableOutput {
        try validating { () throws(ValidationFailure) in
            let updates = input.replicaUpdates
            guard !updates.isEmpty, updates.allSatisfy({ $0.create != nil || $0.delete != nil }) else {
                throw ValidationFailure("One or more parameter values were invalid")
            }
            guard updates.allSatisfy({ $0.create == nil || $0.delete == nil }) else {
                throw .invalid(
                    "A ReplicaUpdate structure cannot contain both a create replica action and a delete replica action"
                )
            }
            if updates.contains(where: { $0.create != nil }) { throw LegacyGlobalTables.refusal(in: context.region) }
        }
        throw .globalTableNotFound(input.globalTableName, prefix: "Global table not found: ")
    }
}
