package import Primitives

/// Why a request's signature is not accepted. `wireError(for:)` renders AWS's code and sentence.
package indirect enum SigningError: Error, Hashable, Sendable {
    /// The request carries no signature at all.
    case missingAuthenticationToken
    /// The `Authorization` header is of another scheme, such as `Bearer`; others may understand it.
    case otherScheme(String)
    /// Both an `Authorization` header and signature parameters in the query; the value is the header's.
    case twoCarriers(authorization: String)
    /// A part of the `Authorization` header has no `=`; the value is the whole header.
    case notKeyValue(authorization: String)
    /// A header or parameter that must be unique comes twice.
    case repeated(String)
    /// Parts that every signature needs are not there, in AWS's order and spelling.
    case incomplete(missing: [String], carrier: AuthorizationCarrier, authorization: String)
    /// The date is not in a form that AWS reads.
    case malformedDate(String, carrier: AuthorizationCarrier)
    /// `X-Amz-Expires` is not a number.
    case expiresNotANumber(String)
    /// `X-Amz-Expires` is outside 1...604,800 seconds.
    case expiresOutOfRange(Int64)
    /// The signature's time is over.
    case expired(SignatureWindow)
    /// The signature's time has not come.
    case notYetCurrent(SignatureWindow)
    /// `Host` is not among the signed headers.
    case hostNotSigned
    /// Headers that must be signed are not, in lower case.
    case headersNotSigned([String])
    /// More than `SigningRules.signedHeaderCountMax` signed headers.
    case tooManySignedHeaders(count: Int)
    /// Neither `AWS4-HMAC-SHA256` nor SigV4a.
    case unsupportedAlgorithm(String, carrier: AuthorizationCarrier)
    /// SigV4a: an ECDSA signature, or a set of regions. We hold no public keys, so it is refused, never ignored.
    case asymmetricSignature(String)
    /// Not `key/date/region/service/aws4_request`.
    case malformedCredential(String, carrier: AuthorizationCarrier)
    /// The credential's scope does not fit the request.
    case wrongScope([ScopeFault], carrier: AuthorizationCarrier)
    /// A `%` in path or query that two hexadecimal digits do not follow.
    case malformedURI
    /// No such access key, or one that is switched off.
    case unknownAccessKey(String)
    /// The computed signature is another.
    case signatureMismatch(SignatureMismatch)
    /// S3 demands `x-amz-content-sha256`; for others a streamed body must declare its hash.
    case contentHashMissing
    /// `x-amz-content-sha256` has a value that the service does not take.
    case contentHashUnsupported(String)
    /// The body is not the one that was signed; both hashes in hexadecimal.
    case contentHashMismatch(declared: String, computed: String)
    /// The session token is not the key's, or is missing, or comes with a long-term key.
    case invalidToken
    /// The session of a temporary key is over.
    case expiredToken
}

/// Where a signature was found.
package enum AuthorizationCarrier: Sendable, Hashable {
    /// The `Authorization` header.
    case header
    /// A presigned URL.
    case query
    /// The form fields of an S3 POST upload, whose policy is signed instead of the request.
    case policyForm
}

/// What a part of the credential's scope should have been.
package enum ScopeFault: Sendable, Hashable {
    /// Not a well-formed region name.
    case region(String)
    /// The service that the request is for, and the one in the scope.
    case service(expected: String, found: String)
    /// Not `aws4_request`.
    case terminator(String)
    /// The scope's day, and the request's date.
    case date(scope: String, request: String)
}

/// The time that a request gave and the time it was looked at.
package struct SignatureWindow: Sendable, Hashable {
    package let requestTime: Timestamp
    package let now: Timestamp
    /// Seconds allowed between the two.
    package let seconds: Int64
    package let carrier: AuthorizationCarrier

    package init(requestTime: Timestamp, now: Timestamp, seconds: Int64, carrier: AuthorizationCarrier) {
        self.requestTime = requestTime
        self.now = now
        self.seconds = seconds
        self.carrier = carrier
    }
}

/// What we computed where a signature did not match, as AWS shows it to the caller.
package struct SignatureMismatch: Sendable, Hashable {
    package let accessKeyID: String
    /// What the request said.
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
