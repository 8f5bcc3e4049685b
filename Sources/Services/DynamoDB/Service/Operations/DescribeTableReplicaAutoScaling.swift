package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(
        _ input: DescribeTableReplicaAutoScalingInput, _ context: RequestContext
    ) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:DescribeTableReplicaAutoScaling", resource: context.tableARN(input.tableName))
        ]
    }

    /// A table of one region has no replicas whose scaling could be told, and there are no others.
    package func describeTableReplicaAutoScaling(
        _ input: DescribeTableReplicaAutoScalingInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeTableReplicaAutoScalingOutput {
        throw .noReplicas(try TableReference(input.tableName, context))
    }
}
