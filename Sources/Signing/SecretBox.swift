internal import Crypto

/// Seals small secrets (secret keys at rest, session tokens) with AES-256-GCM and one key.
///
/// A sealed box is `nonce (12) + ciphertext + tag (16)`. The context is authenticated, so a box made for one purpose
/// does not open for another.
package struct SecretBox: Sendable {
    /// Bytes of the key file.
    package static let keyBytes = 32

    private let key: SymmetricKey

    /// - Parameter key: exactly `keyBytes` bytes.
    package init?(key: [UInt8]) {
        guard key.count == Self.keyBytes else { return nil }
        self.key = SymmetricKey(data: key)
    }

    package func seal(_ secret: [UInt8], context: String) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(secret, using: self.key, authenticating: Array(context.utf8))
            return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            preconditionFailure("AES-GCM refused a 256-bit key: \(error)")
        }
    }

    /// - Returns: nil when the box was sealed with another key or context, or was modified.
    package func open(_ sealed: [UInt8], context: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let secret = try? AES.GCM.open(box, using: self.key, authenticating: Array(context.utf8))
        else { return nil }
        return Array(secret)
    }
}
