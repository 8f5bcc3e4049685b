internal import Primitives
internal import Synchronization

/// A cache of the credentials of recent requests with their signing keys: by access key, day, region and service.
package final class SigningKeyCache: Sendable {
    /// By the hash of the text. `Hasher` is seeded at random in each process, so nobody can construct collisions; if
    /// two texts collide, the later one stays.
    private let recent: Mutex<RecentObjects>

    /// `countMax` bounds the credentials; each takes about a kilobyte.
    package init(countMax: Int = 1024) {
        self.recent = Mutex(RecentObjects(countMax: countMax))
    }

    /// The number of credentials held now.
    package var count: Int {
        self.recent.withLock(\.count)
    }

    /// The credential with this text; nil when it is not cached.
    func credential(_ text: Span<UInt8>) -> ClaimedCredential? {
        let hash = Self.hash(text)
        guard let found = self.recent.withLock({ $0.object(for: hash) }) as? ClaimedCredential else { return nil }
        let foundText = found.text
        return ByteScan.areEqual(foundText.span, text) ? found : nil
    }

    /// The signing key of a claimed credential; derived if it is not cached.
    package func key(for credential: SigningCredential, _ claimed: ClaimedCredential) -> SigningKey {
        if let held = claimed.key(of: credential.secretAccessKey) { return held }
        let key = claimed.derive(credential.secretAccessKey)
        let text = claimed.text
        let hash = Self.hash(text.span)
        self.recent.withLock { $0.insert(claimed, for: hash) }
        return key
    }

    private static func hash(_ text: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe text.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}

/// The secret with which a request is verified or signed.
package struct SigningCredential: Sendable, CustomStringConvertible {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// The token that must accompany a temporary key; nil for long-term keys.
    package let sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// The access key id only, so that interpolation cannot log a secret.
    package var description: String { self.accessKeyID }
}
