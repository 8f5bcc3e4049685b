package import Policy
package import Primitives
package import ServiceModel

/// A user of an account.
package struct UserReference: Sendable, Hashable {
    package var account: AccountID
    package var name: String

    package init(account: AccountID, name: String) {
        self.account = account
        self.name = name
    }

    /// - Returns: nil when the principal is not a user. A session of GetSessionToken acts as its user.
    package init?(_ principal: Principal) {
        guard principal.kind == .user, let arn = ARN(principal.arn), arn.resource.hasPrefix("user/") else { return nil }
        self.init(account: principal.account, name: String(arn.resource.dropFirst("user/".count)))
    }
}

/// All policies of one user, parsed once for all requests of the user. What none of them allows is denied.
package final class UserPolicies: PrincipalPolicies {
    /// The kind of a bearer token, as IAM's condition keys name it.
    ///
    /// - Source: Service Authorization Reference, Amazon Bedrock, `bedrock:BearerTokenType`.
    package enum BearerToken: String, Sendable {
        case longTerm = "LONG_TERM"
        case shortTerm = "SHORT_TERM"
    }

    package let documents: [PolicyDocument]
    /// The bearer token that authenticated the request; nil when a signature did.
    package let bearer: BearerToken?

    package init(_ documents: [PolicyDocument], bearer: BearerToken? = nil) {
        self.documents = documents
        self.bearer = bearer
    }

    /// The same policies for a request with a bearer token, which needs a permission of its own.
    package func proven(by bearer: BearerToken) -> UserPolicies {
        UserPolicies(self.documents, bearer: bearer)
    }

    /// Whether any condition uses a key with this prefix (in lower case) or a policy variable, which could stand for
    /// one.
    package func askAboutKeys(_ prefix: String) -> Bool {
        self.documents.contains { $0.asksAboutKeys(prefix) }
    }

    /// The decision of all policies together on one access.
    package func decision(for request: PolicyRequest) -> PolicyDecision {
        .combined(self.documents.lazy.map { $0.decision(for: request) })
    }

    /// AWS's sentence for the first access that is denied; nil when all are allowed.
    package func denial(of accesses: [ResourceAccess], _ context: RequestContext) -> String? {
        for access in self.bearerAccess + accesses {
            switch self.decision(for: PolicyRequest(access, context)) {
            case .allow: continue
            case .explicitDeny: return self.sentence(.byIdentityPolicy, access, context)
            case .notApplicable: return self.sentence(.byNobody, access, context)
            }
        }
        return nil
    }

    private func sentence(_ denial: AccessDenial, _ access: ResourceAccess, _ context: RequestContext) -> String {
        denial.sentence(access, context.principal, tellsAll: access.action == Self.bearerAction)
    }

    private static let bearerAction = "bedrock:CallWithBearerToken"

    private var bearerAccess: [ResourceAccess] {
        guard let bearer = self.bearer else { return [] }
        return [
            ResourceAccess(
                action: Self.bearerAction, resource: "*",
                conditionKeys: ["bedrock:BearerTokenType": [bearer.rawValue]])
        ]
    }
}

/// Why an access is denied.
package enum AccessDenial: Sendable, Hashable {
    /// No policy allows it.
    case byNobody
    case byIdentityPolicy
    case byResourcePolicy

    /// AWS's sentence for a denied access. For an action without a resource, DynamoDB and the check of bearer tokens
    /// say `on resource: *`; other services leave it out.
    ///
    /// - Parameters:
    ///   - access: the denied access.
    ///   - principal: who was denied.
    ///   - tellsAll: whether a resource of `*` is named.
    /// - Returns: the sentence.
    /// - Source: IAM User Guide, "Troubleshoot access denied error messages", whose example leaves it out; answers to
    ///   dynamodb:DescribeLimits, bedrock:CallWithBearerToken and bedrock:ListFoundationModels in public reports.
    package func sentence(_ access: ResourceAccess, _ principal: Principal, tellsAll: Bool = false) -> String {
        let resource = access.resource == "*" && !tellsAll ? "" : " on resource: \(access.resource)"
        let reason =
            switch self {
            case .byNobody: "because no identity-based policy allows the \(access.action) action"
            case .byIdentityPolicy: "with an explicit deny in an identity-based policy"
            case .byResourcePolicy: "with an explicit deny in a resource-based policy"
            }
        return "User: \(principal.arn) is not authorized to perform: \(access.action)\(resource) \(reason)"
    }
}

extension Principal {
    /// The policies that restrict the principal; nil when it is unrestricted.
    package var userPolicies: UserPolicies? {
        guard let policies = self.policies else { return nil }
        guard let known = policies as? UserPolicies else { preconditionFailure("policies are those of a user") }
        return known
    }
}
