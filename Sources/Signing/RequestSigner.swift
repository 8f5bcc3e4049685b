package import Primitives

/// Signs requests to upstreams. Also the counterpart for tests of verification.
package struct RequestSigner: Sendable {
    /// Headers that intermediaries change or drop; SDKs do not sign them either.
    /// - Source: botocore's `SIGNED_HEADERS_BLACKLIST` and smithy-typescript's `ALWAYS_UNSIGNABLE_HEADERS`.
    private static let unsignedNames: Set<String> = [
        "authorization", "cache-control", "connection", "content-length", "expect", "from", "keep-alive",
        "max-forwards", "pragma", "proxy-authorization", "referer", "te", "trailer", "transfer-encoding", "upgrade",
        "user-agent", "x-amzn-trace-id",
    ]

    private let credential: SigningCredential
    private let region: Region
    private let service: String
    private let rules: SigningRules

    /// A signer for one service in one region. `rules` are those of the verifying service; their signing name is not
    /// used.
    package init(credential: SigningCredential, region: Region, service: String, rules: SigningRules) {
        self.credential = credential
        self.region = region
        self.service = service
        self.rules = rules
    }

    /// Signs in the `Authorization` header.
    /// - Parameters:
    ///   - head: has a `Host`; dates and signatures of an earlier attempt are replaced.
    ///   - payload: `absent` hashes `body` and does not declare it in a header.
    ///   - body: the whole body, for `absent` only.
    ///   - time: the request's date.
    /// - Returns: the head to send, and the chunk seed if the payload is `aws-chunked`.
    /// - Throws: `malformedURI`
    package func sign(
        _ head: RequestHead, payload: PayloadDeclaration, body: [UInt8] = [], at time: Timestamp
    ) throws(SigningError) -> (head: RequestHead, seed: ChunkSeed?) {
        var signed = head
        signed.headers.remove("authorization")
        signed.headers.set("X-Amz-Date", AmzDate.format(time))
        if let token = self.credential.sessionToken { signed.headers.set("X-Amz-Security-Token", token) }
        if let text = payload.header { signed.headers.set("X-Amz-Content-SHA256", text) }
        let names = Self.namesToSign(signed.headers)
        let (signature, key) = try self.signature(signed, names, self.line(payload, body), at: time)
        let list = String(decoding: names, as: UTF8.self)
        signed.headers.append(
            "Authorization",
            "\(SigningAlgorithm.hmac) Credential=\(self.credential.accessKeyID)/\(self.scope(time)), "
                + "SignedHeaders=\(list), Signature=\(signature)"
        )
        return (signed, self.seed(payload, key, signature, at: time))
    }

    /// Signs in the query, for a URL that can be used without a secret until it expires.
    /// - Parameters:
    ///   - head: has a `Host`.
    ///   - expiresSeconds: 1...604,800.
    ///   - body: the whole body; S3 leaves it unsigned.
    ///   - time: the request's date, from which the seconds count.
    /// - Returns: the head with the extended query.
    /// - Throws: `expiresOutOfRange`, `malformedURI`
    package func presign(
        _ head: RequestHead, expiresSeconds: Int64, body: [UInt8] = [], at time: Timestamp
    ) throws(SigningError) -> RequestHead {
        guard (1...SigningRules.presignedSecondsMax).contains(expiresSeconds) else {
            throw .expiresOutOfRange(expiresSeconds)
        }
        var signed = head
        let names = Self.namesToSign(signed.headers)
        var parameters = [
            (QueryParameter.algorithm, SigningAlgorithm.hmac),
            (QueryParameter.credential, "\(self.credential.accessKeyID)/\(self.scope(time))"),
            (QueryParameter.date, AmzDate.format(time)),
            (QueryParameter.expires, String(expiresSeconds)),
            (QueryParameter.signedHeaders, String(decoding: names, as: UTF8.self)),
        ]
        if let token = self.credential.sessionToken { parameters.append((QueryParameter.securityToken, token)) }
        for (name, value) in parameters { Self.append(name, value, to: &signed.query) }
        let payload = self.rules.isS3 ? PayloadDeclaration.unsigned : .absent
        let (signature, _) = try self.signature(signed, names, self.line(payload, body), at: time)
        Self.append(QueryParameter.signature, signature.description, to: &signed.query)
        return signed
    }

    /// Signs the policy of an S3 POST upload.
    /// - Parameters:
    ///   - policy: the base64 text of the form's `policy` field.
    ///   - time: the form's date.
    /// - Returns: the fields to add to the form.
    package func signPolicy(_ policy: String, at time: Timestamp) -> [(name: String, value: String)] {
        let key = SigningKey(secretAccessKey: self.credential.secretAccessKey, scope: self.scope(time))
        var fields = [
            (name: "x-amz-algorithm", value: SigningAlgorithm.hmac),
            (name: "x-amz-credential", value: "\(self.credential.accessKeyID)/\(self.scope(time))"),
            (name: "x-amz-date", value: AmzDate.format(time)),
            (name: "x-amz-signature", value: key.signature(of: Array(policy.utf8)).description),
        ]
        if let token = self.credential.sessionToken { fields.append((name: "x-amz-security-token", value: token)) }
        return fields
    }

    private func signature(
        _ head: RequestHead, _ names: [UInt8], _ payload: PayloadLine, at time: Timestamp
    ) throws(SigningError) -> (Digest256, SigningKey) {
        let canonical = try CanonicalRequest.bytes(
            head, signed: try SignedFields(names.span, names.indices, head.headers, nil), in: names,
            names.indices, form: self.rules.pathForm, payload: payload
        )
        let text = StringToSign.bytes(
            amzDate: AmzDate.format(time), scope: ArraySlice(self.scope(time).description.utf8),
            hash: Digest256(hashing: canonical.span)
        )
        let key = SigningKey(secretAccessKey: self.credential.secretAccessKey, scope: self.scope(time))
        return (key.signature(of: text), key)
    }

    private func scope(_ time: Timestamp) -> CredentialScope {
        CredentialScope(date: String(AmzDate.format(time).prefix(8)), region: self.region, service: self.service)
    }

    private func line(_ payload: PayloadDeclaration, _ body: [UInt8]) -> PayloadLine {
        switch payload {
        case .absent: .digest(Digest256(hashing: body.span))
        case .sha256(let digest): .digest(digest)
        default: .marker(payload.header ?? "")
        }
    }

    private func seed(
        _ payload: PayloadDeclaration, _ key: SigningKey, _ signature: Digest256, at time: Timestamp
    ) -> ChunkSeed? {
        let isSigned: Bool
        let hasTrailer: Bool
        switch payload {
        case .signedChunks(let trailer): (isSigned, hasTrailer) = (true, trailer)
        case .unsignedChunks: (isSigned, hasTrailer) = (false, true)
        default: return nil
        }
        return ChunkSeed(
            key: isSigned ? key : nil, amzDate: AmzDate.format(time), scope: self.scope(time),
            seedSignature: signature, hasTrailer: hasTrailer
        )
    }

    private static func namesToSign(_ headers: HeaderFields) -> [UInt8] {
        let names = Set(headers.fields.map { $0.name.lowercased() }).subtracting(self.unsignedNames).sorted()
        return Array(names.joined(separator: ";").utf8)
    }

    private static func append(_ name: String, _ value: String, to query: inout String) {
        if !query.isEmpty { query += "&" }
        query += "\(name)=\(PercentEncoding.encode(value))"
    }
}
