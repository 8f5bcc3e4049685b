package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(
        _ input: DescribeKinesisStreamingDestinationInput, _ context: RequestContext
    ) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:DescribeKinesisStreamingDestination", resource: context.tableARN(input.tableName))
        ]
    }

    /// The newest first, including failed and disabled destinations.
    package func describeKinesisStreamingDestination(
        _ input: DescribeKinesisStreamingDestinationInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeKinesisStreamingDestinationOutput {
        let reference = try TableReference(input.tableName, context)
        guard let table = try await self.catalog.snapshot(reference)?.descriptor else {
            throw .tableNotFound(reference)
        }
        return DescribeKinesisStreamingDestinationOutput(
            tableName: table.name, kinesisDataStreamDestinations: table.kinesisDestinations.map(\.description))
    }
}
