internal import Synchronization

/// Derived signing keys of recent requests, by access key, day, region and service.
///
/// Bounded by two generations: when the young one is full it becomes the old one, and what is used there moves back.
/// A key is bound to the secret it came from, so a recreated access key with another secret misses.
package final class SigningKeyCache: Sendable {
    private struct Identity: Hashable {
        let accessKeyID: String
        let scope: CredentialScope
    }

    private struct Entry {
        let secretAccessKey: String
        let key: SigningKey
    }

    private struct State {
        var young: [Identity: Entry] = [:]
        var old: [Identity: Entry] = [:]
    }

    /// Keys held at most; each takes about half a kilobyte.
    package let countMax: Int
    private let state = Mutex(State())

    package init(countMax: Int = 1024) {
        precondition(countMax >= 2, "two generations hold a key each at least")
        self.countMax = countMax
    }

    /// Keys held now.
    package var count: Int {
        self.state.withLock { $0.young.count + $0.old.count }
    }

    /// The key for a scope, derived when it is not held.
    package func key(for credential: SigningCredential, scope: CredentialScope) -> SigningKey {
        let identity = Identity(accessKeyID: credential.accessKeyID, scope: scope)
        let held = self.state.withLock { state -> SigningKey? in
            if let entry = state.young[identity] {
                return entry.secretAccessKey == credential.secretAccessKey ? entry.key : nil
            }
            guard let entry = state.old.removeValue(forKey: identity) else { return nil }
            guard entry.secretAccessKey == credential.secretAccessKey else { return nil }
            self.insert(entry, for: identity, in: &state)
            return entry.key
        }
        if let held { return held }
        // Outside the lock: two threads may derive the same key once, which costs time and nothing else.
        let key = SigningKey(secretAccessKey: credential.secretAccessKey, scope: scope)
        let entry = Entry(secretAccessKey: credential.secretAccessKey, key: key)
        self.state.withLock { self.insert(entry, for: identity, in: &$0) }
        return key
    }

    private func insert(_ entry: Entry, for identity: Identity, in state: inout State) {
        if state.young.count >= self.countMax / 2, state.young[identity] == nil {
            state.old = state.young
            state.young = [:]
        }
        state.young[identity] = entry
        state.old[identity] = nil
    }
}

/// The secret that a request is verified or signed with.
package struct SigningCredential: Sendable, CustomStringConvertible {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// The token that must come with a temporary key; nil for long-term keys.
    package let sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// The access key id; secrets do not get into logs by interpolation.
    package var description: String { self.accessKeyID }
}
