internal import Crypto
package import Primitives

/// The secret that the processes of one installation share: with it a gateway proves to a node what it has found out
/// about a request, and a node proves to the gateway that it may ask for keys.
///
/// Nothing is done with the key itself: each purpose has a key of its own, derived from it.
package struct ClusterKey: Sendable {
    package static let byteCount = 32

    /// What a gateway says of a request.
    let forwarding: KeyedHash
    /// What it says of each frame of a body that it passes on.
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

    /// A key from its file: 64 hexadecimal digits and what white space stands around them.
    package init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let bytes = Hex.decode(String(words[0])) else { return nil }
        self.init(bytes: bytes)
    }

    /// The text of the file of a new key.
    package static func newText(random: some RandomSource) -> String {
        Hex.encode(random.bytes(Self.byteCount)) + "\n"
    }

    /// What seals secrets that processes hand each other, or that clients carry from one to another.
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
