package import Primitives

/// Why a request's signature is refused. `wireError(for:)` gives AWS's code and sentence.
package indirect enum SigningError: Error, Equatable, Sendable {
    /// The request has no signature at all.
    case missingAuthenticationToken
    /// The `Authorization` header has another scheme, such as `Bearer`, which other code may understand.
    case otherScheme(String)
    /// Both an `Authorization` header and signature parameters in the query. The value is the header's.
    case twoCarriers(authorization: String)
    /// A part of the `Authorization` header has no `=`. The value is the whole header.
    case notKeyValue(authorization: String)
    /// A header or parameter that must be unique occurs twice.
    case repeated(String)
    /// Parts that every signature needs are missing, in AWS's order and spelling.
    case incomplete(missing: [String], carrier: AuthorizationCarrier, authorization: String)
    /// The date has none of the formats that AWS reads.
    case malformedDate(String, carrier: AuthorizationCarrier)
    /// `X-Amz-Expires` is not a number.
    case expiresNotANumber(String)
    /// `X-Amz-Expires` is outside 1...604,800 seconds.
    case expiresOutOfRange(Int64)
    /// The signature is too old, or the presigned URL has expired.
    case expired(SignatureWindow)
    /// The signature's date is too far in the future.
    case notYetCurrent(SignatureWindow)
    /// `Host` is not among the signed headers.
    case hostNotSigned
    /// Headers that must be signed are not; names in lower case.
    case headersNotSigned([String])
    /// More than `SigningRules.signedHeaderCountMax` signed headers.
    case tooManySignedHeaders(count: Int)
    /// Neither `AWS4-HMAC-SHA256` nor SigV4a.
    case unsupportedAlgorithm(String, carrier: AuthorizationCarrier)
    /// SigV4a: an ECDSA signature, or a set of regions. Refused, never ignored: there are no public keys to verify
    /// with.
    case asymmetricSignature(String)
    /// Not `key/date/region/service/aws4_request`.
    case malformedCredential(String, carrier: AuthorizationCarrier)
    /// The credential's scope does not fit the request.
    case wrongScope([ScopeFault], carrier: AuthorizationCarrier)
    /// A `%` in path or query that is not followed by two hexadecimal digits.
    case malformedURI
    /// The access key does not exist, or is deactivated.
    case unknownAccessKey(String)
    /// The computed signature differs.
    case signatureMismatch(SignatureMismatch)
    /// `x-amz-content-sha256` is missing: S3 requires it always, other services for a streamed body.
    case contentHashMissing
    /// The service does not accept this value of `x-amz-content-sha256`.
    case contentHashUnsupported(String)
    /// The body differs from the signed one; both hashes in hexadecimal.
    case contentHashMismatch(declared: String, computed: String)
    /// The session token does not belong to the key, is missing, or accompanies a long-term key.
    case invalidToken
    /// The temporary key has expired.
    case expiredToken
}

/// Where in a request a signature was found.
package enum AuthorizationCarrier: Sendable, Hashable {
    /// The `Authorization` header.
    case header
    /// A presigned URL.
    case query
    /// The form fields of an S3 POST upload, whose policy is signed instead of the request.
    case policyForm
}

/// What is wrong with a part of the credential's scope.
package enum ScopeFault: Sendable, Equatable {
    /// Not a well-formed region name.
    case region(String)
    /// The service that the request is for, and the service in the scope.
    case service(expected: String, found: String)
    /// Not `aws4_request`.
    case terminator(String)
    /// The scope's day and the request's date.
    case date(scope: String, request: String)
}

/// The time stated in a request, and the server's time when it was checked.
package struct SignatureWindow: Sendable, Equatable {
    package let requestTime: Timestamp
    package let now: Timestamp
    /// The allowed difference, in seconds.
    package let seconds: Int64
    package let carrier: AuthorizationCarrier

    package init(requestTime: Timestamp, now: Timestamp, seconds: Int64, carrier: AuthorizationCarrier) {
        self.requestTime = requestTime
        self.now = now
        self.seconds = seconds
        self.carrier = carrier
    }
}

/// What the server computed for a mismatched signature, which AWS shows to the caller.
package struct SignatureMismatch: Sendable, Equatable {
    package let accessKeyID: String
    /// The signature of the request.
    package let signatureProvided: String
    /// Empty for S3's POST policies.
    package let canonicalRequest: String
    package let stringToSign: String

    package init(accessKeyID: String, signatureProvided: String, canonicalRequest: String, stringToSign: String) {
        self.accessKeyID = accessKeyID
        self.signatureProvided = signatureProvided
        self.canonicalRequest = canonicalRequest
        self.stringToSign = stringToSign
    }
}
