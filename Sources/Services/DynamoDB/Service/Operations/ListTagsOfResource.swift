package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ListTagsOfResourceInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListTagsOfResource", resource: input.resourceARN)]
    }

    /// All tags in one answer: AWS returns 50, the most that a table can have, without a token for more. A token, which
    /// no answer ever contains, is ignored, as AWS ignores unknown ones.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    package func listTagsOfResource(
        _ input: ListTagsOfResourceInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListTagsOfResourceOutput {
        let reference = try self.taggedTable(input.resourceARN, context)
        guard let table = try await self.catalog.snapshot(reference)?.descriptor,
            !table.isReplicaBeingAdded(at: self.clock.now())
        else { throw .resourceNotFound(arn: input.resourceARN) }
        return ListTagsOfResourceOutput(tags: table.settings.tags.map { Tag(key: $0.key, value: $0.value) })
    }
}
