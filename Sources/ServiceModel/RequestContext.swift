package import Primitives
internal import Synchronization

/// The authenticated sender of a request.
///
/// A class: it is made once for each key, and shared by every request.
package final class Principal: Sendable {
    /// The kind of identity.
    package enum Kind: String, Sendable, Hashable {
        case root, user, assumedRole, federatedUser, service, anonymous
    }

    package let kind: Kind
    package let account: AccountID
    package let arn: String
    /// `AIDA…`, `AROA…:session` or the account for root.
    package let userID: String
    /// Empty for anonymous callers.
    package let accessKeyID: String
    /// When its temporary key was issued; nil for long-term keys.
    package let tokenIssueTime: Timestamp?
    /// Its policies; nil when it is unrestricted within its account.
    package let policies: (any PrincipalPolicies)?

    package init(
        kind: Kind, account: AccountID, arn: String, userID: String, accessKeyID: String,
        tokenIssueTime: Timestamp? = nil, policies: (any PrincipalPolicies)? = nil
    ) {
        self.kind = kind
        self.account = account
        self.arn = arn
        self.userID = userID
        self.accessKeyID = accessKeyID
        self.tokenIssueTime = tokenIssueTime
        self.policies = policies
    }

    /// The same principal with other policies.
    package func with(policies: (any PrincipalPolicies)?) -> Principal {
        Principal(
            kind: self.kind, account: self.account, arn: self.arn, userID: self.userID, accessKeyID: self.accessKeyID,
            tokenIssueTime: self.tokenIssueTime, policies: policies)
    }
}

/// The policies of a principal; opaque at this level, where policies are not known.
package protocol PrincipalPolicies: AnyObject, Sendable {}

/// Equality is about identity; policies change over time and are left out.
extension Principal: Hashable {
    package static func == (left: Principal, right: Principal) -> Bool {
        left.kind == right.kind && left.account == right.account && left.arn == right.arn
            && left.userID == right.userID && left.accessKeyID == right.accessKeyID
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.kind)
        hasher.combine(self.account)
        hasher.combine(self.arn)
        hasher.combine(self.userID)
        hasher.combine(self.accessKeyID)
    }
}

/// What a handler knows about the request besides its input. Immutable, except for `answer`; made once, after
/// authentication.
///
/// A class: it passes through every step, and copying its many texts at each would cost more than the steps.
package final class RequestContext: Sendable {
    package let requestID: RequestID
    package let principal: Principal
    /// State is keyed by both account and region.
    package let account: AccountID
    package let region: Region
    /// When the request was accepted.
    package let time: Timestamp
    /// The client's address, for conditions and logs.
    package let sourceAddress: String
    package let isTLS: Bool
    package let userAgent: String
    /// The name by which the client reached this server, from `Host` or `:authority`; empty if there was none.
    package let host: String
    /// The handler's headers for the answer that the model of its output does not have.
    private let answerFields = Mutex<[HeaderFields.Field]>([])

    /// Further headers are not sent.
    package static let answerHeaderCountMax = 16

    package init(
        requestID: RequestID,
        principal: Principal,
        region: Region,
        time: Timestamp,
        sourceAddress: String,
        isTLS: Bool,
        userAgent: String,
        host: String = ""
    ) {
        self.requestID = requestID
        self.principal = principal
        self.account = principal.account
        self.region = region
        self.time = time
        self.sourceAddress = sourceAddress
        self.isTLS = isTLS
        self.userAgent = userAgent
        self.host = host
    }

    /// Adds a header to the answer, such as Bedrock's token counts, which are not in any model but which some SDKs
    /// read.
    ///
    /// Must be called before the handler returns. An error is answered without these headers.
    package func answer(_ name: String, _ value: String) {
        self.answerFields.withLock { fields in
            if fields.count < Self.answerHeaderCountMax { fields.append(HeaderFields.Field(name, value)) }
        }
    }

    /// The headers added by the handler.
    package var answerHeaders: [HeaderFields.Field] { self.answerFields.withLock { $0 } }
}

/// One action of an operation on one resource, as IAM sees it.
package struct ResourceAccess: Sendable, Equatable {
    /// `dynamodb:PutItem`
    package var action: String
    /// An ARN, or `*` where the action has no resource.
    package var resource: String
    /// Condition keys of this access, such as `dynamodb:LeadingKeys`. By bytes: some contain the key of a tag.
    package var conditionKeys: [ExactName: [String]]
    /// Further ARNs by which policies may name the resource. A Deny of one of them is a Deny of the resource; an Allow
    /// must be for `resource`.
    package var otherResources: [String]

    package init(
        action: String, resource: String, conditionKeys: [ExactName: [String]] = [:], otherResources: [String] = []
    ) {
        self.action = action
        self.resource = resource
        self.conditionKeys = conditionKeys
        self.otherResources = otherResources
    }
}
