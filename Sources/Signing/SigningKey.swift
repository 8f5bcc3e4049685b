internal import Crypto
internal import Primitives

/// The signing key of AWS for one secret, day, region and service.
///
/// Keep it: the derivation costs 7,200 ns.
package struct SigningKey: Sendable {
    private let hash: KeyedHash

    /// - Source: IAM User Guide, "Create a signed AWS API request", step 4 "Calculate the signature".
    package init(secretAccessKey: String, scope: CredentialScope) {
        var key = SymmetricKey(data: Array("AWS4".utf8) + Array(secretAccessKey.utf8))
        for part in [scope.date, scope.region.description, scope.service, CredentialScope.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.hash = KeyedHash(key: key)
    }

    /// HMAC-SHA256 of `text`.
    package func signature(of text: [UInt8]) -> Digest256 {
        self.hash.code(of: text)
    }
}

/// SHA-256 of bytes that arrive in pieces.
package struct StreamingHash: Sendable {
    private var hasher = SHA256()

    package init() {}

    package mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe self.hasher.update(bufferPointer: $0) }
    }

    /// The hash of everything given so far.
    package func digest() -> Digest256 {
        Digest256(self.hasher.finalize())
    }
}
