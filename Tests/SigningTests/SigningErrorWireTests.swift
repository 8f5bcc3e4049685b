import Primitives
import Signing
import Testing

/// AWS's own words; SDK users and their tests match on them.
@Suite struct SigningErrorWireTests {
    private static let window = SignatureWindow(
        requestTime: Timestamp(secondsSinceEpoch: 1_362_096_000), now: Timestamp(secondsSinceEpoch: 1_370_772_015),
        seconds: 900, carrier: .header)
    private static let mismatch = SignatureMismatch(
        accessKeyID: "AKID", signatureProvided: "00", canonicalRequest: "POST\n/\n", stringToSign: "AWS4\nx")

    struct Case: Sendable, CustomTestStringConvertible {
        let error: SigningError
        let dialect: SigningErrorDialect
        let code: String
        let status: Int
        let message: String

        init(
            _ error: SigningError, _ dialect: SigningErrorDialect, _ code: String, _ status: Int, _ message: String
        ) {
            self.error = error
            self.dialect = dialect
            self.code = code
            self.status = status
            self.message = message
        }

        var testDescription: String { "\(self.dialect) \(self.code)" }
    }

    private static let invalidToken = "The security token included in the request is invalid."
    private static let mismatchSentence =
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        + "Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this "
        + "request should have been\n'POST\n/\n'\n\nThe String-to-Sign should have been\n'AWS4\nx'\n"

