internal import Primitives
internal import ServiceModel
internal import Signing

/// An identity that answers from a key ring and from session tokens, wherever the ring comes from.
protocol KeyRingIdentity: IdentityPort {
    var sessions: SessionTokens { get }

    /// The keys that were read or fetched last, however long ago.
    var ring: KeyRing { get }

    /// Answers from the current ring; how current it is, each implementation decides.
    func lookUp(_ now: Timestamp, _ answer: (KeyRing) -> CredentialLookup) -> CredentialLookup
}

extension KeyRingIdentity {
    package func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) -> CredentialLookup {
        guard let sessionToken else { return self.lookUp(now) { $0.credential(accessKeyID: accessKeyID) } }
        guard let opened = self.sessions.open(sessionToken, of: accessKeyID) else { return .unknown }
        return self.lookUp(now) { $0.session(opened, now: now) }
    }

    package func bearer(name: String, now: Timestamp) -> CredentialLookup {
        self.lookUp(now) { $0.bearer(name: name, now: now) }
    }

    package func issueSession(for principal: Principal, issued: Timestamp, expiration: Timestamp) -> Credential {
        // A node may not have fetched a key yet that its gateway knows.
        let parent = self.ring.key(principal.accessKeyID)
        return self.sessions.issue(
            for: principal, proven: parent?.secretAccessKey, issued: issued, expiration: expiration)
    }
}
