package import Primitives

/// An authorization in which everything is right that can be told without the secret.
///
/// The next steps: look the secret up by `accessKeyID` and `sessionToken`, then `verify`.
package struct CheckedAuthorization: Sendable, Hashable {
    package let carrier: AuthorizationCarrier
    package let accessKeyID: String
    package let scope: CredentialScope
    package let requestTime: Timestamp
    package let sessionToken: String?
    package let payload: PayloadDeclaration
    package let rules: SigningRules

    /// The request's date in the form that is signed.
    let amzDate: String
    let signedHeaders: SignedHeaderNames
    let signatureText: String
    let policy: String?
    let allowsUnsignedPayload: Bool
}

extension ParsedAuthorization {
    /// Checks date, window, signed headers, algorithm and scope, in AWS's order.
    /// - Parameter rules: what the service demands.
    /// - Parameter headers: of the same request; those that must be signed are looked for among them.
    /// - Parameter isTLS: whether the request came over TLS; only `UnsignedPayload.overTLS` asks.
    package func checked(
        by rules: SigningRules, headers: HeaderFields, now: Timestamp, isTLS: Bool
    ) throws(SigningError) -> CheckedAuthorization {
        let (requestTime, amzDate) = try self.readDate()
        try self.checkWindow(requestTime, rules, now: now)
        if self.carrier != .policyForm { try self.checkSignedHeaders(headers, rules) }
        try self.checkAlgorithm()
        let (accessKeyID, scope) = try self.readCredential(rules, amzDate: amzDate)
        return CheckedAuthorization(
            carrier: self.carrier,
            accessKeyID: accessKeyID,
            scope: scope,
            requestTime: requestTime,
            sessionToken: self.sessionToken,
            payload: try self.readPayload(rules),
            rules: rules,
            amzDate: amzDate,
            signedHeaders: self.signedHeaders,
            signatureText: self.signature,
            policy: self.policy,
            allowsUnsignedPayload: rules.unsignedPayload.isAllowed(isTLS: isTLS)
        )
    }

    /// `X-Amz-Date` in ISO 8601's basic form; a plain `Date` header may also be in HTTP's own form.
    private func readDate() throws(SigningError) -> (Timestamp, String) {
        if let time = AmzDate.parse(self.date) { return (time, self.date) }
        if self.carrier == .header, let time = AmzDate.parseHTTPDate(self.date) {
            return (time, AmzDate.format(time))
        }
        throw .malformedDate(self.date, carrier: self.carrier)
    }

    /// - Source: IAM User Guide, "Troubleshoot signed requests for AWS APIs"; S3 API Reference, "Authenticating
    ///   Requests: Using Query Parameters" for `X-Amz-Expires`.
    private func checkWindow(_ time: Timestamp, _ rules: SigningRules, now: Timestamp) throws(SigningError) {
        // A POST policy carries its own expiration; its date only names the key.
        guard self.carrier != .policyForm else { return }
        let skew = SigningRules.clockSkewSecondsMax
        var life = skew
        if self.carrier == .query {
            if let expires = self.expires {
                life = try Self.readExpires(expires)
            } else if rules.isS3 {
                throw .incomplete(missing: [QueryParameter.expires], carrier: .query, authorization: "")
            }
        }
        let age = now.millisecondsSinceEpoch - time.millisecondsSinceEpoch
        if age < -skew * 1000 {
            throw .notYetCurrent(
                SignatureWindow(requestTime: time, now: now, seconds: skew, carrier: self.carrier))
        }
        if age > life * 1000 {
            throw .expired(SignatureWindow(requestTime: time, now: now, seconds: life, carrier: self.carrier))
        }
    }

    private static func readExpires(_ text: String) throws(SigningError) -> Int64 {
        guard (1...18).contains(text.utf8.count), let seconds = Int64(text) else { throw .expiresNotANumber(text) }
        guard (1...SigningRules.presignedSecondsMax).contains(seconds) else { throw .expiresOutOfRange(seconds) }
        return seconds
    }

