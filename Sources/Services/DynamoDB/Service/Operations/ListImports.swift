package import DynamoDBModel
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ListImportsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListImports", resource: "*")]
    }

    /// Those of the last 90 days, whatever their status, in reverse order of ImportArn.
    package func listImports(
        _ input: ListImportsInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListImportsOutput {
        let (records, next) = try await self.transfers(
            .import, input.tableARN, after: input.nextToken, limit: input.pageSize ?? Self.listedTransfersMax, context)
        var summaries: [ImportSummary] = []
        for record in records {
            guard let own = ImportDescriptor.decode(record) else { throw ServiceError(.corrupt("import")) }
            summaries.append(own.summary)
        }
        return ListImportsOutput(importSummaryList: summaries, nextToken: next)
    }
}
