internal import Crypto
package import Primitives

/// The secret that the processes of one installation share. With it, a gateway proves to a node what it has verified
/// about a request, and a node proves to the gateway that it may fetch keys.
///
/// The key itself is never used: each purpose has its own key, derived from it.
package struct ClusterKey: Sendable {
    package static let byteCount = 32

    /// Authenticates a gateway's statement about a request.
    let forwarding: KeyedHash
    /// Authenticates each frame of a streamed body.
    let framing: KeyedHash
    private let root: SymmetricKey

    /// - Returns: nil unless there are exactly `byteCount` bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        let root = SymmetricKey(data: bytes)
        self.root = root
        self.forwarding = KeyedHash(key: Self.derived("brume-forward-2", root))
        self.framing = KeyedHash(key: Self.derived("brume-frame-1", root))
    }

    /// Parses the key file: 64 hexadecimal digits, perhaps surrounded by white space.
    package init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let bytes = Hex.decode(String(words[0])) else { return nil }
        self.init(bytes: bytes)
    }

    /// The text of a key file with a new key.
    package static func newText(random: some RandomSource) -> String {
        Hex.encode(random.bytes(Self.byteCount)) + "\n"
    }

    /// Seals secrets that processes exchange, or that clients carry from one process to another.
    package func box(for purpose: String) -> SecretBox {
        let key = Self.derived("brume-box-1 " + purpose, self.root)
        let bytes = unsafe key.withUnsafeBytes { unsafe Array($0) }
        guard let box = SecretBox(key: bytes) else { preconditionFailure("a digest has the bytes of a key") }
        return box
    }

    private static func derived(_ purpose: String, _ root: SymmetricKey) -> SymmetricKey {
        SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(purpose.utf8), using: root))
    }
}
