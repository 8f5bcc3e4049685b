internal import Primitives
internal import ServiceModel
internal import Signing
internal import Synchronization
internal import Telemetry

/// A request that leaves for a node: what the gateway has found out about it, and how its errors are said.
struct Departure: Sendable {
    let service: ServiceEntry
    let nodes: any ServiceNodes
    /// Of the operation or the route.
    let name: String
    let head: RequestHead
    let counters: RequestCounters
    /// What the head proves of its sender, and what the body adds.
    let begin: @Sendable () throws(ServiceError) -> PendingProof
    let finish: @Sendable (PendingProof, BodyEvidence) throws(ServiceError) -> (Principal, Region)
    /// An error as the client reads it.
    let error: @Sendable (ServiceError) -> ResponseMessage
    var record: RequestRecord
}

/// Hands a request to a node, with a statement of what was proven.
struct Forward: Sendable {
    let voice: ForwardVoice
    let log: any LogSink
    let clock: any WallClock

    /// A header by which a node says that it has not looked at a request, and why: the gateway is not believed, or the
    /// node does not run the service.
    static let refusedHeader = ForwardProof.reservedPrefix + "refused"

    /// A request whose body is at hand.
    func callAsFunction(
        _ departure: Departure, _ context: RequestContext, body: [UInt8], digest: Digest256
    ) async throws(ServiceError) -> NodeAnswer {
        let principal = ForwardedPrincipal(context.principal, context.region)
        let subject = self.subject(departure, context.sourceAddress, context.isTLS, .known(digest, principal))
        let request = self.request(departure, body: .bytes(body)) { head in _ = self.voice.state(subject, in: &head) }
        return try await self.send(request, departure)
    }

    /// A request whose body is passed on as it comes; `prove` tells who sent it once it has the body's hash.
    ///
    /// The node begins nothing before the closing is there, and there is none where the body breaks off, is too long,
    /// or does not fit the signature.
    func callAsFunction(
        _ departure: Departure, body: RequestBodyStream, _ connection: ConnectionInfo,
        prove: @escaping @Sendable (Digest256) throws(ServiceError) -> (Principal, Region)
    ) async throws(ServiceError) -> NodeAnswer {
        let subject = self.subject(departure, connection.remoteAddress, connection.isTLS, .streamed)
        let bytesMax = departure.service.registration.bodyBytesMax
        let shared = Shared()
        var request = self.request(departure, body: .bytes([])) { head in
            let tag = self.voice.state(subject, in: &head)
            shared.opening.withLock { $0 = tag }
        }
        request.isRepeatable = false
        request.body = .stream { write in
            do throws(ServiceError) {
                let closing = try await self.pass(body, bytesMax, write, prove) { shared.opening.withLock { $0 } }
                try await Self.written(closing, write)
            } catch {
                shared.failure.withLock { $0 = error }
                throw error
            }
        }
        do throws(ServiceError) {
            return try await self.send(request, departure)
        } catch {
            // What is wrong with the body says more than that the node got none.
            throw shared.failure.withLock { $0 } ?? error
        }
    }

    /// What the task that writes a body leaves for the one that waits for the answer.
    private final class Shared: Sendable {
        let opening = Mutex<Digest256?>(nil)
        let failure = Mutex<ServiceError?>(nil)
    }

    private func pass(
        _ body: RequestBodyStream, _ bytesMax: Int, _ write: NodeRequest.Body.Write,
        _ prove: @Sendable (Digest256) throws(ServiceError) -> (Principal, Region),
        opening: @Sendable () -> Digest256?
    ) async throws(ServiceError) -> [UInt8] {
        var hash = StreamingHash()
        var count = 0
        var iterator = body.makeAsyncIterator()
        while true {
            let piece: [UInt8]?
            do throws(RequestBodyError) {
                piece = try await iterator.next()
            } catch {
                throw Self.broken
            }
            guard let piece else { break }
            count += piece.count
            guard count <= bytesMax else {
                throw ServiceError(
                    code: "RequestEntityTooLargeException", status: 413,
                    message: EdgeRefusal.bodyTooLarge.explanation)
            }
            hash.update(piece.span)
            try await Self.written(piece, write)
        }
        let digest = hash.digest()
        let (principal, region) = try prove(digest)
        guard let tag = opening() else { preconditionFailure("a body is written behind its head") }
        return self.voice.closing(ForwardedPrincipal(principal, region), body: digest, opening: tag)
    }

    /// Never seen by a client: it has gone, or the node's answer is on its way.
    private static let broken = ServiceError(
        code: "RequestTimeout", status: 408, message: "The body of the request broke off.")

    private static func written(
        _ bytes: [UInt8], _ write: NodeRequest.Body.Write
    ) async throws(ServiceError) {
        do {
            try await write(bytes)
        } catch {
            throw Self.broken
        }
    }

    private func subject(
        _ departure: Departure, _ sourceAddress: String, _ isTLS: Bool, _ body: ForwardStatement.Body
    ) -> ForwardVoice.Subject {
        ForwardVoice.Subject(
            requestID: departure.record.requestID, service: departure.service.schema.id, operation: departure.name,
            sourceAddress: sourceAddress, isTLS: isTLS, body: body)
    }

    private func request(
        _ departure: Departure, body: NodeRequest.Body, state: @escaping @Sendable (inout RequestHead) -> Void
    ) -> NodeRequest {
        var head = departure.head
        head.headers = ForwardedHeaders.request(head.headers)
        let plain = head
        return NodeRequest(
            method: head.method,
            target: head.query.isEmpty ? head.path : "\(head.path)?\(head.query)",
            headers: {
                var head = plain
                state(&head)
                return head.headers
            },
            body: body,
            isRepeatable: Repeatable.isRepeatable(departure.name, departure.service.registration))
    }

    private func send(_ request: NodeRequest, _ departure: Departure) async throws(ServiceError) -> NodeAnswer {
        let answer: NodeAnswer
        do throws(NodeError) {
            answer = try await departure.nodes.send(request)
        } catch {
            self.note(departure, error.node, error.reason)
            throw departure.service.registration.unavailableError
        }
        if let reason = answer.headers.first(Self.refusedHeader) {
            self.note(departure, answer.node, "the node refused the request: \(reason)")
            throw departure.service.registration.unavailableError
        }
        return answer
    }

    private func note(_ departure: Departure, _ node: String?, _ reason: String) {
        var members: [LogRecord.Member] = [
            .init("requestId", .string(departure.record.requestID.description)),
            .init("service", .string(departure.service.schema.id)), .init("reason", .string(reason)),
        ]
        if let node { members.append(.init("node", .string(node))) }
        self.log.write(
            LogRecord(time: self.clock.now(), level: .warning, message: "no node answered", members: members))
    }
}

/// Who sent a streamed body, from the task that finds out to the log.
final class ProvenSender: Sendable {
    private let sender = Mutex<(Principal, Region)?>(nil)

    func set(_ principal: Principal, _ region: Region) {
        self.sender.withLock { $0 = (principal, region) }
    }

    var value: (Principal, Region)? { self.sender.withLock { $0 } }
}

/// Whether a node broke off in the middle of its answer.
final class LostNode: Sendable {
    private let isLost = Atomic(false)

    func note() { self.isLost.store(true, ordering: .relaxed) }

    var isNoted: Bool { self.isLost.load(ordering: .relaxed) }
}
