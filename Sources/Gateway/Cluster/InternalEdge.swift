package import Primitives
package import Signing

/// The responder of the listener between the processes of a cluster: forwarded requests, and requests for the access
/// keys. Clients' signatures are not evaluated here; a caller without the cluster key gets nothing but health.
package struct InternalEdge: EdgeResponder {
    /// The path at which a node fetches the access keys.
    package static let keysPath = "/_brume/keys"

    private let pipeline: Pipeline
    private let accept: AcceptForwarded
    private let keys: (@Sendable () -> String)?
    private let box: SecretBox

    /// - Parameters:
    ///   - pipeline: runs the services.
    ///   - key: the cluster's.
    ///   - clock: tells the age of a statement.
    ///   - keys: the access keys as text; nil when this process has none of its own.
    package init(
        pipeline: Pipeline, key: ClusterKey, clock: any WallClock, keys: (@Sendable () -> String)?
    ) {
        self.pipeline = pipeline
        self.accept = AcceptForwarded(key: key, clock: clock)
        self.keys = keys
        self.box = key.box(for: Self.keysPurpose)
    }

    private static let keysPurpose = "access-keys-answer"

    package func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan {
        if let response = self.pipeline.routes.response(head) { return .reply(EdgeResponse(response)) }
        guard head.path == Self.keysPath else {
            return self.pipeline.plan(head, connection, accept: self.accept)
        }
        return .reply(self.keysAnswer(head, connection))
    }

    package func refusal(
        _ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo, on loop: LoopContext
    ) -> EdgeResponse {
        self.pipeline.refusal(refusal, head: head, connection: connection, on: loop)
    }

    /// Sealed for this request: an answer to an earlier one cannot be opened (no replay).
    private func keysAnswer(_ head: RequestHead, _ connection: ConnectionInfo) -> EdgeResponse {
        guard let keys = self.keys else { return EdgeResponse(status: 404) }
        do throws(ForwardError) {
            let question = try self.accept.head(head, connection)
            guard question.statement.service == Self.keysPath else { throw .forged }
            let sealed = self.box.seal(Array(keys().utf8), context: question.tag.description)
            return EdgeResponse(
                status: 200, headers: ["Content-Type": "application/octet-stream", "Cache-Control": "no-store"],
                body: .bytes(sealed))
        } catch {
            return EdgeResponse(
                status: 403, headers: ["Content-Type": "text/plain; charset=utf-8"],
                body: .bytes(Array((error.sentence + "\n").utf8)))
        }
    }

    /// Opens the keys in an answer.
    /// - Returns: nil when it does not answer this request, or was not sealed with the cluster's key.
    package static func keys(in answer: [UInt8], to question: Digest256, key: ClusterKey) -> String? {
        key.box(for: Self.keysPurpose).open(answer, context: question.description)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
