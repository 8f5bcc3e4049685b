/// The meaning of `x-amz-content-sha256`.
package enum PayloadDeclaration: Sendable, Equatable {
    /// Not declared: the body itself is hashed.
    case absent
    /// The body's hash.
    case sha256(Digest256)
    /// `UNSIGNED-PAYLOAD`
    case unsigned
    /// `aws-chunked`, each chunk with a signature.
    case signedChunks(hasTrailer: Bool)
    /// `aws-chunked` without signatures, with a checksum in the trailer.
    case unsignedChunks
    /// Anything else, SigV4a's forms included.
    case unsupported(String)

    static let unsignedText = "UNSIGNED-PAYLOAD"
    static let signedChunksText = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    static let signedChunksTrailerText = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    static let unsignedChunksText = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    /// - Source: S3 API Reference, "Authenticating Requests: Using the Authorization Header", `x-amz-content-sha256`.
    package init(header: String?) {
        guard let header else {
            self = .absent
            return
        }
        if let digest = Digest256(lowercaseHex: header.utf8) {
            self = .sha256(digest)
            return
        }
        switch header {
        case Self.unsignedText: self = .unsigned
        case Self.signedChunksText: self = .signedChunks(hasTrailer: false)
        case Self.signedChunksTrailerText: self = .signedChunks(hasTrailer: true)
        case Self.unsignedChunksText: self = .unsignedChunks
        default: self = .unsupported(header)
        }
    }

    /// The header's value; nil when it is absent.
    package var header: String? {
        switch self {
        case .absent: nil
        case .sha256(let digest): digest.description
        case .unsigned: Self.unsignedText
        case .signedChunks(let hasTrailer): hasTrailer ? Self.signedChunksTrailerText : Self.signedChunksText
        case .unsignedChunks: Self.unsignedChunksText
        case .unsupported(let text): text
        }
    }
}
