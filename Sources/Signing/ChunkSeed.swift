/// The start of the chain of chunk signatures: the verified signature of the head.
package struct ChunkSeed: Sendable {
    /// nil when the chunks are not signed.
    let key: SigningKey?
    let amzDate: String
    let scope: CredentialScope
    let seedSignature: Digest256
    package let hasTrailer: Bool

    /// Whether every chunk is signed.
    package var isSigned: Bool { self.key != nil }
}

/// The chain of signatures over chunks: each covers the one before it.
///
/// - Source: S3 API Reference, "Transferring Payload in Multiple Chunks (Chunked Upload)" and "… Including Trailing
///   Headers".
struct ChunkSignatureChain: Sendable {
    private let key: SigningKey
    private let amzDate: String
    private let scope: ArraySlice<UInt8>
    private var previous: Digest256

    init?(_ seed: ChunkSeed) {
        guard let key = seed.key else { return nil }
        self.key = key
        self.amzDate = seed.amzDate
        self.scope = ArraySlice(seed.scope.description.utf8)
        self.previous = seed.seedSignature
    }

    /// The signature of the next chunk; it becomes the one before the next.
    mutating func signChunk(hash: Digest256) -> Digest256 {
        self.sign(SigningAlgorithm.chunk) { text in
            Digest256.ofNothing.appendHex(to: &text)
            text.append(UInt8(ascii: "\n"))
            hash.appendHex(to: &text)
        }
    }

    /// The signature of the trailer, whose canonical form is a `name:value` and a newline per field.
    mutating func signTrailer(_ trailer: [UInt8]) -> Digest256 {
        self.sign(SigningAlgorithm.trailer) { Digest256(hashing: trailer.span).appendHex(to: &$0) }
    }

    private mutating func sign(_ algorithm: String, _ appendRest: (inout [UInt8]) -> Void) -> Digest256 {
        var text: [UInt8] = []
        text.reserveCapacity(384)
        StringToSign.appendHead(algorithm, amzDate: self.amzDate, scope: self.scope, to: &text)
        self.previous.appendHex(to: &text)
        text.append(UInt8(ascii: "\n"))
        appendRest(&text)
        self.previous = self.key.signature(of: text)
        return self.previous
    }
}
