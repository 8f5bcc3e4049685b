package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ListTagsOfResourceInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListTagsOfResource", resource: input.resourceARN)]
    }

    /// All of them in one answer: AWS shows 50, the most that a table has, without a token for more.
    package func listTagsOfResource(
        _ input: ListTagsOfResourceInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListTagsOfResourceOutput {
        let reference = try self.taggedTable(input.resourceARN, context)
        // No answer has given a token away.
        guard input.nextToken == nil else { throw .validation("Invalid NextToken") }
        guard let table = try await self.catalog.snapshot(reference)?.descriptor else {
            throw .resourceNotFound(arn: input.resourceARN)
        }
        return ListTagsOfResourceOutput(tags: table.settings.tags.map { Tag(key: $0.key, value: $0.value) })
    }
}
