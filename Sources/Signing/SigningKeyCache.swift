internal import Primitives
internal import Synchronization

/// The credentials of recent requests with the signing keys derived for them: by access key, day, region and service.
///
/// Bounded by two generations: when the young one is full it becomes the old one, and what is used there moves back.
package final class SigningKeyCache: Sendable {
    /// By the hash of the text. `Hasher` is seeded at random in each process, so nobody can choose texts that collide;
    /// where two do, the later one stands.
    private struct State {
        var young: [Int: ClaimedCredential] = [:]
        var old: [Int: ClaimedCredential] = [:]
    }

    /// Credentials held at most; each takes about a kilobyte.
    package let countMax: Int
    private let state = Mutex(State())

    package init(countMax: Int = 1024) {
        precondition(countMax >= 2, "two generations hold a key each at least")
        self.countMax = countMax
    }

    /// Credentials held now.
    package var count: Int {
        self.state.withLock { $0.young.count + $0.old.count }
    }

    /// The credential of that text; nil where it led to no key yet.
    func credential(_ text: Span<UInt8>) -> ClaimedCredential? {
        let hash = Self.hash(text)
        let found = self.state.withLock { state -> ClaimedCredential? in
            if let held = state.young[hash] { return held }
            guard let held = state.old[hash] else { return nil }
            self.insert(held, hash, in: &state)
            return held
        }
        guard let found else { return nil }
        let foundText = found.text
        return ByteScan.areEqual(foundText.span, text) ? found : nil
    }

    /// The key of a claimed credential, derived when it is not held.
    package func key(for credential: SigningCredential, _ claimed: ClaimedCredential) -> SigningKey {
        if let held = claimed.key(of: credential.secretAccessKey) { return held }
        let key = claimed.derive(credential.secretAccessKey)
        let text = claimed.text
        let hash = Self.hash(text.span)
        self.state.withLock { self.insert(claimed, hash, in: &$0) }
        return key
    }

    private static func hash(_ text: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe text.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    private func insert(_ credential: ClaimedCredential, _ hash: Int, in state: inout State) {
        if state.young.count >= self.countMax / 2, state.young[hash] == nil {
            state.old = state.young
            state.young = [:]
        }
        state.young[hash] = credential
        state.old[hash] = nil
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
