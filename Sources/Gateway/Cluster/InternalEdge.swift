package import Primitives
package import Signing

/// What answers on the listener between the processes of a cluster: requests that a gateway hands over, and questions
/// for the keys. Signatures of clients are not looked at here; whoever has no cluster key gets nothing but health.
package struct InternalEdge: EdgeResponder {
    /// Where a node asks for the access keys.
    package static let keysPath = "/_brume/keys"

    private let pipeline: Pipeline
    private let accept: AcceptForwarded
    private let keys: (@Sendable () -> String)?
    private let box: SecretBox

    /// - Parameters:
    ///   - pipeline: runs the services.
    ///   - key: of the cluster.
    ///   - clock: tells how old a statement is.
    ///   - keys: the access keys as text; nil where this process has none of its own.
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

    /// Sealed for the question: an answer that was heard before does not open.
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

    /// The keys in an answer to a question.
    /// - Returns: nil where it does not answer that question, or was not sealed with the cluster's key.
    package static func keys(in answer: [UInt8], to question: Digest256, key: ClusterKey) -> String? {
        key.box(for: Self.keysPurpose).open(answer, context: question.description)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
