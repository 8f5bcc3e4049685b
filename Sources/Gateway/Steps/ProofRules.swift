internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing

/// How a request may prove its sender.
struct ProofRules: Sendable {
    /// Services that a signature may name, never empty; the first one is what a short-term bearer key is signed for.
    var signingNames: [String]
    /// Whether `Authorization: Bearer` is looked at.
    var takesBearer: Bool
    /// Whether `x-api-key` is, where there is no `Authorization`.
    var takesKeyHeader = false

    /// The bearer key of a request; nil where it is signed, or proves nothing.
    func bearer(in headers: HeaderFields) -> Substring? {
        guard self.takesBearer else { return nil }
        let authorizations = headers.all("authorization")
        // Two of them could be read differently by a proxy: the signature's reader refuses them.
        if authorizations.count == 1 { return BearerToken.text(inAuthorization: authorizations[0]) }
        guard self.takesKeyHeader, authorizations.isEmpty else { return nil }
        let keys = headers.all("x-api-key")
        return keys.count == 1 ? keys[0][...] : nil
    }
}

/// Why a sender is not proven.
indirect enum ProofError: Error {
    case signature(SigningError)
    case bearer(BearerError)
    /// The keys are another process's, which does not answer.
    case unavailable
}

/// What the head of a request proves, until its body is known.
enum PendingProof: Sendable {
    /// Nothing is left to prove: a bearer key, or nobody where nobody is asked for.
    case proven(Principal, Region)
    /// A signature, which covers the body's hash.
    case signed(SignedProof)
}

/// A signature that is left to prove, and the key that it names.
final class SignedProof: Sendable {
    let authorization: CheckedAuthorization
    let credential: Credential

    init(_ authorization: CheckedAuthorization, _ credential: Credential) {
        self.authorization = authorization
        self.credential = credential
    }
}
