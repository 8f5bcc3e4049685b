package import Primitives
package import ServiceModel

/// The secret that verifies a credential, and the principal it authenticates.
///
/// A class: it is made once for each key and shared by every request.
package final class Credential: Sendable {
    package let accessKeyID: String
    package let secretAccessKey: String
    package let principal: Principal
    /// The session token that must accompany a temporary key; nil for long-term keys.
    package let sessionToken: String?
    package let expiration: Timestamp?
    /// Whether only clients on this machine may use it. A session has the restriction of its long-term key.
    package let isLoopbackOnly: Bool

    package init(
        accessKeyID: String,
        secretAccessKey: String,
        principal: Principal,
        sessionToken: String? = nil,
        expiration: Timestamp? = nil,
        isLoopbackOnly: Bool = false
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.principal = principal
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.isLoopbackOnly = isLoopbackOnly
    }

    /// The same credential for another principal, with the restriction of its long-term key.
    package func with(_ principal: Principal, isLoopbackOnly: Bool) -> Credential {
        Credential(
            accessKeyID: self.accessKeyID, secretAccessKey: self.secretAccessKey, principal: principal,
            sessionToken: self.sessionToken, expiration: self.expiration, isLoopbackOnly: isLoopbackOnly)
    }
}

extension Credential: Hashable {
    package static func == (left: Credential, right: Credential) -> Bool {
        left.accessKeyID == right.accessKeyID && left.secretAccessKey == right.secretAccessKey
            && left.principal == right.principal && left.sessionToken == right.sessionToken
            && left.expiration == right.expiration && left.isLoopbackOnly == right.isLoopbackOnly
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.accessKeyID)
        hasher.combine(self.principal)
    }
}

/// The result of looking up an access key.
package enum CredentialLookup: Sendable, Equatable {
    case found(Credential)
    /// No such key, or a session token that does not belong to it.
    case unknown
    /// The key exists but is deactivated.
    case inactive
    /// A temporary credential that has expired.
    case expired(at: Timestamp)
    /// Not known now: the keys are fetched from another process, which does not answer.
    case unavailable
}

/// The result of looking up a principal's policies.
package enum PolicyLookup: Sendable {
    /// nil: the principal is unrestricted within its account.
    case known(UserPolicies?)
    /// Not known now, as in `CredentialLookup.unavailable`.
    case unavailable
}

/// Access keys, sessions and policies: local, or those of another process of the cluster.
package protocol IdentityPort: Sendable {
    /// Looks up a signing key. Called once a request on the event loop, so it answers from memory. The principal
    /// carries its user's policies. A temporary key is unknown without the `sessionToken` that the request carries.
    func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) -> CredentialLookup

    /// Looks up a long-term bearer key of Bedrock by its public part; its secret is the credential's `secretAccessKey`.
    /// Such a key cannot sign: `credential` does not find it.
    func bearer(name: String, now: Timestamp) -> CredentialLookup

    /// The policies of a principal that another process has authenticated.
    func policies(of principal: Principal, now: Timestamp) -> PolicyLookup

    /// Issues temporary credentials that act as `principal` from `issued`, which is now, until `expiration`.
    func issueSession(for principal: Principal, issued: Timestamp, expiration: Timestamp) -> Credential
}
