import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel

extension TableFixture {
    @discardableResult
    func putPolicy(
        _ arn: String, _ policy: String, expecting revision: String? = nil, confirmed: Bool? = nil
    ) async throws(ServiceError) -> String? {
        let input = PutResourcePolicyInput(
            resourceARN: arn, policy: policy, expectedRevisionID: revision, confirmRemoveSelfResourceAccess: confirmed)
        return try await self.service.putResourcePolicy(input, self.context).revisionID
    }

    func policy(_ arn: String) async throws(ServiceError) -> GetResourcePolicyOutput {
        try await self.service.getResourcePolicy(GetResourcePolicyInput(resourceARN: arn), self.context)
    }

    @discardableResult
    func deletePolicy(_ arn: String, expecting revision: String? = nil) async throws(ServiceError) -> String? {
        let input = DeleteResourcePolicyInput(resourceARN: arn, expectedRevisionID: revision)
        return try await self.service.deleteResourcePolicy(input, self.context).revisionID
    }

    /// The context of a user of the account.
    static func userContext(_ name: String, address: String = "127.0.0.1") -> RequestContext {
        let root = Self.context()
        return RequestContext(
            requestID: root.requestID,
            principal: Principal(
                kind: .user,
                account: root.account,
                arn: "arn:aws:iam::\(root.account):user/\(name)",
                userID: "AIDA" + name,
                accessKeyID: "AKIA" + name
            ),
            region: root.region,
            time: root.time,
            sourceAddress: address,
            isTLS: false,
            userAgent: "test"
        )
    }

    /// Runs an operation as the gateway does, with the table's policy asked before it.
    func ask(
        _ operation: String, _ input: any ReadableShape, as context: RequestContext
    ) async throws(ServiceError) -> any WritableShape {
        let operations = self.service.guardedBinding.operations
        guard let binding = operations.first(where: { $0.schema.name == operation }) else {
            preconditionFailure("\(operation) is an operation")
        }
        return try await binding.invoke(input.decoded, context)
    }
}

/// A policy with one statement about a table, in IAM's normal form.
func tablePolicy(
    _ effect: String, _ action: String, principal: String = "*", resource: String = tableARN("table"),
    condition: String = ""
) -> String {
    let whom = principal == "*" ? "\"*\"" : "{\"AWS\":\"\(principal)\"}"
    let end = condition.isEmpty ? "" : ",\"Condition\":\(condition)"
    return "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"\(effect)\",\"Principal\":\(whom),"
        + "\"Action\":\"\(action)\",\"Resource\":\"\(resource)\"\(end)}]}"
}

let rootARN = "arn:aws:iam::123456789012:root"
