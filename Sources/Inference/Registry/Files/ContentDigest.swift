package import Crypto
internal import Primitives

/// The SHA-256 of a file's content, under which it is stored.
package struct ContentDigest: Sendable, Hashable {
    /// 64 lower-case digits.
    package let hex: String

    /// - Returns: nil unless the text is 64 hexadecimal digits.
    package init?(hex: some StringProtocol) {
        let lower = hex.lowercased()
        guard lower.utf8.count == 64, lower.utf8.allSatisfy({ ASCII.hexValue($0) != nil }) else { return nil }
        self.hex = lower
    }

    package init(_ digest: SHA256.Digest) {
        self.hex = Hex.encode(digest)
    }

    package init(of bytes: [UInt8]) {
        self.init(SHA256.hash(data: bytes))
    }

    /// The name of the file with this content.
    package var fileName: String { "sha256-\(self.hex)" }

    /// - Returns: nil for any other name; Ollama's `sha256:…` is accepted too.
    package init?(fileName: some StringProtocol) {
        guard fileName.hasPrefix("sha256-") || fileName.hasPrefix("sha256:") else { return nil }
        self.init(hex: fileName.dropFirst(7))
    }
}
