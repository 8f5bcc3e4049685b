package import DynamoDBModel
internal import Policy
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: GetResourcePolicyInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:GetResourcePolicy", resource: input.resourceARN)]
    }

    /// The policy in IAM's normal form; a policy without a version is shown with its default version.
    package func getResourcePolicy(
        _ input: GetResourcePolicyInput, _ context: RequestContext
    ) async throws(ServiceError) -> GetResourcePolicyOutput {
        let resource = try ResourceReference(input.resourceARN, context, .policies)
        guard let table = try await self.catalog.snapshot(resource.table)?.descriptor else {
            throw .tableNotFound(resource.table)
        }
        try table.check(resource)
        guard let slot = table.policies[resource], var document = slot.document else {
            throw .policyNotFound(input.resourceARN)
        }
        if document.version == nil { document.version = .first }
        return GetResourcePolicyOutput(policy: document.text, revisionID: slot.revisionID)
    }
}
