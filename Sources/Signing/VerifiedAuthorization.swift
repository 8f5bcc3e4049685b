package import Primitives

/// A request whose signature is verified.
package struct VerifiedAuthorization: Sendable {
    package let carrier: AuthorizationCarrier
    package let credential: ClaimedCredential
    package let requestTime: Timestamp
    /// What the reader of the body must still verify.
    package let obligation: BodyObligation

    package var accessKeyID: String { self.credential.accessKeyID }
    package var scope: CredentialScope { self.credential.scope }
}

/// What remains to be verified after the head's signature.
package enum BodyObligation: Sendable {
    /// Nothing: the body was verified, or may be unsigned.
    case none
    /// The streamed body must have this hash: pass its bytes to a `BodyHashVerifier`.
    case sha256(Digest256)
    /// The body is `aws-chunked`: pass its bytes to a `ChunkedPayloadVerifier`.
    case chunks(ChunkSeed)
}

/// What the caller knows of the body when the head is verified.
package enum BodyEvidence: Sendable {
    /// The whole body as it came over the wire, still compressed if it was.
    case bytes([UInt8])
    /// The hash of the whole body.
    case sha256(Digest256)
    /// The body comes later.
    case streamed

    fileprivate var digest: Digest256? {
        switch self {
        case .bytes(let bytes): Digest256(hashing: bytes.span)
        case .sha256(let digest): digest
        case .streamed: nil
        }
    }
}

extension CheckedAuthorization {
    /// Verifies the signature, the session token and, if it is at hand, the body.
    /// - Parameters:
    ///   - head: of the request that was parsed and checked.
    ///   - body: the body, its hash, or that it comes later.
    ///   - credential: the secret that belongs to `accessKeyID`.
    ///   - keys: the cache of signing keys.
    /// - Returns: the signer, and what remains to be verified of a body that comes later.
    /// - Throws: `signatureMismatch`, `invalidToken`, `contentHashMissing`, `contentHashUnsupported`,
    ///   `contentHashMismatch`, `malformedURI`.
    package func verify(
        _ head: RequestHead, body: BodyEvidence, credential: SigningCredential, keys: SigningKeyCache
    ) throws(SigningError) -> VerifiedAuthorization {
        precondition(credential.accessKeyID == self.accessKeyID, "a signature is proven with its own key")
        let key = keys.key(for: credential, self.credential)
        let obligation: BodyObligation
        if let policy = self.policy {
            try self.prove(Array(policy.utf8), canonical: [], key)
            obligation = .none
        } else {
            obligation = try self.verifyRequest(head, body, key)
        }
        try self.checkToken(credential)
        return VerifiedAuthorization(
            carrier: self.carrier,
            credential: self.credential,
            requestTime: self.requestTime,
            obligation: obligation
        )
    }

    private func verifyRequest(
        _ head: RequestHead, _ body: BodyEvidence, _ key: SigningKey
    ) throws(SigningError) -> BodyObligation {
        precondition(head.headers.count == self.signedFields.lineCount, "the head that was checked is proven")
        let (line, obligation) = try self.payloadLine(body)
        let (canonical, text) = try self.signable(head, line)
        let signature: Digest256
        do throws(SigningError) {
            signature = try self.prove(text, canonical: canonical, key)
        } catch {
            guard let proven = try self.signatureWithoutPort(head, line, key) else { throw error }
            signature = proven
        }
        switch obligation {
        case .nothing:
            return .none
        case .mismatch(let declared, let computed):
            throw .contentHashMismatch(declared: declared, computed: computed.description)
        case .unsignable:
            // The client signed a marker although this service signs the body's hash.
            throw self.mismatch(canonical: canonical, text: text)
        case .streamed(let digest):
            return .sha256(digest)
        case .chunks(let isSigned, let hasTrailer):
            return .chunks(
                ChunkSeed(
                    key: isSigned ? key : nil, amzDate: self.amzDate, scope: self.scope, seedSignature: signature,
                    hasTrailer: hasTrailer
                )
            )
        }
    }

    /// What both sides hash, and what they sign.
    private func signable(
        _ head: RequestHead, _ payload: PayloadLine
    ) throws(SigningError) -> (canonical: [UInt8], text: [UInt8]) {
        let canonical = try CanonicalRequest.bytes(
            head, signed: self.signedFields, in: self.text.bytes, self.text.signedHeaders, form: self.rules.pathForm,
            payload: payload
        )
        let text = StringToSign.bytes(
            amzDate: self.amzDate, scope: self.credential.scopeText, hash: Digest256(hashing: canonical.span)
        )
        return (canonical, text)
    }

