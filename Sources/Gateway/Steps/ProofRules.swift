internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing

/// The ways in which a request may authenticate.
struct ProofRules: Sendable {
    /// Services that a signature may name, never empty; short-term bearer keys must be signed for the first.
    var signingNames: [String]
    /// Whether `Authorization: Bearer` is accepted.
    var takesBearer: Bool
    /// Whether `x-api-key` is accepted if there is no `Authorization`.
    var takesKeyHeader = false

    /// The bearer key of a request; nil when it is signed, or has no credentials.
    func bearer(in headers: HeaderFields) -> Substring? {
        guard self.takesBearer else { return nil }
        let authorizations = headers.all("authorization")
        // A proxy might read another of two such headers than this server does; the signature's reader refuses them.
        if authorizations.count == 1 { return BearerToken.text(inAuthorization: authorizations[0]) }
        guard self.takesKeyHeader, authorizations.isEmpty else { return nil }
        let keys = headers.all("x-api-key")
        return keys.count == 1 ? keys[0][...] : nil
    }
}

/// Why a sender could not be authenticated.
indirect enum ProofError: Error {
    case signature(SigningError)
    case bearer(BearerError)
    /// The keys are fetched from another process, which does not answer.
    case unavailable
}

/// The state of authentication after the head, until the body is known.
enum PendingProof: Sendable {
    /// Complete: a bearer key, or an operation that allows anonymous callers.
    case proven(Principal, Region)
    /// A signature, which covers the body's hash.
    case signed(SignedProof)
}

/// A signature that is still to be verified, and the key that it names.
final class SignedProof: Sendable {
    let authorization: CheckedAuthorization
    let credential: Credential

    init(_ authorization: CheckedAuthorization, _ credential: Credential) {
        self.authorization = authorization
        self.credential = credential
    }
}
