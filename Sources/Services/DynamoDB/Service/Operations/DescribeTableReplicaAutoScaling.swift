package import DynamoDBModel
internal import Primitives
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

    /// Describes all replicas, whichever of their regions is asked. A single-region table has no replicas to describe.
    package func describeTableReplicaAutoScaling(
        _ input: DescribeTableReplicaAutoScalingInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeTableReplicaAutoScalingOutput {
        let reference = try TableReference(input.tableName, context)
        guard let group = try await self.catalog.group(reference), group.own.replication != nil else {
            throw .noReplicas(reference)
        }
        return DescribeTableReplicaAutoScalingOutput(
            tableAutoScalingDescription: self.autoScalingDescription(group, context))
    }

    func autoScalingDescription(_ group: TableGroup, _ context: RequestContext) -> TableAutoScalingDescription {
        let now = self.clock.now()
        return group.autoScalingDescription(group.own.status(at: now), context) { $0.replicaStatus(at: now) }
    }
}
