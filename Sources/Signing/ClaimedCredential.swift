internal import Synchronization

/// What the credential of a request says: `key/date/region/service/aws4_request`, and the key that it led to.
///
/// A class, and kept in a `SigningKeyCache` once a key of ours was found for it: nearly every request names the
/// credential of one before it, and reading and looking up its five texts anew cost as much as hashing the request.
package final class ClaimedCredential: Sendable {
    package let accessKeyID: String
    package let scope: CredentialScope
    /// As it came.
    let text: [UInt8]
    private let derived = Mutex<Derived?>(nil)

    /// A key is bound to the secret it came from: a recreated access key may have another.
    private struct Derived {
        let secretAccessKey: String
        let key: SigningKey
    }

    init(_ text: [UInt8], accessKeyID: String, scope: CredentialScope) {
        self.accessKeyID = accessKeyID
        self.scope = scope
        self.text = text
    }

    package convenience init(accessKeyID: String, scope: CredentialScope) {
        self.init(Array("\(accessKeyID)/\(scope)".utf8), accessKeyID: accessKeyID, scope: scope)
    }

    /// The scope's part of the text.
    var scopeText: ArraySlice<UInt8> { self.text[(self.accessKeyID.utf8.count + 1)...] }

    /// The key that was derived from this secret; nil when none was.
    func key(of secretAccessKey: String) -> SigningKey? {
        self.derived.withLock { derived in
            guard let held = derived, held.secretAccessKey == secretAccessKey else { return nil }
            return held.key
        }
    }

    /// Derives the key. Outside the lock: two threads may derive the same once, which costs time and nothing else.
    func derive(_ secretAccessKey: String) -> SigningKey {
        let key = SigningKey(secretAccessKey: secretAccessKey, scope: self.scope)
        self.derived.withLock { $0 = Derived(secretAccessKey: secretAccessKey, key: key) }
        return key
    }
}