    static let cases = [
        Case(
            .missingAuthenticationToken, .json, "MissingAuthenticationTokenException", 400,
            "Request is missing Authentication Token"),
        Case(
            .missingAuthenticationToken, .restJSON, "MissingAuthenticationTokenException", 403,
            "Missing Authentication Token"),
        Case(
            .missingAuthenticationToken, .query, "MissingAuthenticationToken", 403,
            "Request is missing Authentication Token"),
        Case(.missingAuthenticationToken, .s3, "AccessDenied", 403, "Access Denied"),
        Case(.unknownAccessKey("AKID"), .json, "UnrecognizedClientException", 400, invalidToken),
        Case(.unknownAccessKey("AKID"), .restJSON, "UnrecognizedClientException", 403, invalidToken),
        Case(.unknownAccessKey("AKID"), .query, "InvalidClientTokenId", 403, invalidToken),
        Case(
            .unknownAccessKey("AKID"), .ec2, "AuthFailure", 401,
            "AWS was not able to validate the provided access credentials"),
        Case(
            .unknownAccessKey("AKID"), .s3, "InvalidAccessKeyId", 403,
            "The AWS Access Key Id you provided does not exist in our records."),
        Case(.signatureMismatch(mismatch), .json, "InvalidSignatureException", 400, mismatchSentence),
        Case(.signatureMismatch(mismatch), .query, "SignatureDoesNotMatch", 403, mismatchSentence),
        Case(
            .signatureMismatch(mismatch), .s3, "SignatureDoesNotMatch", 403,
            "The request signature we calculated does not match the signature you provided. Check your key and signing "
                + "method."),
        Case(
            .expired(window), .json, "InvalidSignatureException", 400,
            "Signature expired: 20130301T000000Z is now earlier than 20130609T094515Z (20130609T100015Z - 15 min.)"),
        Case(
            .notYetCurrent(window), .query, "SignatureDoesNotMatch", 403,
            "Signature not yet current: 20130301T000000Z is still later than 20130609T101515Z (20130609T100015Z + "
                + "15 min.)"),
        Case(
            .expired(window), .s3, "RequestTimeTooSkewed", 403,
            "The difference between the request time and the current time is too large."),
        Case(.expired(window), .ec2, "RequestExpired", 400, "Request has expired."),
        Case(.invalidToken, .json, "UnrecognizedClientException", 400, invalidToken),
        Case(.invalidToken, .s3, "InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        Case(
            .expiredToken, .json, "ExpiredTokenException", 400,
            "The security token included in the request is expired"),
        Case(.expiredToken, .query, "ExpiredToken", 403, "The security token included in the request is expired"),
        Case(.expiredToken, .s3, "ExpiredToken", 400, "The provided token has expired."),
        Case(
            .hostNotSigned, .json, "InvalidSignatureException", 400,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
        Case(
            .headersNotSigned(["x-amz-acl", "x-amz-date"]), .s3, "AccessDenied", 403,
            "There were headers present in the request which were not signed"),
        Case(
            .twoCarriers(authorization: "a"), .json, "InvalidSignatureException", 400,
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."),
        Case(
            .incomplete(missing: ["Credential", "X-Amz-Date"], carrier: .header, authorization: ""), .json,
            "IncompleteSignatureException", 400,
            "Authorization header requires 'Credential' parameter. Authorization header requires existence of either a "
                + "'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) "
                + "Authorization=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        Case(
            .incomplete(missing: ["X-Amz-Date"], carrier: .query, authorization: ""), .query, "IncompleteSignature",
            400,
            "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."),
        Case(
            .notKeyValue(authorization: ""), .restJSON, "IncompleteSignatureException", 403,
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with "
                + "Base64): '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='."),
        Case(
            .malformedDate("201", carrier: .header), .json, "IncompleteSignatureException", 400,
            "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"),
        Case(
            .malformedCredential("a/b/c/d", carrier: .header), .json, "IncompleteSignatureException", 400,
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
                + "'a/b/c/d'"),
        Case(
            .unsupportedAlgorithm("AWS4-HMAC-SHA25", carrier: .header), .json, "IncompleteSignatureException", 400,
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). "),
        Case(
            .wrongScope(
                [
                    .region("c"), .service(expected: "dynamodb", found: "d"), .terminator("e"),
                    .date(scope: "b", request: "20130609T095204Z"),
                ], carrier: .header), .json, "InvalidSignatureException", 400,
            "Credential should be scoped to a valid region, not 'c'. Credential should be scoped to correct service: "
                + "'dynamodb'. Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. Date in "
                + "Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != "
                + "'20130609', from '20130609T095204Z'."),
        Case(
            .contentHashMismatch(declared: "a", computed: "b"), .s3, "XAmzContentSHA256Mismatch", 400,
            "The provided 'x-amz-content-sha256' header does not match what was computed."),
        Case(
            .contentHashMissing, .s3, "InvalidRequest", 400,
            "Missing required header for this request: x-amz-content-sha256"),
        Case(
            .asymmetricSignature("AWS4-ECDSA-P256-SHA256"), .s3, "InvalidRequest", 400,
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."),
        Case(
            .expiresOutOfRange(604_801), .s3, "AuthorizationQueryParametersError", 400,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
                + "604800 seconds"),
        Case(
            .incomplete(missing: ["Signature"], carrier: .header, authorization: ""), .s3,
            "AuthorizationHeaderMalformed", 400, "The authorization header is malformed; missing Signature."),
        Case(
            .wrongScope([.terminator("e")], carrier: .query), .s3, "AuthorizationQueryParametersError", 400,
            "Error parsing the X-Amz-Credential parameter; incorrect terminal \"e\". This endpoint uses "
                + "\"aws4_request\"."),
    ]

    @Test(arguments: cases) func `an error has AWS's code, status and sentence`(_ item: Case) {
        let wire = item.error.wireError(for: item.dialect)
        #expect(wire.code == item.code)
        #expect(wire.status == item.status)
        #expect(wire.message == item.message)
    }

    @Test func `a presigned URL of S3 that expired says when`() {
        let window = SignatureWindow(
            requestTime: Timestamp(secondsSinceEpoch: 1_370_000_000), now: Self.window.now, seconds: 60,
            carrier: .query)
        let wire = SigningError.expired(window).wireError(for: .s3)
        #expect(wire.code == "AccessDenied" && wire.message == "Request has expired")
        #expect(
            wire.elements == [
                .init("X-Amz-Expires", "60"), .init("Expires", "2013-05-31T11:34:20Z"),
                .init("ServerTime", "2013-06-09T10:00:15Z"),
            ])
    }

    @Test func `S3 shows the strings as text and bytes`() {
        let wire = SigningError.signatureMismatch(Self.mismatch).wireError(for: .s3)
        #expect(
            wire.elements.map(\.name) == [
                "AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes", "CanonicalRequest",
                "CanonicalRequestBytes",
            ])
        #expect(wire.elements[3].value == "41 57 53 34 0a 78")
    }

    @Test func `every error has a lawful status in every dialect`() {
        for dialect in SigningErrorDialect.allCases {
            for item in Self.cases {
                let wire = item.error.wireError(for: dialect)
                #expect((400...499).contains(wire.status) && !wire.code.isEmpty && !wire.message.isEmpty)
            }
        }
    }
}