    /// The signature of the request as if its `Host` had no port, where it is the one that the request carries.
    ///
    /// DEVIATION: AWS, whose endpoints have the default ports, never meets the difference. Clients that sign by
    /// themselves sign the host alone and send it with its port (aiodynamo does).
    private func signatureWithoutPort(
        _ head: RequestHead, _ payload: PayloadLine, _ key: SigningKey
    ) throws(SigningError) -> Digest256? {
        guard let headers = head.headers.withoutHostPort else { return nil }
        var head = head
        head.headers = headers
        let (canonical, text) = try self.signable(head, payload)
        // If this form does not match either, the caller throws the error of the first.
        return try? self.prove(text, canonical: canonical, key)
    }

    /// What is due after the signature, which AWS checks first.
    private enum Due {
        case nothing
        case mismatch(declared: String, computed: Digest256)
        case unsignable
        case streamed(Digest256)
        case chunks(isSigned: Bool, hasTrailer: Bool)
    }

    private func payloadLine(_ body: BodyEvidence) throws(SigningError) -> (PayloadLine, Due) {
        let actual = self.needsDigest ? body.digest : nil
        switch self.payload {
        case .absent:
            guard let actual else { throw .contentHashMissing }
            return (.digest(actual), .nothing)
        case .sha256(let declared):
            guard let actual else { return (.digest(declared), .streamed(declared)) }
            if actual == declared { return (.digest(actual), .nothing) }
            // S3 signs with the header's hash and reports a differing body by it; other services ignore the header.
            let line = PayloadLine.digest(self.rules.isS3 ? declared : actual)
            return (line, .mismatch(declared: declared.description, computed: actual))
        case .unsigned where self.allowsUnsignedPayload:
            return (.marker(PayloadDeclaration.unsignedText), .nothing)
        case .signedChunks(let hasTrailer) where self.rules.isS3:
            let text = hasTrailer ? PayloadDeclaration.signedChunksTrailerText : PayloadDeclaration.signedChunksText
            return (.marker(text), .chunks(isSigned: true, hasTrailer: hasTrailer))
        case .unsignedChunks where self.allowsUnsignedPayload && self.rules.isS3:
            return (.marker(PayloadDeclaration.unsignedChunksText), .chunks(isSigned: false, hasTrailer: true))
        case .unsigned, .signedChunks, .unsignedChunks, .unsupported:
            guard let actual else { throw .contentHashUnsupported(self.payload.header ?? "") }
            return (.digest(actual), .unsignable)
        }
    }

    private var needsDigest: Bool {
        switch self.payload {
        case .absent, .sha256, .unsupported: true
        case .unsigned: !self.allowsUnsignedPayload
        case .signedChunks: !self.rules.isS3
        case .unsignedChunks: !(self.allowsUnsignedPayload && self.rules.isS3)
        }
    }

    /// - Returns: the signature, if it equals the request's.
    @discardableResult
    private func prove(
        _ text: [UInt8], canonical: [UInt8], _ key: SigningKey
    ) throws(SigningError) -> Digest256 {
        let computed = key.signature(of: text)
        // As text, as AWS compares them: upper case never matches.
        guard computed.isWritten(in: self.text.bytes.span.extracting(self.text.signature)) else {
            throw self.mismatch(canonical: canonical, text: text)
        }
        return computed
    }

    private func mismatch(canonical: [UInt8], text: [UInt8]) -> SigningError {
        .signatureMismatch(
            SignatureMismatch(
                accessKeyID: self.accessKeyID,
                signatureProvided: self.text.string(self.text.signature),
                canonicalRequest: String(decoding: canonical, as: UTF8.self),
                stringToSign: String(decoding: text, as: UTF8.self)
            )
        )
    }

    /// A temporary key needs its own token; a long-term key must have none.
    private func checkToken(_ credential: SigningCredential) throws(SigningError) {
        switch (credential.sessionToken, self.sessionToken) {
        case (nil, nil):
            return
        case (let expected?, let presented?):
            guard equalInConstantTime(expected, presented) else { throw .invalidToken }
        default:
            throw .invalidToken
        }
    }
}

/// Compares a streamed body with the hash that its head signed.
package struct BodyHashVerifier: Sendable {
    private var hasher: StreamingHash
    private let declared: Digest256

    package init(_ declared: Digest256) {
        self.hasher = StreamingHash()
        self.declared = declared
    }

    /// Takes the next bytes of the body.
    package mutating func push(_ bytes: Span<UInt8>) {
        self.hasher.update(bytes)
    }

    /// - Throws: `contentHashMismatch` when the bytes differ from the signed ones.
    package consuming func finish() throws(SigningError) {
        let computed = self.hasher.digest()
        guard computed == self.declared else {
            throw .contentHashMismatch(declared: self.declared.description, computed: computed.description)
        }
    }
}
