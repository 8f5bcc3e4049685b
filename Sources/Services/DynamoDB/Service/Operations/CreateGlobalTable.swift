package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: CreateGlobalTableInput, _ context: RequestContext) -> [ResourceAccess] {
        LegacyGlobalTables.access("CreateGlobalTable", input.globalTableName, context)
            + [ResourceAccess(action: "dynamodb:CreateGlobalTable", resource: context.tableARN(input.globalTableName))]
    }

    /// Refused, as AWS does now that only global tables of version 2019.11.21 are supported.
    package func createGlobalTable(
        _ input: CreateGlobalTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> CreateGlobalTableOutput {
        try validating { () throws(ValidationFailure) in
            guard !input.replicationGroup.isEmpty else {
                throw .invalid("Global table must have atleast one replica")
            }
            guard input.replicationGroup.allSatisfy({ $0.regionName != nil }) else {
                throw .invalid("ReplicationGroup members must specify RegionName")
            }
            throw LegacyGlobalTables.refusal(in: context.region)
        }
    }
}
