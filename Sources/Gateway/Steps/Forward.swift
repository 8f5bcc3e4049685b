internal import Primitives
internal import ServiceModel
internal import Signing
internal import Synchronization
internal import Telemetry

/// A request that is forwarded to a node, and what the gateway knows about it. A class, because the functions that
/// share it suspend, and whatever they hold by value is allocated for each request.
final class OutgoingRequest: Sendable {
    let kind: Pipeline.RequestKind
    let head: RequestHead
    let service: ServiceEntry
    let nodes: any ServiceNodes
    let counters: RequestCounters
    /// The record as it is before the answer.
    let record: RequestRecord

    init(
        _ kind: Pipeline.RequestKind, _ head: RequestHead, _ service: ServiceEntry, _ nodes: any ServiceNodes,
        _ counters: RequestCounters, _ record: RequestRecord
    ) {
        self.kind = kind
        self.head = head
        self.service = service
        self.nodes = nodes
        self.counters = counters
        self.record = record
    }

    /// The name of the operation or route.
    var name: String { self.record.operation }
}

/// Forwards a request to a node, with a statement of what was verified.
struct Forward: Sendable {
    let signer: ForwardSigner
    let log: any LogSink
    let clock: any WallClock

    /// The header with which a node says why it has not processed a request: it does not trust the gateway, or does not
    /// run the service.
    static let refusedHeader = ForwardProof.reservedPrefix + "refused"

    /// A request with a complete body.
    func request(
        _ outgoing: OutgoingRequest, _ context: RequestContext, body: [UInt8], digest: Digest256
    ) -> NodeRequest {
        let principal = ForwardedPrincipal(context.principal, context.region)
        let subject = self.subject(outgoing, context.sourceAddress, isTLS: context.isTLS, .known(digest, principal))
        return self.request(outgoing, body: .bytes(body)) { head in _ = self.signer.sign(subject, in: &head) }
    }

    /// A body that will be streamed; `prove` authenticates the sender once it has the body's hash.
    func forwardedBody(
        _ body: RequestBodyStream, _ outgoing: OutgoingRequest, prove: @escaping ForwardedBody.Prove
    ) -> ForwardedBody {
        ForwardedBody(body, bytesMax: outgoing.service.registration.bodyBytesMax, signer: self.signer, prove: prove)
    }

    /// Forwards a request with a streamed body.
    ///
    /// The node starts nothing before the last frame has arrived, and that frame is never sent if the body breaks off,
    /// is too long, or does not match the signature.
    func callAsFunction(
        _ outgoing: OutgoingRequest, _ forwardedBody: ForwardedBody, _ connection: ConnectionInfo
    ) async throws(ServiceError) -> NodeAnswer {
        let subject = self.subject(outgoing, connection.remoteAddress, isTLS: connection.isTLS, .framed)
        var request = self.request(outgoing, body: .stream { try await forwardedBody.next() }) { head in
            if let bytes = outgoing.head.headers.contentLength {
                head.headers.append(ForwardedHeaders.bodyBytesHeader, String(bytes))
            }
            forwardedBody.opened(by: self.signer.sign(subject, in: &head))
        }
        request.isRepeatable = false
        do throws(ServiceError) {
            return try await self.send(request, outgoing, failure: { forwardedBody.failure })
        } catch {
            // The fault of the body is more useful than the node's error about a missing end.
            throw forwardedBody.failure ?? error
        }
    }

    private func subject(
        _ outgoing: OutgoingRequest, _ sourceAddress: String, isTLS: Bool, _ body: ForwardStatement.Body
    ) -> ForwardSigner.Subject {
        ForwardSigner.Subject(
            requestID: outgoing.record.requestID, service: outgoing.service.schema.id, operation: outgoing.name,
            sourceAddress: sourceAddress, isTLS: isTLS, body: body)
    }

    private func request(
        _ outgoing: OutgoingRequest, body: NodeRequest.Body, sign: @escaping @Sendable (inout RequestHead) -> Void
    ) -> NodeRequest {
        var head = outgoing.head
        head.headers = ForwardedHeaders.request(head.headers)
        let plain = head
        return NodeRequest(
            method: head.method,
            target: head.query.isEmpty ? head.path : "\(head.path)?\(head.query)",
            headers: {
                var head = plain
                sign(&head)
                return head.headers
            },
            body: body,
            isRepeatable: Repeatable.isRepeatable(outgoing.name, outgoing.service.registration))
    }

    /// - Parameters:
    ///   - request: for the node.
    ///   - outgoing: the request that it belongs to.
    ///   - failure: the fault of the request's own body, for which the node is not to blame.
    /// - Returns: the answer of a node that accepts this gateway.
    /// - Throws: the service's error for an outage, or for too many requests.
    func send(
        _ request: NodeRequest, _ outgoing: OutgoingRequest, failure: () -> ServiceError? = { nil }
    ) async throws(ServiceError) -> NodeAnswer {
        let answer: NodeAnswer
        do throws(NodeError) {
            answer = try await outgoing.nodes.send(request)
        } catch {
            // A client that left, or sent a wrong body, ends the request at the node, which is not to blame.
            if !Task.isCancelled, failure() == nil { self.note(outgoing, error.node, error.reason) }
            let registration = outgoing.service.registration
            throw error.isBusy ? registration.throttlingError : registration.unavailableError
        }
        if let reason = answer.refusal {
            self.note(outgoing, answer.node, "the node refused the request: \(reason)")
            throw outgoing.service.registration.unavailableError
        }
        return answer
    }

    /// Logs for the operator why a client gets no answer, or only a part of it.
    func note(_ outgoing: OutgoingRequest, _ node: String?, _ reason: String, _ message: String = "no node answered") {
        var members: [LogRecord.Member] = [
            .init("requestId", .string(outgoing.record.requestID.description)),
            .init("service", .string(outgoing.service.schema.id)), .init("reason", .string(reason)),
        ]
        if let node { members.append(.init("node", .string(node))) }
        self.log.write(
            LogRecord(time: self.clock.now(), level: .warning, message: message, members: members))
    }
}

/// Whether a node aborted its answer.
final class AbortFlag: Sendable {
    private let flag = Atomic(false)

    func set() { self.flag.store(true, ordering: .relaxed) }

    var isSet: Bool { self.flag.load(ordering: .relaxed) }
}