    /// `host` and every `x-amz-*` header must be signed, or a stranger could change the operation or the region.
    ///
    /// Two need not: `x-amz-content-sha256` is compared with the body, and (but in S3) `x-amz-security-token` with the
    /// key's token, so that clients may add it after signing as AWS IoT has them do.
    /// - Source: IAM User Guide, "Create a signed AWS API request", step 1, `CanonicalHeaders`; S3 API Reference adds
    ///   `Content-MD5`.
    private func checkSignedHeaders(_ headers: HeaderFields, _ rules: SigningRules) throws(SigningError) {
        let names = self.signedHeaders
        let count = names.count
        guard count <= SigningRules.signedHeaderCountMax else { throw .tooManySignedHeaders(count: count) }
        guard names.contains("host") || names.contains(":authority") else { throw .hostNotSigned }
        var missing: [String] = []
        for field in headers.fields where Self.mustBeSigned(field.name, rules) && !names.contains(field.name) {
            missing.append(field.name.lowercased())
        }
        guard missing.isEmpty else { throw .headersNotSigned(missing) }
    }

    private static func mustBeSigned(_ name: String, _ rules: SigningRules) -> Bool {
        let bytes = name.utf8.span
        guard bytes.count > 6, bytes[5] == UInt8(ascii: "-") || rules.isS3 else { return false }
        guard self.hasAmzPrefix(bytes) else {
            return rules.isS3 && HeaderFields.equalNames(name, "content-md5")
        }
        if HeaderFields.equalNames(name, "x-amz-content-sha256") { return false }
        return rules.isS3 || !HeaderFields.equalNames(name, "x-amz-security-token")
    }

    private static func hasAmzPrefix(_ bytes: Span<UInt8>) -> Bool {
        bytes[0] | 0x20 == UInt8(ascii: "x") && bytes[1] == UInt8(ascii: "-") && bytes[2] | 0x20 == UInt8(ascii: "a")
            && bytes[3] | 0x20 == UInt8(ascii: "m") && bytes[4] | 0x20 == UInt8(ascii: "z")
            && bytes[5] == UInt8(ascii: "-")
    }

    private func checkAlgorithm() throws(SigningError) {
        guard self.algorithm != SigningAlgorithm.hmac else {
            guard self.regionSet == nil else { throw .asymmetricSignature(QueryParameter.regionSet) }
            return
        }
        if self.algorithm.hasPrefix(SigningAlgorithm.asymmetricPrefix) { throw .asymmetricSignature(self.algorithm) }
        throw .unsupportedAlgorithm(self.algorithm, carrier: self.carrier)
    }

    private func readCredential(
        _ rules: SigningRules, amzDate: String
    ) throws(SigningError) -> (accessKeyID: String, CredentialScope) {
        let parts = self.credential.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 5, !parts[0].isEmpty else {
            throw .malformedCredential(self.credential, carrier: self.carrier)
        }
        let date = String(Substring(parts[1]))
        let regionName = String(Substring(parts[2]))
        let service = String(Substring(parts[3]))
        let region = Region(regionName)
        var faults: [ScopeFault] = []
        if region == nil { faults.append(.region(regionName)) }
        if let expected = rules.signingName, service != expected {
            faults.append(.service(expected: expected, found: service))
        }
        if !parts[4].elementsEqual(CredentialScope.terminator.utf8) {
            faults.append(.terminator(String(Substring(parts[4]))))
        }
        if !amzDate.utf8.prefix(8).elementsEqual(parts[1]) {
            faults.append(.date(scope: date, request: amzDate))
        }
        guard faults.isEmpty, let region else { throw .wrongScope(faults, carrier: self.carrier) }
        return (String(Substring(parts[0])), CredentialScope(date: date, region: region, service: service))
    }

    private func readPayload(_ rules: SigningRules) throws(SigningError) -> PayloadDeclaration {
        guard self.carrier != .policyForm else { return .absent }
        let payload = PayloadDeclaration(header: self.contentSHA256)
        guard rules.isS3 else { return payload }
        switch payload {
        case .absent where self.carrier == .query:
            return .unsigned
        case .absent:
            throw .contentHashMissing
        case .unsupported(let text):
            throw .contentHashUnsupported(text)
        default:
            return payload
        }
    }
}
