package import Primitives

/// An authorization that passed every check that does not need the secret.
///
/// Next: look up the secret by `accessKeyID` and `sessionToken`, then call `verify`.
package struct CheckedAuthorization: Sendable {
    package let carrier: AuthorizationCarrier
    package let credential: ClaimedCredential
    package let requestTime: Timestamp
    package let sessionToken: String?
    package let payload: PayloadDeclaration
    package let rules: SigningRules

    /// The request's date, as it is signed.
    let amzDate: String
    let signedFields: SignedFields
    let text: AuthorizationText
    let policy: String?
    let allowsUnsignedPayload: Bool

    package var accessKeyID: String { self.credential.accessKeyID }
    package var scope: CredentialScope { self.credential.scope }
}

extension ParsedAuthorization {
    /// Checks date, time window, signed headers, algorithm and scope, in AWS's order.
    /// - Parameters:
    ///   - rules: the service's requirements.
    ///   - headers: of the request that was parsed.
    ///   - now: the current time.
    ///   - isTLS: whether the request came over TLS; only `UnsignedPayload.overTLS` depends on it.
    ///   - keys: the cache of credentials of former requests.
    /// - Returns: the authorization, ready for `verify`.
    /// - Throws: `malformedDate`, `expired`, `notYetCurrent`, the errors of `X-Amz-Expires`, `hostNotSigned`,
    ///   `headersNotSigned`, `tooManySignedHeaders`, `unsupportedAlgorithm`, `asymmetricSignature`,
    ///   `malformedCredential`, `wrongScope`, `contentHashMissing`, `contentHashUnsupported`.
    package func checked(
        by rules: SigningRules, headers: HeaderFields, now: Timestamp, isTLS: Bool, keys: SigningKeyCache
    ) throws(SigningError) -> CheckedAuthorization {
        let (requestTime, amzDate) = try self.readDate()
        try self.checkWindow(requestTime, rules, now: now)
        let signed =
            self.carrier == .policyForm
            ? SignedFields.none
            : try SignedFields(self.text.bytes.span, self.text.signedHeaders, headers, rules)
        try self.checkAlgorithm()
        let known = self.knownCredential(rules, amzDate, keys)
        // Not `??`: its closure loses the typed throws.
        let credential = if let known { known } else { try self.readCredential(rules, amzDate: amzDate) }
        return CheckedAuthorization(
            carrier: self.carrier,
            credential: credential,
            requestTime: requestTime,
            sessionToken: self.sessionToken,
            payload: try self.readPayload(rules),
            rules: rules,
            amzDate: amzDate,
            signedFields: signed,
            text: self.text,
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
        // A POST policy carries its own expiration; its date only selects the key.
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

    private func checkAlgorithm() throws(SigningError) {
        guard self.algorithm != SigningAlgorithm.hmac else {
            guard self.regionSet == nil else { throw .asymmetricSignature(QueryParameter.regionSet) }
            return
        }
        if self.algorithm.hasPrefix(SigningAlgorithm.asymmetricPrefix) { throw .asymmetricSignature(self.algorithm) }
        throw .unsupportedAlgorithm(self.algorithm, carrier: self.carrier)
    }

    /// The cached credential of a former request, if its scope is valid for this one too.
    private func knownCredential(
        _ rules: SigningRules, _ amzDate: String, _ keys: SigningKeyCache
    ) -> ClaimedCredential? {
        let text = self.text.bytes.span.extracting(self.text.credential)
        guard let known = keys.credential(text), rules.signingName == nil || rules.signingName == known.scope.service,
            equal(amzDate.utf8.span, 0..<CredentialScope.dateBytes, known.scope.date)
        else { return nil }
        return known
    }

    private func readCredential(
        _ rules: SigningRules, amzDate: String
    ) throws(SigningError) -> ClaimedCredential {
        guard let parts = self.credentialParts else {
            throw .malformedCredential(self.credential, carrier: self.carrier)
        }
        let bytes = self.text.bytes.span
        let date = self.text.string(parts.date)
        let regionName = self.text.string(parts.region)
        let service = self.text.string(parts.service)
        let region = Region(regionName)
        var faults: [ScopeFault] = []
        if region == nil { faults.append(.region(regionName)) }
        if let expected = rules.signingName, !equal(bytes, parts.service, expected) {
            faults.append(.service(expected: expected, found: service))
        }
        if !equal(bytes, parts.terminator, CredentialScope.terminator) {
            faults.append(.terminator(self.text.string(parts.terminator)))
        }
        if !equal(amzDate.utf8.span, 0..<CredentialScope.dateBytes, date) {
            faults.append(.date(scope: date, request: amzDate))
        }
        guard faults.isEmpty, let region else { throw .wrongScope(faults, carrier: self.carrier) }
        let accessKeyID = self.text.string(parts.accessKeyID)
        return ClaimedCredential(
            Array(self.text.bytes[self.text.credential]), accessKeyID: accessKeyID,
            scope: CredentialScope(date: date, region: region, service: service))
    }

    private struct CredentialParts {
        let accessKeyID: Range<Int>
        let date: Range<Int>
        let region: Range<Int>
        let service: Range<Int>
        let terminator: Range<Int>
    }

    /// nil unless there are exactly five parts and a key id.
    private var credentialParts: CredentialParts? {
        let bytes = self.text.bytes.span
        let whole = self.text.credential
        var slashes: [4 of Int] = [0, 0, 0, 0]
        var count = 0
        for index in whole where bytes[index] == UInt8(ascii: "/") {
            guard count < 4 else { return nil }
            slashes[count] = index
            count += 1
        }
        guard count == 4, slashes[0] > whole.lowerBound else { return nil }
        return CredentialParts(
            accessKeyID: whole.lowerBound..<slashes[0],
            date: (slashes[0] + 1)..<slashes[1],
            region: (slashes[1] + 1)..<slashes[2],
            service: (slashes[2] + 1)..<slashes[3],
            terminator: (slashes[3] + 1)..<whole.upperBound
        )
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
