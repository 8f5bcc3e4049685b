package import Primitives
internal import ServiceModel
package import Signing
internal import Synchronization

/// Signs a gateway's statements to nodes, and numbers them, so that each is accepted only once.
package final class ForwardSigner: Sendable {
    private let key: ClusterKey
    private let clock: any WallClock
    /// Identifies this process among all others, and differs after a restart.
    private let sender: UInt64
    private let sequence = Atomic<UInt64>(0)

    package init(key: ClusterKey, clock: any WallClock, random: some RandomSource) {
        self.key = key
        self.clock = clock
        self.sender = random.next()
    }

    /// What one statement, for one attempt to send a request, is about.
    struct Subject: Sendable {
        var requestID: RequestID
        var service: String
        var operation: String
        var sourceAddress: String
        var isTLS: Bool
        var body: ForwardStatement.Body
    }

    /// Adds a new statement to the headers of `head`, which must be the headers that the node will see.
    /// - Returns: the code with which the chain of a streamed body's frames begins.
    func sign(_ subject: Subject, in head: inout RequestHead) -> Digest256 {
        let statement = ForwardStatement(
            issued: self.clock.now(), sender: self.sender,
            sequence: self.sequence.add(1, ordering: .relaxed).newValue, requestID: subject.requestID.description,
            service: subject.service, operation: subject.operation, sourceAddress: subject.sourceAddress,
            isTLS: subject.isTLS, body: subject.body)
        let (value, tag) = ForwardProof.seal(statement, for: head, with: self.key)
        head.headers.append(ForwardProof.headerName, value)
        return tag
    }

    /// Splits the body that belongs to a statement into frames.
    func frames(opening tag: Digest256) -> ForwardFrameWriter {
        ForwardFrameWriter(opening: tag, with: self.key)
    }

    /// The head of a request of this process itself to the gateway, such as for the access keys, and the code that the
    /// answer is sealed for.
    package func question(_ path: String, host: String) -> (head: RequestHead, tag: Digest256) {
        var head = RequestHead(method: "GET", path: path, headers: ["Host": host])
        let nobody = ForwardedPrincipal(
            kind: Principal.Kind.service.rawValue, account: AccountID.standard.description, arn: "*", userID: "",
            accessKeyID: "", region: Region.standard.description)
        let subject = Subject(
            requestID: RequestID(""), service: path, operation: "", sourceAddress: "", isTLS: false,
            body: .known(.ofNothing, nobody))
        let tag = self.sign(subject, in: &head)
        return (head, tag)
    }
}
