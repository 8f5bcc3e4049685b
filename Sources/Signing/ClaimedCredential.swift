internal import Synchronization

/// The credential that a request names, `key/date/region/service/aws4_request`, with the signing key derived for it.
///
/// A class, kept in a `SigningKeyCache` once its access key was found. Nearly every request names the credential of an
/// earlier one, and parsing and looking up its five parts anew would cost as much as hashing the request.
package final class ClaimedCredential: Sendable {
    package let accessKeyID: String
    package let scope: CredentialScope
    /// The text exactly as it came.
    let text: [UInt8]
    private let derived = Mutex<Derived?>(nil)

    /// A signing key and the secret it was derived from: an access key that was recreated may have another secret.
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

    /// The part of the text after the access key id.
    var scopeText: ArraySlice<UInt8> { self.text[(self.accessKeyID.utf8.count + 1)...] }

    /// The signing key, if it was derived from this secret; else nil.
    func key(of secretAccessKey: String) -> SigningKey? {
        self.derived.withLock { derived in
            guard let held = derived, held.secretAccessKey == secretAccessKey else { return nil }
            return held.key
        }
    }

    /// Derives the key. Outside the lock: two threads may derive the same key, which only costs time.
    func derive(_ secretAccessKey: String) -> SigningKey {
        let key = SigningKey(secretAccessKey: secretAccessKey, scope: self.scope)
        self.derived.withLock { $0 = Derived(secretAccessKey: secretAccessKey, key: key) }
        return key
    }
}
