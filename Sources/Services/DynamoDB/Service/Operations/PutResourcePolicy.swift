package import DynamoDBModel
internal import DynamoDBValues
internal import Policy
internal import Primitives
internal import ServiceKit
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: PutResourcePolicyInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:PutResourcePolicy", resource: input.resourceARN)]
    }

    /// Order of checks: the ARN, the policy, the table or stream, the expected revision, whether the caller would be
    /// locked out. A policy equivalent to the current one changes nothing.
    package func putResourcePolicy(
        _ input: PutResourcePolicyInput, _ context: RequestContext
    ) async throws(ServiceError) -> PutResourcePolicyOutput {
        let resource = try ResourceReference(input.resourceARN, context, .policies)
        let document = try validating { () throws(ValidationFailure) in
            try PolicyRule.document(
                input.policy, isForStream: resource.isStream, partition: context.region.partition)
        }
        let now = self.clock.now()
        let (_, revision) = try await self.catalog.update(resource.table) { (table, _) throws(ServiceError) in
            try table.check(resource)
            let slot = table.policies[resource]
            try resource.check(input.expectedRevisionID, slot)
            if let slot, slot.document == document { return slot.revisionID }
            try Self.checkLockout(document, input, context)
            let changed = TablePolicies.Slot(document: document, revision: slot.nextRevision(now))
            table.policies[resource] = changed
            return changed.revisionID
        }
        return PutResourcePolicyOutput(revisionID: revision)
    }

    /// A caller whose policy denies it the next change must confirm it.
    private static func checkLockout(
        _ document: PolicyDocument, _ input: PutResourcePolicyInput, _ context: RequestContext
    ) throws(ServiceError) {
        guard input.confirmRemoveSelfResourceAccess != true else { return }
        let access = ResourceAccess(action: "dynamodb:PutResourcePolicy", resource: input.resourceARN)
        guard document.decision(for: PolicyRequest(access, context)) == .explicitDeny else { return }
        throw ServiceError(
            code: "AccessDeniedException",
            status: 400,
            message: "The new resource policy will not allow you to update the resource policy in the future."
        )
    }
}
