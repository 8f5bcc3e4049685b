package import DynamoDBModel
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    /// The default number of bulk operations in one answer.
    private static let listedBulksMax = 10

    package func access(_ input: ListBulkOperationsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListBulkOperations", resource: "*")]
    }

    /// Those of the last 90 days, the most recent first.
    package func listBulkOperations(
        _ input: ListBulkOperationsInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListBulkOperationsOutput {
        let (records, next) = try await self.transfers(
            .bulk, nil, after: input.nextToken, limit: input.maxResults ?? Self.listedBulksMax, context)
        var summaries: [BulkOperationSummary] = []
        for record in records {
            guard let own = BulkDescriptor.decode(record) else { throw ServiceError(.corrupt("bulk operation")) }
            summaries.append(own.summary)
        }
        return ListBulkOperationsOutput(bulkOperationsSummaryList: summaries, nextToken: next)
    }
}
