package import Primitives
internal import ServiceModel
package import Signing
internal import Synchronization

/// What a gateway says to nodes: statements that are numbered, so that each is heard once.
package final class ForwardVoice: Sendable {
    private let key: ClusterKey
    private let clock: any WallClock
    /// Tells this process from every other, and from what it was before a restart.
    private let sender: UInt64
    private let sequence = Atomic<UInt64>(0)

    package init(key: ClusterKey, clock: any WallClock, random: some RandomSource) {
        self.key = key
        self.clock = clock
        self.sender = random.next()
    }

    /// What is said of one attempt to send a request.
    struct Subject: Sendable {
        var requestID: RequestID
        var service: String
        var operation: String
        var sourceAddress: String
        var isTLS: Bool
        var body: ForwardStatement.Body
    }

    /// Puts a new statement among the headers of `head`, which are those that the node will see.
    /// - Returns: what the frames of a body that is passed on begin with.
    func state(_ subject: Subject, in head: inout RequestHead) -> Digest256 {
        let statement = ForwardStatement(
            issued: self.clock.now(), sender: self.sender,
            sequence: self.sequence.add(1, ordering: .relaxed).newValue, requestID: subject.requestID.description,
            service: subject.service, operation: subject.operation, sourceAddress: subject.sourceAddress,
            isTLS: subject.isTLS, body: subject.body)
        let (value, tag) = ForwardProof.seal(statement, for: head, with: self.key)
        head.headers.append(ForwardProof.headerName, value)
        return tag
    }

    /// What cuts the body into frames that a statement speaks of.
    func frames(opening tag: Digest256) -> ForwardFrameWriter {
        ForwardFrameWriter(opening: tag, with: self.key)
    }

    /// The head of a question that this process asks the gateway itself, such as for its keys, and the number of the
    /// question, which the answer is sealed for.
    package func question(_ path: String, host: String) -> (head: RequestHead, tag: Digest256) {
        var head = RequestHead(method: "GET", path: path, headers: ["Host": host])
        let nobody = ForwardedPrincipal(
            kind: Principal.Kind.service.rawValue, account: AccountID.standard.description, arn: "*", userID: "",
            accessKeyID: "", region: Region.standard.description)
        let subject = Subject(
            requestID: RequestID(""), service: path, operation: "", sourceAddress: "", isTLS: false,
            body: .known(.ofNothing, nobody))
        let tag = self.state(subject, in: &head)
        return (head, tag)
    }
}
