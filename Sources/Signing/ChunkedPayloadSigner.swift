package import Primitives

/// Writes an `aws-chunked` body: the other side of `ChunkedPayloadVerifier`. Only tests call it so far.
package struct ChunkedPayloadSigner: Sendable {
    private var chain: ChunkSignatureChain?
    private let hasTrailer: Bool

    package init(_ seed: ChunkSeed) {
        self.chain = ChunkSignatureChain(seed)
        self.hasTrailer = seed.hasTrailer
    }

    /// Signs one chunk of the payload, which may not be empty: an empty chunk would end the body.
    /// - Parameter payload: the chunk's bytes.
    /// - Returns: the chunk as it goes over the wire.
    package mutating func chunk(_ payload: [UInt8]) -> [UInt8] {
        precondition(!payload.isEmpty, "an empty chunk would end the body")
        var output: [UInt8] = []
        output.reserveCapacity(payload.count + 100)
        self.appendLine(byteCount: payload.count, hash: { Digest256(hashing: payload.span) }, to: &output)
        output.append(contentsOf: payload)
        output.append(contentsOf: "\r\n".utf8)
        return output
    }

    /// Ends the body.
    /// - Parameter trailers: lower-case names and values; none unless the seed has a trailer.
    /// - Returns: the last chunk and the trailer as they go over the wire.
    package mutating func end(trailers: HeaderFields = HeaderFields()) -> [UInt8] {
        precondition(self.hasTrailer || trailers.count == 0, "the head did not announce a trailer")
        var output: [UInt8] = []
        self.appendLine(byteCount: 0, hash: { .ofNothing }, to: &output)
        var canonical: [UInt8] = []
        for field in trailers.fields {
            output.append(contentsOf: "\(field.name):\(field.value)\r\n".utf8)
            canonical.append(contentsOf: "\(field.name):\(field.value)\n".utf8)
        }
        if self.hasTrailer, let signature = self.chain?.signTrailer(canonical) {
            output.append(contentsOf: "x-amz-trailer-signature:\(signature)\r\n".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
        return output
    }

    private mutating func appendLine(byteCount: Int, hash: () -> Digest256, to output: inout [UInt8]) {
        output.append(contentsOf: String(byteCount, radix: 16).utf8)
        if let signature = self.chain?.signChunk(hash: hash()) {
            output.append(contentsOf: ";chunk-signature=\(signature)".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
    }
}
