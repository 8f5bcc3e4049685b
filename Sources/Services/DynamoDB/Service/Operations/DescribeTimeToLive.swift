package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeTimeToLiveInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeTimeToLive", resource: context.tableARN(input.tableName))]
    }

    package func describeTimeToLive(
        _ input: DescribeTimeToLiveInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeTimeToLiveOutput {
        let reference = try TableReference(input.tableName, context)
        let now = self.clock.now()
        guard let table = try await self.catalog.snapshot(reference)?.descriptor, !table.isReplicaBeingAdded(at: now)
        else { throw .tableNotFound(reference) }
        let status = table.status(at: now)
        guard status != .creating, status != .deleting else {
            throw .validation(
                "Cannot describe time to live while table is in \(status.rawValue) state: Current table state is "
                    + status.rawValue)
        }
        return DescribeTimeToLiveOutput(timeToLiveDescription: table.timeToLiveDescription)
    }
}

extension TableDescriptor {
    var timeToLiveDescription: TimeToLiveDescription {
        TimeToLiveDescription(
            timeToLiveStatus: self.expiry.attribute == nil ? .disabled : .enabled,
            attributeName: self.expiry.attribute
        )
    }
}
