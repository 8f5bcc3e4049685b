internal import Primitives

extension SigningError {
    /// S3's own codes and sentences.
    ///
    /// - Source: S3 API Reference, "Error responses"; versitygw's `s3err`, which is tested against S3; MinIO's
    ///   `api-errors.go`. `SignatureDoesNotMatch` shows both strings as text and as bytes.
    var s3Error: SigningWireError {
        switch self {
        case .missingAuthenticationToken:
            return SigningWireError(code: "AccessDenied", status: 403, message: "Access Denied")
        case .otherScheme, .asymmetricSignature:
            return Self.s3(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            )
        case .twoCarriers(let authorization):
            return SigningWireError(
                code: "InvalidArgument", status: 400,
                message: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
                    + "string parameter or the Authorization header should be specified",
                elements: [
                    .init("ArgumentName", "Authorization"), .init("ArgumentValue", authorization),
                ]
            )
        case .notKeyValue, .repeated, .incomplete, .malformedDate, .unsupportedAlgorithm, .malformedCredential,
            .wrongScope, .expiresNotANumber, .expiresOutOfRange, .hostNotSigned, .tooManySignedHeaders:
            return self.s3MalformedError
        case .expired(let window):
            return Self.s3Expired(window)
        case .notYetCurrent(let window):
            if window.carrier == .header { return Self.s3Skewed(window) }
            return SigningWireError(code: "AccessDenied", status: 403, message: "Request is not valid yet")
        case .headersNotSigned(let names):
            return SigningWireError(
                code: "AccessDenied", status: 403,
                message: "There were headers present in the request which were not signed",
                elements: [.init("HeadersNotSigned", names.joined(separator: ", "))]
            )
        case .malformedURI:
            return Self.s3("InvalidURI", "Couldn't parse the specified URI.")
        case .unknownAccessKey(let accessKeyID):
            return SigningWireError(
                code: "InvalidAccessKeyId", status: 403,
                message: "The AWS Access Key Id you provided does not exist in our records.",
                elements: [.init("AWSAccessKeyId", accessKeyID)]
            )
        case .signatureMismatch(let mismatch):
            return Self.s3Mismatch(mismatch)
        case .contentHashMissing:
            return Self.s3("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        case .contentHashUnsupported(let text):
            return Self.s3UnsupportedHash(text)
        case .contentHashMismatch(let declared, let computed):
            return SigningWireError(
                code: "XAmzContentSHA256Mismatch", status: 400,
                message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
                elements: [
                    .init("ClientComputedContentSHA256", declared), .init("S3ComputedContentSHA256", computed),
                ]
            )
        case .invalidToken:
            return Self.s3("InvalidToken", "The provided token is malformed or otherwise invalid.")
        case .expiredToken:
            return Self.s3("ExpiredToken", "The provided token has expired.")
        }
    }

    private static func s3(_ code: String, _ message: String) -> SigningWireError {
        SigningWireError(code: code, status: 400, message: message)
    }

    private static func malformedHeader(_ rest: String) -> SigningWireError {
        self.s3("AuthorizationHeaderMalformed", "The authorization header is malformed; " + rest)
    }

    private static func malformedQuery(_ sentence: String) -> SigningWireError {
        self.s3("AuthorizationQueryParametersError", sentence)
    }

    /// A malformed date or credential in a presigned URL is an error of the query parameters.
    private var s3MalformedError: SigningWireError {
        switch self {
        case .notKeyValue:
            return Self.malformedHeader(
                "the authorization header requires three components: Credential, SignedHeaders, and Signature.")
        case .repeated(let name):
            return Self.s3("InvalidRequest", "The request has more than one '\(name)'.")
        case .incomplete(let missing, let carrier, _):
            return Self.s3Incomplete(missing, carrier)
        case .malformedDate(_, let carrier):
            if carrier == .header {
                return SigningWireError(
                    code: "AccessDenied", status: 403,
                    message: "AWS authentication requires a valid Date or x-amz-date header"
                )
            }
            return Self.malformedQuery(#"X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'""#)
        case .unsupportedAlgorithm(_, let carrier):
            if carrier == .header {
                return Self.s3("InvalidArgument", "Unsupported Authorization Type")
            }
            return Self.malformedQuery(#"X-Amz-Algorithm only supports "AWS4-HMAC-SHA256""#)
        case .malformedCredential(_, let carrier):
            return Self.s3Credential(
                carrier,
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
            )
        case .wrongScope(let faults, let carrier):
            return Self.s3Scope(faults, carrier)
        case .expiresNotANumber:
            return Self.malformedQuery("X-Amz-Expires should be a number")
        case .expiresOutOfRange(let seconds):
            return Self.malformedQuery(
                seconds < 1
                    ? "X-Amz-Expires must be non-negative"
                    : "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be "
                        + "less than 604800 seconds"
            )
        default:
            return Self.s3("AuthorizationHeaderMalformed", self.wireError(for: .query).message)
        }
    }

    private static func s3Incomplete(_ missing: [String], _ carrier: AuthorizationCarrier) -> SigningWireError {
        guard carrier == .header else {
            return self.malformedQuery(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                    + "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
            )
        }
        if missing == ["X-Amz-Date"] {
            return SigningWireError(
                code: "AccessDenied", status: 403,
                message: "AWS authentication requires a valid Date or x-amz-date header"
            )
        }
        return self.malformedHeader(
            missing.count == 1
                ? "missing \(missing[0])."
                : "the authorization header requires three components: Credential, SignedHeaders, and Signature."
        )
    }

    private static func s3Credential(_ carrier: AuthorizationCarrier, _ rest: String) -> SigningWireError {
        carrier == .header
            ? self.malformedHeader(rest) : self.malformedQuery("Error parsing the X-Amz-Credential parameter; " + rest)
    }

    private static func s3Scope(_ faults: [ScopeFault], _ carrier: AuthorizationCarrier) -> SigningWireError {
        switch faults.first {
        case .region(let found):
            return self.s3Credential(carrier, "the region \"\(found)\" is wrong")
        case .service(let expected, let found):
            return self.s3Credential(
                carrier, "incorrect service \"\(found)\". This endpoint belongs to \"\(expected)\".")
        case .terminator(let found):
            return self.s3Credential(
                carrier, "incorrect terminal \"\(found)\". This endpoint uses \"aws4_request\".")
        case .date(let scope, let request):
            if carrier == .header {
                return self.malformedHeader("Invalid credential date. Date is not the same as X-Amz-Date.")
            }
            return self.malformedQuery(
                "Invalid credential date \"\(scope)\". This date is not the same as X-Amz-Date: "
                    + "\"\(request.prefix(8))\"."
            )
        case nil:
            return self.s3Credential(carrier, "the Credential is mal-formed.")
        }
    }

    private static func s3Expired(_ window: SignatureWindow) -> SigningWireError {
        guard window.carrier == .query else { return self.s3Skewed(window) }
        let expiry = Timestamp(
            millisecondsSinceEpoch: window.requestTime.millisecondsSinceEpoch + window.seconds * 1000)
        return SigningWireError(
            code: "AccessDenied", status: 403, message: "Request has expired",
            elements: [
                .init("X-Amz-Expires", String(window.seconds)), .init("Expires", self.iso8601(expiry)),
                .init("ServerTime", self.iso8601(window.now)),
            ]
        )
    }

    private static func s3Skewed(_ window: SignatureWindow) -> SigningWireError {
        SigningWireError(
            code: "RequestTimeTooSkewed", status: 403,
            message: "The difference between the request time and the current time is too large.",
            elements: [
                .init("RequestTime", AmzDate.format(window.requestTime)),
                .init("ServerTime", self.iso8601(window.now)),
                .init("MaxAllowedSkewMilliseconds", String(window.seconds * 1000)),
            ]
        )
    }

    /// `2015-08-30T12:36:00Z` from `20150830T123600Z`.
    private static func iso8601(_ time: Timestamp) -> String {
        let text = Array(AmzDate.format(time))
        return String(text[0..<4]) + "-" + String(text[4..<6]) + "-" + String(text[6..<8]) + "T" + String(text[9..<11])
            + ":" + String(text[11..<13]) + ":" + String(text[13..<15]) + "Z"
    }

    private static func s3Mismatch(_ mismatch: SignatureMismatch) -> SigningWireError {
        var elements: [SigningWireError.Element] = [
            .init("AWSAccessKeyId", mismatch.accessKeyID),
            .init("StringToSign", mismatch.stringToSign),
            .init("SignatureProvided", mismatch.signatureProvided),
            .init("StringToSignBytes", self.spacedHex(mismatch.stringToSign)),
        ]
        if !mismatch.canonicalRequest.isEmpty {
            elements.append(.init("CanonicalRequest", mismatch.canonicalRequest))
            elements.append(.init("CanonicalRequestBytes", self.spacedHex(mismatch.canonicalRequest)))
        }
        return SigningWireError(
            code: "SignatureDoesNotMatch", status: 403,
            message: "The request signature we calculated does not match the signature you provided. Check your key "
                + "and signing method.",
            elements: elements
        )
    }

    private static func spacedHex(_ text: String) -> String {
        text.utf8.map { Hex.encode(CollectionOfOne($0)) }.joined(separator: " ")
    }

    private static func s3UnsupportedHash(_ text: String) -> SigningWireError {
        if text.hasPrefix("STREAMING-AWS4-ECDSA-P256-SHA256") {
            return self.s3(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            )
        }
        return SigningWireError(
            code: "InvalidArgument", status: 400,
            message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
                + "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER "
                + "or a valid sha256 value.",
            elements: [.init("ArgumentName", "x-amz-content-sha256"), .init("ArgumentValue", text)]
        )
    }
}

extension ChunkedPayloadError {
    /// S3's code, status and sentence; no other service takes chunks.
    ///
    /// - Source: S3 API Reference, "Error responses"; versitygw's chunk readers, which are tested against S3.
    package var wireError: SigningWireError {
        switch self {
        case .decodedLengthMissing:
            SigningWireError(
                code: "MissingContentLength", status: 411,
                message: "You must provide the Content-Length HTTP header."
            )
        case .malformedChunk, .lengthMismatch:
            SigningWireError(
                code: "IncompleteBody", status: 400,
                message: "You did not provide the number of bytes specified by the Content-Length HTTP header"
            )
        case .chunkTooSmall(let number, let bytes, let bytesMin):
            SigningWireError(
                code: "InvalidChunkSizeError", status: 403,
                message: "Only the last chunk is allowed to have a size less than \(bytesMin) bytes",
                elements: [.init("Chunk", String(number)), .init("BadChunkSize", String(bytes))]
            )
        case .chunkTooLarge(let bytes, let bytesMax):
            // DEVIATION: S3 names no largest chunk.
            SigningWireError(
                code: "InvalidChunkSizeError", status: 403,
                message: "A signed chunk may have \(bytesMax) bytes at most, this one has \(bytes)"
            )
        case .signatureMismatch:
            SigningWireError(
                code: "SignatureDoesNotMatch", status: 403,
                message: "The request signature we calculated does not match the signature you provided. Check your "
                    + "key and signing method."
            )
        case .malformedTrailer:
            SigningWireError(
                code: "MalformedTrailerError", status: 400,
                message: "The request contained trailing data that was not well-formed or did not conform to our "
                    + "published schema."
            )
        }
    }
}
