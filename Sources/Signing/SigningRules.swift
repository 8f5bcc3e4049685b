/// What a service demands of a signature, beyond what is common to all.
///
/// - Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating Requests: Using the
///   Authorization Header" and "… Using Query Parameters".
package struct SigningRules: Sendable, Hashable {
    /// How the path enters the canonical request.
    package enum PathForm: Sendable, Hashable {
        /// Dot segments and repeated slashes removed, then the raw path encoded once more. All services but S3.
        case normalizedAndEncodedTwice
        /// Decoded and encoded once, nothing removed: an S3 key may contain `..` and `//`.
        case encodedOnce
    }

    /// When a body may stay outside the signature.
    package enum UnsignedPayload: Sendable, Hashable {
        /// Never: the hash of the body is part of every signature.
        case refused
        /// On TLS only: operations with Smithy's trait `aws.auth#unsignedPayload`, whose SDKs do it on TLS only.
        case overTLS
        /// Always: S3 takes `UNSIGNED-PAYLOAD` on either scheme, and presigned URLs are always so.
        case allowed

        func isAllowed(isTLS: Bool) -> Bool {
            switch self {
            case .refused: false
            case .overTLS: isTLS
            case .allowed: true
            }
        }
    }

    /// Seconds that a request's date may differ from our clock, on either side. AWS's sentences say 15 minutes.
    package static let clockSkewSecondsMax: Int64 = 900
    /// Longest life of a presigned URL: seven days.
    package static let presignedSecondsMax: Int64 = 604_800
    /// Names in one SignedHeaders list; the search for each is linear.
    package static let signedHeaderCountMax = 128

    /// The service that the scope must name; nil takes any.
    package var signingName: String?
    package var pathForm: PathForm
    package var unsignedPayload: UnsignedPayload
    /// S3's own: `x-amz-content-sha256` is required, `aws-chunked` bodies are taken, presigned URLs must say when they
    /// expire and leave the body unsigned, `Content-MD5` and the session token must be signed where present.
    package var isS3: Bool

    package init(
        signingName: String?, pathForm: PathForm = .normalizedAndEncodedTwice,
        unsignedPayload: UnsignedPayload = .refused, isS3: Bool = false
    ) {
        self.signingName = signingName
        self.pathForm = pathForm
        self.unsignedPayload = unsignedPayload
        self.isS3 = isS3
    }

    /// `host` and every `x-amz-*` header must be signed, or a stranger could change the operation.
    ///
    /// Two need not: `x-amz-content-sha256` is compared with the body, and (but in S3) `x-amz-security-token` with the
    /// key's token, so that clients may add it after signing as AWS IoT has them do.
    /// - Source: IAM User Guide, "Create a signed AWS API request", step 1, `CanonicalHeaders`; S3 API Reference adds
    ///   `Content-MD5`.
    func mustBeSigned(_ name: Span<UInt8>) -> Bool {
        guard Self.hasAmzPrefix(name) else { return self.isS3 && isNamed(name, "content-md5") }
        if isNamed(name, "x-amz-content-sha256") { return false }
        return self.isS3 || !isNamed(name, "x-amz-security-token")
    }

    private static func hasAmzPrefix(_ bytes: Span<UInt8>) -> Bool {
        bytes.count > 6 && bytes[0] | 0x20 == UInt8(ascii: "x") && bytes[1] == UInt8(ascii: "-")
            && bytes[2] | 0x20 == UInt8(ascii: "a") && bytes[3] | 0x20 == UInt8(ascii: "m")
            && bytes[4] | 0x20 == UInt8(ascii: "z") && bytes[5] == UInt8(ascii: "-")
    }

    /// Every service but S3.
    package static func standard(signingName: String?) -> SigningRules {
        SigningRules(signingName: signingName)
    }

    /// S3 and what shares its signing name.
    package static let s3 = SigningRules(
        signingName: "s3", pathForm: .encodedOnce, unsignedPayload: .allowed, isS3: true
    )
}
