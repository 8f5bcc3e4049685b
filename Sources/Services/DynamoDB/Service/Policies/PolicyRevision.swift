internal import DynamoDBModel
internal import Primitives
internal import ServiceModel

extension ResourceReference {
    var isStream: Bool {
        if case .stream = self { true } else { false }
    }

    /// The expected revision of a client that expects no policy.
    private static let noPolicy = "NO_POLICY"

    /// The resource's name in messages about revisions.
    private var name: String {
        switch self {
        case .table(let table): "table \(table.name)"
        case .stream(_, let label): "stream \(label)"
        }
    }

    /// Checks that the current policy has the revision that the request expects.
    func check(_ expected: String?, _ slot: TablePolicies.Slot?) throws(ServiceError) {
        guard let expected else { return }
        let present = slot?.document == nil ? nil : slot?.revisionID
        guard expected != (present ?? Self.noPolicy) else { return }
        guard let present else {
            throw .policyNotFound(
                "Requested update for policy with revision id \(expected), but \(self.name) has no associated policy."
            )
        }
        guard expected != Self.noPolicy else {
            throw .policyNotFound(
                "Requested policy update expecting none to be present for \(self.name), but a policy exists with "
                    + "revision id \(present)."
            )
        }
        throw .policyNotFound(
            "Requested update for policy with revision id \(expected), but the policy associated to target "
                + "\(self.name) has revision id \(present)."
        )
    }
}

extension TableDescriptor {
    /// Checks that the table has the stream named by the request.
    func check(_ resource: ResourceReference) throws(ServiceError) {
        guard case .stream(_, let label) = resource else { return }
        guard self.description(.active).latestStreamLabel == label else {
            throw DynamoDBError.resourceNotFound(
                message: "Requested resource not found: Stream: \(label) not found for Table: \(self.name)"
            )
        }
    }
}

extension TablePolicies.Slot? {
    /// The current time in milliseconds, but higher than the last revision.
    func nextRevision(_ now: Timestamp) -> Int64 {
        max(now.millisecondsSinceEpoch, (self?.revision ?? 0) + 1)
    }
}

extension ServiceError {
    static func policyNotFound(_ reason: String) -> ServiceError {
        DynamoDBError.policyNotFound(
            message: "Resource-based policy not found for the provided ResourceArn: \(reason)"
        )
    }
}
