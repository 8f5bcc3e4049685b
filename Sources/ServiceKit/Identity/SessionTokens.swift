package import Primitives
package import ServiceModel
package import Signing

/// Temporary keys that need no storage: everything about one is sealed in its session token.
package struct SessionTokens: Sendable {
    /// The content of a token. Whether the parent key is still valid is not checked yet.
    struct Opened {
        var credential: Credential
        /// The id of the long-term key that requested the session.
        var parentID: String
        /// Of the long-term key's secret when the session was requested; nil where it was not known, and in tokens from
        /// before it was recorded.
        fileprivate var parentHash: String?
        var expiration: Timestamp

        /// Whether a key is the one that requested the session. A key that was deleted may have been made again, for
        /// another user or with another secret: it has no sessions of the former one.
        func belongs(to key: AccessKey) -> Bool {
            let principal = self.credential.principal
            guard principal.account == key.account, principal.arn == key.principal.arn else { return false }
            return self.parentHash.map { $0 == SessionTokens.hash(key.secretAccessKey) } ?? true
        }
    }

    private static let context = "brume-session-1"
    private static let idPrefix = "ASIA"

    /// Whether an access key id is that of a session.
    static func isSessionID(_ text: String) -> Bool { text.hasPrefix(self.idPrefix) }

    /// The first seals new tokens; every one is tried to open a token.
    private let boxes: [SecretBox]
    private let random: any RandomSource

    /// - Parameters:
    ///   - boxes: the first seals, every one opens; never empty. The processes of a cluster share the first.
    ///   - random: for ids and secrets.
    package init(boxes: [SecretBox], random: any RandomSource) {
        precondition(!boxes.isEmpty, "sessions are sealed by something")
        self.boxes = boxes
        self.random = random
    }

    /// Makes temporary credentials that act as `principal` from `issued` until `expiration`.
    /// - Parameters:
    ///   - principal: whose long-term key requests them.
    ///   - secret: that key's; nil when it is not known here yet.
    ///   - issued: now.
    ///   - expiration: when they end.
    /// - Returns: the credentials, with their token.
    package func issue(
        for principal: Principal, proven secret: String?, issued: Timestamp, expiration: Timestamp
    ) -> Credential {
        let accessKeyID = Self.idPrefix + AccessKey.identifier(self.random)
        let sessionSecret = Base64.encode(self.random.bytes(30))
        let fields =
            [
                accessKeyID, sessionSecret, String(expiration.millisecondsSinceEpoch), principal.kind.rawValue,
                principal.account.description, principal.userID, principal.accessKeyID, principal.arn,
                String(issued.millisecondsSinceEpoch),
            ] + (secret.map { [Self.hash($0)] } ?? [])
        let sealed = self.boxes[0].seal(Array(fields.joined(separator: "\n").utf8), context: Self.context)
        let session = Principal(
            kind: principal.kind, account: principal.account, arn: principal.arn, userID: principal.userID,
            accessKeyID: accessKeyID, tokenIssueTime: issued, policies: principal.policies)
        return Credential(
            accessKeyID: accessKeyID,
            secretAccessKey: sessionSecret,
            principal: session,
            sessionToken: Base64.encode(sealed),
            expiration: expiration
        )
    }

    /// - Returns: nil when the token was not sealed by any of the boxes, or belongs to another key.
    func open(_ token: String, of accessKeyID: String) -> Opened? {
        guard let sealed = Base64.decode(token.utf8),
            let plain = self.boxes.lazy.compactMap({ $0.open(sealed, context: Self.context) }).first
        else { return nil }
        let fields = String(decoding: plain, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        // Tokens from before the issue time was recorded have eight fields, those without a hash nine.
        guard (8...10).contains(fields.count), fields[0] == accessKeyID, let milliseconds = Int64(fields[2]),
            let kind = Principal.Kind(rawValue: String(fields[3])), let account = AccountID(String(fields[4]))
        else { return nil }
        let expiration = Timestamp(millisecondsSinceEpoch: milliseconds)
        let principal = Principal(
            kind: kind,
            account: account,
            arn: String(fields[7]),
            userID: String(fields[5]),
            accessKeyID: accessKeyID,
            tokenIssueTime: fields.count < 9 ? nil : Int64(fields[8]).map(Timestamp.init(millisecondsSinceEpoch:))
        )
        let credential = Credential(
            accessKeyID: accessKeyID,
            secretAccessKey: String(fields[1]),
            principal: principal,
            sessionToken: token,
            expiration: expiration
        )
        return Opened(
            credential: credential, parentID: String(fields[6]),
            parentHash: fields.count < 10 ? nil : String(fields[9]),
            expiration: expiration)
    }

    private static func hash(_ secret: String) -> String {
        Digest256(hashing: Array(secret.utf8)).description
    }
}
