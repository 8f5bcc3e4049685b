package import DynamoDBModel
internal import Policy
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DeleteResourcePolicyInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DeleteResourcePolicy", resource: input.resourceARN)]
    }

    /// Answers with the revision of the removed policy; without a revision when there is nothing to remove.
    ///
    /// - Source: DynamoDB API Reference, DeleteResourcePolicy, `RevisionId`.
    package func deleteResourcePolicy(
        _ input: DeleteResourcePolicyInput, _ context: RequestContext
    ) async throws(ServiceError) -> DeleteResourcePolicyOutput {
        let resource = try ResourceReference(input.resourceARN, context, .policies)
        let now = self.clock.now()
        let (_, revision) = try await self.catalog.update(resource.table) { (table, _) throws(ServiceError) in
            try table.check(resource)
            let slot = table.policies[resource]
            try resource.check(input.expectedRevisionID, slot)
            guard let slot, slot.document != nil else { return String?.none }
            table.policies[resource] = TablePolicies.Slot(document: nil, revision: Optional(slot).nextRevision(now))
            return slot.revisionID
        }
        return DeleteResourcePolicyOutput(revisionID: revision)
    }
}
