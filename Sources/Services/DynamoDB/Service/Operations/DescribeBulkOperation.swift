package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeBulkOperationInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeBulkOperation", resource: input.bulkOperationARN)]
    }

    /// The counts are those of the items whose commits are durable.
    package func describeBulkOperation(
        _ input: DescribeBulkOperationInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeBulkOperationOutput {
        DescribeBulkOperationOutput(
            bulkOperationDescription: try await self.bulk(input.bulkOperationARN, context).own.description)
    }
}
