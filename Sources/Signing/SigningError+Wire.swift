internal import Primitives

/// How a family of wire protocols encodes and words signature errors.
package enum SigningErrorDialect: Sendable, Hashable, CaseIterable {
    /// awsJson 1.0 and 1.1, and rpc-v2-cbor: codes end in `Exception`, all with status 400.
    case json
    /// restJson1: the same codes, with status 403.
    case restJSON
    /// awsQuery, and restXml except S3.
    case query
    /// ec2Query.
    case ec2
    case s3
}

/// An error as AWS sends it, before the protocol serialises it.
package struct SigningWireError: Sendable, Equatable {
    /// An additional element of S3's error document.
    package struct Element: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package let code: String
    /// HTTP status.
    package let status: Int
    package let message: String
    /// S3's elements beside code and message; empty for other services.
    package let elements: [Element]

    package init(code: String, status: Int, message: String, elements: [Element] = []) {
        self.code = code
        self.status = status
        self.message = message
        self.elements = elements
    }
}

extension SigningError {
    /// AWS's code, status and exact sentence for this error.
    ///
    /// - Source: sentences of JSON and query services: dynalite's `index.js` (records of DynamoDB's answers), the
    ///   constants of the crate scratchstack-aws-signature and versitygw's `iamerr` (records of IAM's), IAM User Guide
    ///   "Troubleshoot signed requests for AWS APIs", IAM API Reference "Common errors"; pinned by
    ///   `SigningErrorWireTests`. The `Authorization` header is shown as its hash, as AWS does since 2022.
    package func wireError(for dialect: SigningErrorDialect) -> SigningWireError {
        switch dialect {
        case .s3: self.s3Error
        case .ec2: self.ec2Error
        case .json, .restJSON, .query: self.commonError(dialect)
        }
    }

    /// The kinds of error that JSON and query services distinguish.
    private enum Kind {
        case missing
        case incomplete
        case mismatch
        case unknownKey
        case expiredToken
        case malformedURI

        func code(_ dialect: SigningErrorDialect) -> String {
            let isQuery = dialect == .query
            switch self {
            case .missing: return isQuery ? "MissingAuthenticationToken" : "MissingAuthenticationTokenException"
            case .incomplete: return isQuery ? "IncompleteSignature" : "IncompleteSignatureException"
            case .mismatch: return isQuery ? "SignatureDoesNotMatch" : "InvalidSignatureException"
            case .unknownKey: return isQuery ? "InvalidClientTokenId" : "UnrecognizedClientException"
            case .expiredToken: return isQuery ? "ExpiredToken" : "ExpiredTokenException"
            case .malformedURI: return isQuery ? "MalformedQueryString" : "InvalidSignatureException"
            }
        }

        func status(_ dialect: SigningErrorDialect) -> Int {
            switch dialect {
            case .json: return 400
            case .restJSON: return 403
            default: break
            }
            switch self {
            case .incomplete, .malformedURI: return 400
            case .missing, .mismatch, .unknownKey, .expiredToken: return 403
            }
        }
    }

    private var kind: Kind {
        switch self {
        case .missingAuthenticationToken, .otherScheme: .missing
        case .notKeyValue, .repeated, .incomplete, .malformedDate, .expiresNotANumber, .expiresOutOfRange,
            .unsupportedAlgorithm, .asymmetricSignature, .malformedCredential, .tooManySignedHeaders:
            .incomplete
        case .twoCarriers, .expired, .notYetCurrent, .hostNotSigned, .headersNotSigned, .wrongScope,
            .signatureMismatch, .contentHashMissing, .contentHashUnsupported, .contentHashMismatch:
            .mismatch
        case .unknownAccessKey, .invalidToken: .unknownKey
        case .expiredToken: .expiredToken
        case .malformedURI: .malformedURI
        }
    }

    private func commonError(_ dialect: SigningErrorDialect) -> SigningWireError {
        SigningWireError(
            code: self.kind.code(dialect),
            status: self.kind.status(dialect),
            message: self.sentence(dialect)
        )
    }

