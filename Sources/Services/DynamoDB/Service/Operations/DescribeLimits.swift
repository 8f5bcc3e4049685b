package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    /// AWS's defaults for a new account.
    /// - Source: DynamoDB Developer Guide, "Quotas in Amazon DynamoDB", "Throughput default quotas".
    static let accountCapacityUnitsMax = 80_000
    static let tableCapacityUnitsMax = 40_000

    package func access(_ input: DescribeLimitsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeLimits", resource: "*")]
    }

    package func describeLimits(
        _ input: DescribeLimitsInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeLimitsOutput {
        DescribeLimitsOutput(
            accountMaxReadCapacityUnits: Self.accountCapacityUnitsMax,
            accountMaxWriteCapacityUnits: Self.accountCapacityUnitsMax,
            tableMaxReadCapacityUnits: Self.tableCapacityUnitsMax,
            tableMaxWriteCapacityUnits: Self.tableCapacityUnitsMax
        )
    }
}
