package import Primitives

/// A request's claim about its signer: parsed but not verified.
///
/// The next steps are types of their own: `checked(by:headers:now:isTLS:)` checks everything that needs no secret, and
/// its result's `verify` verifies the signature.
package struct ParsedAuthorization: Sendable, Equatable {
    package let carrier: AuthorizationCarrier
    /// The scheme, such as `AWS4-HMAC-SHA256`.
    package let algorithm: String
    let text: AuthorizationText
    /// `X-Amz-Date`, or `Date` if that is missing.
    package let date: String
    /// `X-Amz-Expires` of a presigned URL.
    package let expires: String?
    package let sessionToken: String?
    /// `x-amz-content-sha256`, from the header or, if presigned, from the query.
    package let contentSHA256: String?
    /// SigV4a's list of regions.
    package let regionSet: String?
    /// The base64 text that an S3 POST form signs; nil for other carriers.
    package let policy: String?

    /// `key/date/region/service/aws4_request`, as it came.
    package var credential: String { self.text.string(self.text.credential) }

    /// The claimed signature.
    package var signature: String { self.text.string(self.text.signature) }

    /// The service in the credential, before any check: it helps to identify the service.
    package var claimedServiceName: Substring? {
        let parts = self.credential.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
        return parts.count == 5 ? parts[3] : nil
    }

    /// Reads the signature of a request from its header or its query.
    ///
    /// A function rather than an initialiser, which would take copies of its arguments.
    /// - Throws: `missingAuthenticationToken`, `otherScheme`, `twoCarriers`, `notKeyValue`, `repeated`, `incomplete`,
    ///   `malformedURI`.
    package static func read(_ head: RequestHead) throws(SigningError) -> ParsedAuthorization {
        let headers = try SigningHeaders(head.headers)
        guard head.query.isEmpty else { return try self.read(head.headers, headers, try QueryItems(head.query)) }
        guard let authorization = headers.authorization else { throw .missingAuthenticationToken }
        return try self.read(head.headers, authorization, headers)
    }

    private static func read(
        _ fields: HeaderFields, _ headers: SigningHeaders, _ query: QueryItems
    ) throws(SigningError) -> ParsedAuthorization {
        let algorithm = try query.value(QueryParameter.algorithm)
        let signature = try query.value(QueryParameter.signature)
        if algorithm != nil || signature != nil {
            if let authorization = headers.authorization {
                throw .twoCarriers(authorization: fields.text(authorization))
            }
            return try ParsedAuthorization(presigned: query, headers, algorithm: algorithm, signature: signature)
        }
        guard let authorization = headers.authorization else { throw .missingAuthenticationToken }
        return try self.read(fields, authorization, headers)
    }

    /// - Source: order and sentences: dynalite's `index.js`, whose author recorded DynamoDB's answers.
    private static func read(
        _ fields: HeaderFields, _ authorization: Range<Int>, _ headers: SigningHeaders
    ) throws(SigningError) -> ParsedAuthorization {
        let reader = try AuthorizationReader(fields, authorization)
        let date = headers.amzDate ?? headers.date
        var missing: [String] = []
        if reader.credential?.isEmpty ?? true { missing.append("Credential") }
        if reader.signature?.isEmpty ?? true { missing.append("Signature") }
        if reader.signedHeaders?.isEmpty ?? true { missing.append("SignedHeaders") }
        if date == nil { missing.append(QueryParameter.date) }
        guard missing.isEmpty, let credential = reader.credential, let signature = reader.signature,
            let signedHeaders = reader.signedHeaders, let date
        else {
            throw .incomplete(missing: missing, carrier: .header, authorization: fields.text(authorization))
        }
        return ParsedAuthorization(
            algorithm: reader.algorithm,
            text: AuthorizationText(
                bytes: fields.bytes, credential: credential, signedHeaders: signedHeaders, signature: signature),
            date: date, headers)
    }

    /// Takes the parsed `Authorization` header and the headers that belong to it.
    private init(algorithm: String, text: AuthorizationText, date: String, _ headers: SigningHeaders) {
        self.carrier = .header
        self.algorithm = algorithm
        self.text = text
        self.date = date
        self.expires = nil
        self.sessionToken = headers.securityToken
        self.contentSHA256 = headers.contentSHA256
        self.regionSet = headers.regionSet
        self.policy = nil
    }

    private init(
        presigned query: QueryItems, _ headers: SigningHeaders, algorithm: String?, signature: String?
    ) throws(SigningError) {
        let credential = try query.value(QueryParameter.credential)
        let signedHeaders = try query.value(QueryParameter.signedHeaders)
        let date = try query.value(QueryParameter.date)
        let parts = [
            (QueryParameter.algorithm, algorithm), (QueryParameter.credential, credential),
            (QueryParameter.signature, signature), (QueryParameter.signedHeaders, signedHeaders),
            (QueryParameter.date, date),
        ]
        let missing = parts.filter { $0.1?.isEmpty ?? true }.map(\.0)
        guard missing.isEmpty, let algorithm, let signature, let credential, let signedHeaders, let date else {
            throw .incomplete(missing: missing, carrier: .query, authorization: "")
        }
        self.carrier = .query
        self.algorithm = algorithm
        self.text = AuthorizationText(credential: credential, signedHeaders: signedHeaders, signature: signature)
        self.date = date
        self.expires = try query.value(QueryParameter.expires)
        let token = try query.value(QueryParameter.securityToken)
        if token != nil, headers.securityToken != nil { throw .repeated(QueryParameter.securityToken) }
        self.sessionToken = token ?? headers.securityToken
        // A presigned URL does not protect headers that it does not sign.
        let isHashSigned = signedHeaders.utf8.split(separator: UInt8(ascii: ";")).contains {
            $0.elementsEqual("x-amz-content-sha256".utf8)
        }
        self.contentSHA256 =
            try query.value(QueryParameter.contentSHA256) ?? (isHashSigned ? headers.contentSHA256 : nil)
        self.regionSet = try query.value(QueryParameter.regionSet) ?? headers.regionSet
        self.policy = nil
    }

    /// Reads the signature of an S3 POST upload from its form fields, whose names are case-insensitive.
    ///
    /// The signature covers only the policy's text; what the policy allows, and until when, S3 must check.
    /// - Source: S3 API Reference, "Authenticating Requests in Browser-Based Uploads Using POST".
    package init(policyForm fields: [(name: String, value: String)]) throws(SigningError) {
        func value(_ name: String) throws(SigningError) -> String? {
            let found = fields.filter { HeaderFields.equalNames($0.name, name) }
            guard found.count <= 1 else { throw .repeated(name) }
            return found.first?.value
        }
        let policy = try value("policy")
        let algorithm = try value(QueryParameter.algorithm)
        let signature = try value(QueryParameter.signature)
        guard policy != nil || algorithm != nil || signature != nil else { throw .missingAuthenticationToken }
        let credential = try value(QueryParameter.credential)
        let date = try value(QueryParameter.date)
        let parts = [
            ("policy", policy), (QueryParameter.algorithm, algorithm), (QueryParameter.credential, credential),
            (QueryParameter.date, date), (QueryParameter.signature, signature),
        ]
        let missing = parts.filter { $0.1?.isEmpty ?? true }.map(\.0)
        guard missing.isEmpty, let policy, let algorithm, let signature, let credential, let date else {
            throw .incomplete(missing: missing, carrier: .policyForm, authorization: "")
        }
        self.carrier = .policyForm
        self.algorithm = algorithm
        self.text = AuthorizationText(credential: credential, signedHeaders: "", signature: signature)
        self.date = date
        self.expires = nil
        self.sessionToken = try value(QueryParameter.securityToken)
        self.contentSHA256 = nil
        self.regionSet = try value(QueryParameter.regionSet)
        self.policy = policy
    }
}