    private func sentence(_ dialect: SigningErrorDialect) -> String {
        switch self {
        case .missingAuthenticationToken, .otherScheme:
            // API Gateway, which fronts most restJson services, omits the first words.
            dialect == .restJSON ? "Missing Authentication Token" : "Request is missing Authentication Token"
        case .twoCarriers:
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
        case .notKeyValue(let authorization):
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded "
                + "with Base64): '\(Self.hashed(authorization))'."
        case .repeated(let name):
            "The request has more than one '\(name)'."
        case .incomplete(let missing, let carrier, let authorization):
            Self.incompleteSentence(missing, carrier, authorization)
        case .malformedDate(let text, _):
            "Date must be in ISO-8601 'basic format'. Got '\(text)'. See http://en.wikipedia.org/wiki/ISO_8601"
        case .expiresNotANumber(let text):
            "X-Amz-Expires should be a number, got '\(text)'"
        case .expiresOutOfRange:
            "X-Amz-Expires must be between 1 and 604800 seconds"
        case .expired(let window):
            Self.expiredSentence(window)
        case .notYetCurrent(let window):
            Self.notYetCurrentSentence(window)
        case .hostNotSigned:
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        case .headersNotSigned(let names):
            // DEVIATION: AWS publishes no sentence for these outside S3; this one is modelled on the one for `Host`.
            names.map { "'\($0)' must be a 'SignedHeader' in the AWS Authorization." }.joined(separator: " ")
        case .tooManySignedHeaders(let count):
            "SignedHeaders has \(count) names; at most \(SigningRules.signedHeaderCountMax) are allowed."
        case .unsupportedAlgorithm(let name, _):
            "Unsupported AWS 'algorithm': '\(name)' (only AWS4-HMAC-SHA256 for now). "
        case .asymmetricSignature(let name):
            // DEVIATION: AWS verifies SigV4a for a few services; this server says that it does not.
            "Unsupported AWS 'algorithm': '\(name)' belongs to SigV4a, which this server does not verify "
                + "(only AWS4-HMAC-SHA256 for now). "
        case .malformedCredential(let text, _):
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                + "got '\(text)'"
        case .wrongScope(let faults, _):
            faults.map(Self.sentence).joined(separator: " ")
        case .malformedURI:
            "The request's path or query has a '%' that two hexadecimal digits do not follow."
        case .unknownAccessKey, .invalidToken:
            "The security token included in the request is invalid."
        case .expiredToken:
            "The security token included in the request is expired"
        case .signatureMismatch(let mismatch):
            Self.mismatchSentence(mismatch)
        case .contentHashMissing:
            "A streamed body needs its SHA-256 in 'x-amz-content-sha256'."
        case .contentHashUnsupported(let text):
            "'x-amz-content-sha256' must be the body's SHA-256 here, got '\(text)'."
        case .contentHashMismatch:
            "The provided 'x-amz-content-sha256' header does not match what was computed."
        }
    }

    private static func incompleteSentence(
        _ missing: [String], _ carrier: AuthorizationCarrier, _ authorization: String
    ) -> String {
        guard carrier == .header else {
            let parts = missing.map { "AWS query-string parameters must include '\($0)'. " }
            return parts.joined() + "Re-examine the query-string parameters."
        }
        let parts = missing.map { name in
            name == "X-Amz-Date"
                ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                : "Authorization header requires '\(name)' parameter. "
        }
        return parts.joined()
            + "(Hashed with SHA-256 and encoded with Base64) Authorization=\(Self.hashed(authorization))"
    }

    private static func expiredSentence(_ window: SignatureWindow) -> String {
        let limit = Timestamp(millisecondsSinceEpoch: window.now.millisecondsSinceEpoch - window.seconds * 1000)
        return "Signature expired: \(AmzDate.format(window.requestTime)) is now earlier than "
            + "\(AmzDate.format(limit)) (\(AmzDate.format(window.now)) - \(self.length(window.seconds)))"
    }

    private static func notYetCurrentSentence(_ window: SignatureWindow) -> String {
        let limit = Timestamp(millisecondsSinceEpoch: window.now.millisecondsSinceEpoch + window.seconds * 1000)
        return "Signature not yet current: \(AmzDate.format(window.requestTime)) is still later than "
            + "\(AmzDate.format(limit)) (\(AmzDate.format(window.now)) + \(self.length(window.seconds)))"
    }

    /// AWS states minutes; but the lifetime of a presigned URL need not be whole minutes.
    private static func length(_ seconds: Int64) -> String {
        seconds % 60 == 0 ? "\(seconds / 60) min." : "\(seconds) sec."
    }

    private static func sentence(_ fault: ScopeFault) -> String {
        switch fault {
        case .region(let found):
            "Credential should be scoped to a valid region, not '\(found)'."
        case .service(let expected, _):
            "Credential should be scoped to correct service: '\(expected)'."
        case .terminator(let found):
            "Credential should be scoped with a valid terminator: 'aws4_request', not '\(found)'."
        case .date(let scope, let request):
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                + "'\(scope)' != '\(request.prefix(8))', from '\(request)'."
        }
    }

    private static func mismatchSentence(_ mismatch: SignatureMismatch) -> String {
        let sentence =
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            + "Access Key and signing method. Consult the service documentation for details."
        guard !mismatch.canonicalRequest.isEmpty else { return sentence }
        return sentence
            + "\n\nThe Canonical String for this request should have been\n'\(mismatch.canonicalRequest)'"
            + "\n\nThe String-to-Sign should have been\n'\(mismatch.stringToSign)'\n"
    }

    private static func hashed(_ authorization: String) -> String {
        Base64.encode(Digest256(hashing: authorization.utf8.span).bytes)
    }

    /// EC2 gives few details.
    /// - Source: EC2 API Reference, "Error codes for the Amazon EC2 API": AuthFailure, RequestExpired.
    private var ec2Error: SigningWireError {
        switch self {
        case .unknownAccessKey, .invalidToken, .signatureMismatch, .wrongScope, .contentHashMismatch:
            SigningWireError(
                code: "AuthFailure", status: 401,
                message: "AWS was not able to validate the provided access credentials"
            )
        case .expired, .expiredToken:
            SigningWireError(code: "RequestExpired", status: 400, message: "Request has expired.")
        default:
            self.commonError(.query)
        }
    }
}
