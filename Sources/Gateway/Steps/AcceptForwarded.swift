internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing
internal import Synchronization

/// A forwarded request whose head is verified: a holder of the cluster's key sent it, recently, and it is not a replay.
struct ForwardedRequest: Sendable {
    let statement: ForwardStatement
    /// The code with which the chain of the body's frames begins, if the body is streamed.
    let tag: Digest256
    /// The gateway's address.
    let gateway: String
}

/// The sender as authenticated by a gateway, and what the gateway stated about the client.
struct ForwardedSender: Sendable {
    let principal: Principal
    /// Whether the principal is restricted by policies.
    let hasPolicies: Bool
    /// The bearer token that authenticated a principal with policies; nil when a signature did.
    let bearer: UserPolicies.BearerToken?
    let region: Region
    let requestID: RequestID
    let sourceAddress: String
    let isTLS: Bool
    let gateway: String
}

/// Replaces authentication for requests that a gateway has authenticated: verifies its statement, and trusts nothing
/// else.
///
/// The head is verified before a byte of the body is kept, so that a caller without the key costs a node nothing. A
/// body is verified when it is complete, or frame by frame as it arrives, and before any of it is parsed.
final class AcceptForwarded: Sendable {
    let key: ClusterKey
    private let clock: any WallClock
    private let window = Mutex(ReplayWindow())

    init(key: ClusterKey, clock: any WallClock) {
        self.key = key
        self.clock = clock
    }

    func head(_ head: RequestHead, _ connection: ConnectionInfo) throws(ForwardError) -> ForwardedRequest {
        let now = self.clock.now()
        let (statement, tag) = try ForwardProof.open(head, with: self.key, now: now)
        let heard = self.window.withLock { (window) -> Result<Void, ForwardError> in
            Result { () throws(ForwardError) in
                try window.admit(sender: statement.sender, sequence: statement.sequence, now: now)
            }
        }
        try heard.get()
        return ForwardedRequest(statement: statement, tag: tag, gateway: connection.remoteAddress)
    }

    /// The reader of a body that arrives in frames; nil for a body that arrives as a whole.
    func frames(_ request: ForwardedRequest, bodyBytesMax: Int) -> ForwardFrameReader? {
        guard case .framed = request.statement.body else { return nil }
        return ForwardFrameReader(opening: request.tag, bodyBytesMax: bodyBytesMax, with: self.key)
    }

    /// The sender of the request.
    /// - Parameters:
    ///   - request: its verified head.
    ///   - body: all of it.
    ///   - last: the principal from the last frame; nil for a body that came as a whole.
    /// - Returns: the sender, and what the gateway stated about the client.
    /// - Throws: when the body does not match the statement, or the sender cannot be parsed.
    func sender(
        _ request: ForwardedRequest, body: [UInt8], last: ForwardedPrincipal?
    ) throws(ForwardError) -> ForwardedSender {
        let statement = request.statement
        let said: ForwardedPrincipal
        switch (statement.body, last) {
        case (.known(let digest, let principal), nil):
            guard Digest256(hashing: body.span) == digest else { throw .forged }
            said = principal
        case (.framed, let principal?): said = principal
        case (.known, _), (.framed, nil): preconditionFailure("the statement says how the body comes")
        }
        guard let kind = ForwardedKind(said.kind), let account = AccountID(said.account),
            let region = Region(said.region)
        else { throw .malformed }
        return ForwardedSender(
            principal: Principal(
                kind: kind.kind, account: account, arn: said.arn, userID: said.userID, accessKeyID: said.accessKeyID,
                tokenIssueTime: kind.tokenIssueTime),
            hasPolicies: kind.hasPolicies,
            bearer: kind.bearer,
            region: region,
            requestID: RequestID(statement.requestID),
            sourceAddress: statement.sourceAddress,
            isTLS: statement.isTLS,
            gateway: request.gateway)
    }
}

/// A principal's kind as it is stated: `user`, and for one that has policies `user+policies`, perhaps with
/// `+LONG_TERM` or `+SHORT_TERM` for a bearer token. A node that knows of no policies refuses such a principal. The
/// kind of a temporary key ends with `+` and the milliseconds since 1970 at which it was made.
package struct ForwardedKind: Sendable, Equatable {
    private static let policies = "policies"

    let kind: Principal.Kind
    let hasPolicies: Bool
    let bearer: UserPolicies.BearerToken?
    let tokenIssueTime: Timestamp?

    init(_ principal: Principal) {
        self.kind = principal.kind
        let policies = principal.userPolicies
        self.hasPolicies = policies != nil
        self.bearer = policies?.bearer
        self.tokenIssueTime = principal.tokenIssueTime
    }

    package init?(_ text: String) {
        if let kind = Principal.Kind(rawValue: text) {
            (self.kind, self.hasPolicies, self.bearer, self.tokenIssueTime) = (kind, false, nil, nil)
            return
        }
        var parts = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        if let last = parts.last, let milliseconds = Int64(last), milliseconds.description == last {
            self.tokenIssueTime = Timestamp(millisecondsSinceEpoch: milliseconds)
            parts.removeLast()
        } else {
            self.tokenIssueTime = nil
        }
        if parts.count == 1, let kind = Principal.Kind(rawValue: parts[0]) {
            (self.kind, self.hasPolicies, self.bearer) = (kind, false, nil)
            return
        }
        guard (2...3).contains(parts.count), parts[0] == Principal.Kind.user.rawValue, parts[1] == Self.policies else {
            return nil
        }
        var bearer: UserPolicies.BearerToken?
        if parts.count == 3 {
            guard let known = UserPolicies.BearerToken(rawValue: parts[2]) else { return nil }
            bearer = known
        }
        (self.kind, self.hasPolicies, self.bearer) = (.user, true, bearer)
    }

    package var text: String {
        var parts = [self.kind.rawValue]
        if self.hasPolicies { parts.append(Self.policies) }
        if self.hasPolicies, let bearer = self.bearer { parts.append(bearer.rawValue) }
        if let issued = self.tokenIssueTime { parts.append(String(issued.millisecondsSinceEpoch)) }
        return parts.joined(separator: "+")
    }
}

extension ForwardedPrincipal {
    init(_ principal: Principal, _ region: Region) {
        let isPlain = principal.policies == nil && principal.tokenIssueTime == nil
        self.init(
            kind: isPlain ? principal.kind.rawValue : ForwardedKind(principal).text,
            account: principal.account.description, arn: principal.arn,
            userID: principal.userID, accessKeyID: principal.accessKeyID, region: region.description)
    }
}
