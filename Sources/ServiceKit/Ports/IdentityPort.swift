package import Primitives
package import ServiceModel

/// What a credential needs to be verified with, and whom it proves.
///
/// A class: it is made once for a key, and each request is given it.
package final class Credential: Sendable {
    package let accessKeyID: String
    package let secretAccessKey: String
    package let principal: Principal
    /// The token that must come with the key, for temporary credentials; nil for long-term keys.
    package let sessionToken: String?
    package let expiration: Timestamp?

    package init(
        accessKeyID: String,
        secretAccessKey: String,
        principal: Principal,
        sessionToken: String? = nil,
        expiration: Timestamp? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.principal = principal
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// The same one, which proves another.
    package func with(_ principal: Principal) -> Credential {
        Credential(
            accessKeyID: self.accessKeyID, secretAccessKey: self.secretAccessKey, principal: principal,
            sessionToken: self.sessionToken, expiration: self.expiration)
    }
}

extension Credential: Hashable {
    package static func == (left: Credential, right: Credential) -> Bool {
        left.accessKeyID == right.accessKeyID && left.secretAccessKey == right.secretAccessKey
            && left.principal == right.principal && left.sessionToken == right.sessionToken
            && left.expiration == right.expiration
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.accessKeyID)
        hasher.combine(self.principal)
    }
}

/// What is known of an access key.
package enum CredentialLookup: Sendable, Hashable {
    case found(Credential)
    /// No such key, or a token that does not belong to it.
    case unknown
    /// The key exists and was switched off.
    case inactive
    /// A temporary credential whose time is over.
    case expired(at: Timestamp)
    /// Nobody can be asked now: the keys are another process's, which does not answer.
    case unavailable
}

/// What is known of the policies of a principal.
package enum PolicyLookup: Sendable {
    /// nil: nothing restricts it within its account.
    case known(UserPolicies?)
    /// Nobody can be asked now.
    case unavailable
}

/// Access keys, sessions and policies: local ones, or those of another process of the cluster.
package protocol IdentityPort: Sendable {
    /// Looks a key up; called once a request on the event loop, so it answers from memory. The principal bears the
    /// policies of its user.
    /// Temporary keys are unknown without their `sessionToken`, as the request carries it.
    func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) -> CredentialLookup

    /// Looks a long-term bearer key of Bedrock up by the public part of it; its secret is `secretAccessKey` here.
    /// Such a key signs nothing: `credential` does not know it.
    func bearer(name: String, now: Timestamp) -> CredentialLookup

    /// The policies of a principal that another process has proven.
    func policies(of principal: Principal, now: Timestamp) -> PolicyLookup

    /// Whether a key is for clients on this machine only.
    func isLoopbackOnly(accessKeyID: String) -> Bool

    /// Makes temporary credentials that act as `principal` from `issued`, which is now, until `expiration`.
    func issueSession(for principal: Principal, issued: Timestamp, expiration: Timestamp) -> Credential
}

extension IdentityPort {
    package func isLoopbackOnly(accessKeyID: String) -> Bool { false }
}
