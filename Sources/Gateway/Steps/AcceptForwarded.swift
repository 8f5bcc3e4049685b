internal import Primitives
internal import ServiceModel
internal import Signing
internal import Synchronization

/// A request that a gateway handed over, as far as its head tells: somebody with the cluster's key says it, of this
/// request, lately and for the first time.
struct ForwardedRequest: Sendable {
    let statement: ForwardStatement
    /// What a closing behind the body refers to.
    let tag: Digest256
    /// The address of the gateway.
    let gateway: String
}

/// Whom a gateway proved, and what it said of the client.
struct ForwardedSender: Sendable {
    let principal: Principal
    let region: Region
    let requestID: RequestID
    let sourceAddress: String
    let isTLS: Bool
    let gateway: String
}

/// Takes the place of authentication where a gateway has done it: reads what it says, and believes nothing else.
///
/// The head is judged before a byte of the body is kept: whoever has no key costs a node nothing. The body is judged
/// when it is whole, and before anything of it is read.
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

    /// The most bytes that may come where a service takes `bodyBytesMax`.
    func bytesMax(_ request: ForwardedRequest, bodyBytesMax: Int) -> Int {
        request.statement.body == .streamed ? bodyBytesMax + ForwardClosing.bytesMax : bodyBytesMax
    }

    /// Who sent the request. What stands behind a streamed body is taken off it.
    func sender(_ request: ForwardedRequest, body: inout [UInt8]) throws(ForwardError) -> ForwardedSender {
        let statement = request.statement
        let said: ForwardedPrincipal
        switch statement.body {
        case .known(let digest, let principal):
            guard Digest256(hashing: body.span) == digest else { throw .forged }
            said = principal
        case .streamed:
            said = try ForwardClosing.open(&body, opening: request.tag, with: self.key)
        }
        guard let kind = Principal.Kind(rawValue: said.kind), let account = AccountID(said.account),
            let region = Region(said.region)
        else { throw .malformed }
        return ForwardedSender(
            principal: Principal(
                kind: kind, account: account, arn: said.arn, userID: said.userID, accessKeyID: said.accessKeyID),
            region: region,
            requestID: RequestID(statement.requestID),
            sourceAddress: statement.sourceAddress,
            isTLS: statement.isTLS,
            gateway: request.gateway)
    }
}

extension ForwardedPrincipal {
    init(_ principal: Principal, _ region: Region) {
        self.init(
            kind: principal.kind.rawValue, account: principal.account.description, arn: principal.arn,
            userID: principal.userID, accessKeyID: principal.accessKeyID, region: region.description)
    }
}
