internal import Primitives
internal import ServiceModel

/// Queries the hub: the content of a repository, and the URLs of its files.
struct HubClient: Sendable {
    /// The maximum number of consecutive redirects.
    static let redirectCountMax = 10
    /// The maximum number of attempts for a small request.
    static let attemptCountMax = 4
    /// The size limit of a repository's list of files.
    private static let listingBytesMax = 32 << 20

    let settings: HubSettings
    let fetch: HTTPFetch
    /// Consecutive attempts of a download without progress.
    let fruitlessCountMax: Int
    let pause: @Sendable (Int) async throws -> Void
    /// Called with a temporary failure and the pause in milliseconds.
    var again: @Sendable (RegistryError, Int) -> Void = { _, _ in }

    /// The content of the repository at a revision.
    func listing(_ reference: HubReference) async throws -> HubListing {
        let revision = PercentEncoding.encode(reference.revision)
        let url = try self.settings.url("/api/models/\(reference.repository)/revision/\(revision)?blobs=true")
        var attempt = 1
        while true {
            do {
                let bytes = try await self.get(url, []) { head, body in
                    guard head.status == 200 else {
                        throw HubRefusal(head, attempt: attempt).error(reference, self.settings)
                    }
                    return try await body.collect(bytesMax: Self.listingBytesMax)
                }
                guard let document = RegistryText.document(bytes), let listing = HubListing(document) else {
                    throw RegistryError(
                        .unreachable, "\(url.shown) does not answer like a model hub")
                }
                return listing
            } catch {
                guard attempt < min(Self.attemptCountMax, self.fruitlessCountMax),
                    let wait = Self.waitMilliseconds(error, attempt: attempt)
                else {
                    throw self.told(error, url)
                }
                attempt += 1
                self.again(self.told(error, url), wait)
                try await self.pause(wait)
            }
        }
    }

    /// The URL of a file at a fixed commit.
    func url(_ reference: HubReference, commit: String, path: String) throws(RegistryError) -> FetchURL {
        let path = PercentEncoding.encode(path, keepingSlash: true)
        return try self.settings.url("/\(reference.repository)/resolve/\(commit)/\(path)")
    }

    /// Sends a GET and follows redirects; the token is sent to the endpoint only.
    ///
    /// `headers` are sent to every host, so they must not contain secrets for the endpoint.
    func get<Value: Sendable>(
        _ url: FetchURL, _ headers: [(String, String)], _ use: (FetchHead, inout FetchBody) async throws -> Value
    ) async throws -> Value {
        var url = url
        for _ in 0...Self.redirectCountMax {
            var sent = headers
            if let token = self.settings.token(for: url) { sent.append(("Authorization", "Bearer \(token)")) }
            let here = url
            var value: Value?
            let target = try await self.fetch.get(url, sent) { head, body -> FetchURL? in
                if [301, 302, 303, 307, 308].contains(head.status) { return try Self.target(head, from: here) }
                value = try await use(head, &body)
                return nil
            }
            if let value { return value }
            guard let target else { preconditionFailure("a response led neither on nor to a value") }
            url = target
        }
        throw RegistryError(.unreachable, "\(url.origin) redirects more than \(Self.redirectCountMax) times")
    }

    private static func target(_ head: FetchHead, from url: FetchURL) throws(RegistryError) -> FetchURL {
        guard let location = head.first("location"), let target = url.resolving(location) else {
            throw RegistryError(.unreachable, "\(url.shown) redirects to an invalid address")
        }
        guard target.isTLS || !url.isTLS else {
            throw RegistryError(
                .unreachable, "\(url.shown) redirects to \(target.origin), which does not use TLS; not followed")
        }
        return target
    }

