/// A service's requirements for signatures beyond the common ones.
///
/// - Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating Requests: Using the
///   Authorization Header" and "… Using Query Parameters".
package struct SigningRules: Sendable, Equatable {
    /// How the path enters the canonical request.
    package enum PathForm: Sendable, Hashable {
        /// Dot segments and repeated slashes removed, then the raw path encoded once more. Every service but S3.
        case normalizedAndEncodedTwice
        /// Decoded and encoded once, nothing removed: an S3 key may contain `..` and `//`.
        case encodedOnce
    }

    /// When a body may be unsigned.
    package enum UnsignedPayload: Sendable, Hashable {
        /// Never: every signature covers the body's hash.
        case refused
        /// Only over TLS: operations with Smithy's trait `aws.auth#unsignedPayload`, as their SDKs do.
        case overTLS
        /// Always: S3 accepts `UNSIGNED-PAYLOAD` with and without TLS, and presigned URLs never sign the body.
        case allowed

        func isAllowed(isTLS: Bool) -> Bool {
            switch self {
            case .refused: false
            case .overTLS: isTLS
            case .allowed: true
            }
        }
    }

    /// How far a request's date may differ from this server's clock, in either direction. AWS's sentences say 15
    /// minutes.
    package static let clockSkewSecondsMax: Int64 = 900
    /// The longest lifetime of a presigned URL: seven days.
    package static let presignedSecondsMax: Int64 = 604_800
    /// Names in a SignedHeaders list; each is searched for linearly.
    package static let signedHeaderCountMax = 128

    /// The service that the scope must name; nil accepts any.
    package var signingName: String?
    package var pathForm: PathForm
    package var unsignedPayload: UnsignedPayload
    /// S3's own rules: `x-amz-content-sha256` is required, `aws-chunked` bodies are accepted, presigned URLs must have
    /// an expiry and leave the body unsigned, and `Content-MD5` and the session token must be signed if present.
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

    /// `host` and every `x-amz-*` header must be signed; otherwise an attacker could change the operation.
    ///
    /// There are two exceptions: `x-amz-content-sha256` is compared with the body, and `x-amz-security-token` (except
    /// in S3) with the key's token, so that clients may add it after signing, as AWS IoT requires.
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

    /// S3, and services that share its signing name.
    package static let s3 = SigningRules(
        signingName: "s3", pathForm: .encodedOnce, unsignedPayload: .allowed, isS3: true
    )
}
