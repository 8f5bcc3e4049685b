internal import Primitives
internal import ServiceModel

/// Access keys by id, with their credentials and their users' policies. Lookups work the same wherever the keys come
/// from.
struct KeyRing: Sendable {
    private(set) var keys: [String: AccessKey]
    /// What a request that is signed with a key is told, made once and handed to every one of them.
    private let lookups: [String: CredentialLookup]
    private let policies: [UserReference: UserPolicies]
    private let mapsAccountIDs: Bool

    /// `mapsAccountIDs` is LocalStack's rule: a key id of twelve digits is that account's, with the secret of the
    /// `test` key.
    init(_ keys: [AccessKey], policies: UserPolicyFile.Policies = [:], mapsAccountIDs: Bool) {
        self.keys = Dictionary(keys.map { ($0.accessKeyID, $0) }) { _, later in later }
        let policies = policies.mapValues { UserPolicies($0.map(\.document)) }
        self.lookups = self.keys.mapValues { key -> CredentialLookup in
            guard key.kind == .signing else { return .unknown }
            return key.isActive ? .found(Credential(key, policies)) : .inactive
        }
        self.policies = policies
        self.mapsAccountIDs = mapsAccountIDs
    }

    /// Looks up a long-term key.
    func credential(accessKeyID: String) -> CredentialLookup {
        if let lookup = self.lookups[accessKeyID] { return lookup }
        guard let key = self.mappedKey(accessKeyID) else { return .unknown }
        return key.isActive ? .found(Credential(key, self.policies)) : .inactive
    }

    /// The policies of a principal; nil when it is unrestricted.
    func policies(of principal: Principal) -> UserPolicies? {
        UserReference(principal).flatMap { self.policies[$0] }
    }

    func bearer(name: String, now: Timestamp) -> CredentialLookup {
        guard let key = self.keys[name], case .bedrock(let expiration) = key.kind else { return .unknown }
        if let expiration, now >= expiration { return .expired(at: expiration) }
        return key.isActive ? .found(Credential(key, self.policies)) : .inactive
    }

    /// Looks up a temporary key. It is valid only as long as the long-term key that requested it, and has that key's
    /// restrictions.
    func session(_ opened: SessionTokens.Opened, now: Timestamp) -> CredentialLookup {
        guard let parent = self.key(opened.parentID), parent.isActive, opened.belongs(to: parent) else {
            return .inactive
        }
        guard now < opened.expiration else { return .expired(at: opened.expiration) }
        guard !self.policies.isEmpty || parent.isLoopbackOnly else { return .found(opened.credential) }
        let principal = opened.credential.principal
        return .found(
            opened.credential.with(
                principal.with(policies: self.policies(of: principal)), isLoopbackOnly: parent.isLoopbackOnly))
    }

    /// The long-term key of that id, also one of LocalStack's for an account.
    func key(_ accessKeyID: String) -> AccessKey? {
        self.keys[accessKeyID] ?? self.mappedKey(accessKeyID)
    }

    private func mappedKey(_ accessKeyID: String) -> AccessKey? {
        guard self.mapsAccountIDs, let account = AccountID(accessKeyID), var key = self.keys["test"] else {
            return nil
        }
        key.accessKeyID = accessKeyID
        key.account = account
        return key
    }
}

extension Credential {
    /// The credential of a long-term key.
    fileprivate convenience init(_ key: AccessKey, _ policies: [UserReference: UserPolicies]) {
        let policies = key.userName.flatMap { policies[UserReference(account: key.account, name: $0)] }
        self.init(
            accessKeyID: key.accessKeyID, secretAccessKey: key.secretAccessKey,
            principal: key.principal.with(policies: policies), isLoopbackOnly: key.isLoopbackOnly)
    }
}