    /// The pause before another attempt; nil if none would help.
    static func waitMilliseconds(_ error: any Error, attempt: Int) -> Int? {
        let growing = min(500 << min(attempt - 1, 6), 20_000)
        switch error {
        case let refusal as HubRetry: return refusal.waitMilliseconds ?? growing
        case FetchError.cut, FetchError.silent, FetchError.noConnection: return growing
        default: return nil
        }
    }

    /// Whether a URL is one of the hub or of its mirror, and not an address that the user gave.
    func isHub(_ url: FetchURL) -> Bool { url.origin == self.settings.endpoint.origin }

    /// The error for the user.
    func told(_ error: any Error, _ url: FetchURL) -> RegistryError {
        switch error {
        case let error as RegistryError: error
        case let retry as HubRetry: retry.error
        case FetchError.noConnection(let reason):
            RegistryError(
                .unreachable,
                "cannot reach \(url.origin): \(reason)"
                    + (self.isHub(url) ? ". Is there a network? A mirror of the hub is named with HF_ENDPOINT" : ""))
        case FetchError.untrusted(let reason):
            RegistryError(
                .unreachable,
                "the certificate of \(url.origin) is not trusted: \(reason). Name your own authorities with "
                    + "SSL_CERT_FILE")
        case FetchError.cut(let reason):
            RegistryError(.unreachable, "\(url.origin) interrupted the transfer: \(reason)")
        case FetchError.silent(let seconds):
            RegistryError(.unreachable, "\(url.origin) sent nothing for \(seconds) s")
        default: RegistryError(.unreachable, "\(url.origin): \(error)")
        }
    }
}

/// A refusal that may be temporary.
struct HubRetry: Error, Sendable {
    var error: RegistryError
    /// The pause that the host requested, limited.
    var waitMilliseconds: Int?
}

/// An error status, and its meaning.
struct HubRefusal {
    /// The longest pause that a host may request.
    static let waitSecondsMax = 60

    private let status: Int
    private let code: String
    /// Whose answer it is: the hub's, or that of a host that it sent on to, or of an address.
    private let origin: String
    private let retryAfter: Int?

    init(_ head: FetchHead, attempt: Int) {
        self.status = head.status
        self.origin = head.url.origin
        self.code = head.first("x-error-code") ?? ""
        self.retryAfter = head.first("retry-after").flatMap { Int($0) }
    }

    /// - Source: `huggingface_hub`, `hf_raise_for_status`: the codes of `X-Error-Code`.
    func error(_ reference: HubReference, _ settings: HubSettings) -> any Error {
        let name = reference.repository
        switch (self.status, self.code) {
        case (_, "GatedRepo"):
            return RegistryError(
                .refused,
                "\(name) is gated: accept its licence at \(settings.endpoint.origin)/\(name) and set HF_TOKEN to a "
                    + "token of that account")
        case (_, "RevisionNotFound"):
            return RegistryError(.unknown, "\(name) has no revision \(reference.revision)")
        case (_, "EntryNotFound"):
            return RegistryError(.unknown, "\(name) has no such file in revision \(reference.revision)")
        case (401, _), (403, _):
            return RegistryError(
                .refused,
                settings.token == nil
                    ? "\(name) does not exist, or is private or gated; set HF_TOKEN to a token that may read it"
                    : "\(name) does not exist, or the token in HF_TOKEN may not read it")
        case (404, _) where self.origin != settings.endpoint.origin, (410, _):
            return RegistryError(.unknown, "\(self.origin) has no such file (status \(self.status))")
        case (404, _):
            return RegistryError(.unknown, "\(settings.endpoint.origin) has no repository \(name)")
        case (429, _), (500..., _):
            let error = RegistryError(
                .unreachable, "\(self.origin) answers with status \(self.status); try again later")
            let wait = self.retryAfter.map { min(max(0, $0), Self.waitSecondsMax) * 1000 }
            return HubRetry(error: error, waitMilliseconds: wait)
        default:
            return RegistryError(.unreachable, "\(self.origin) answers with status \(self.status)")
        }
    }
}
