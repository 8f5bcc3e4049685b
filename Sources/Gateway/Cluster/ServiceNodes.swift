package import Primitives

/// The nodes that run a service for this process: the gateway sends its requests there.
package protocol ServiceNodes: Sendable {
    /// Sends a request to one of the nodes, and returns when the head of the answer has arrived. Cancelling the task,
    /// or releasing the answer's body, cancels the request at the node too.
    func send(_ request: NodeRequest) async throws(NodeError) -> NodeAnswer
}

/// A request to a node.
package struct NodeRequest: Sendable {
    /// The body of a request to a node.
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Produced piece by piece; nil after the last. Such a request can be sent only once; an error of the closure
        /// aborts it.
        case stream(next: @Sendable () async throws -> [UInt8]?)
    }

    package var method: String
    /// Raw path and query.
    package var target: String
    /// Called once for each attempt, just before it is sent: each attempt needs its own statement.
    package var headers: @Sendable () -> HeaderFields
    package var body: Body
    /// Whether it may be sent again when its outcome is unknown.
    package var isRepeatable: Bool
}

/// A node's answer.
package struct NodeAnswer: Sendable {
    package var status: Int
    package var headers: HeaderFields
    /// The node's name, for the log.
    package var node: String
    /// The next piece of the body, never empty; nil after the last. Throws `NodeError` when the node aborts the answer.
    package var next: @Sendable () async throws -> [UInt8]?

    /// Why the node has not processed the request; nil when it has.
    package var refusal: String? { self.headers.first(Forward.refusedHeader) }

    package init(
        status: Int, headers: HeaderFields, node: String, next: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.status = status
        self.headers = headers
        self.node = node
        self.next = next
    }
}

/// Why no node answered.
package struct NodeError: Error, Sendable, Equatable {
    /// For the log.
    package var reason: String
    /// The node that failed last; nil when none was tried.
    package var node: String?
    /// Whether there are nodes, but all are at their limit of concurrent requests.
    package var isBusy: Bool

    package init(_ reason: String, node: String? = nil, isBusy: Bool = false) {
        self.reason = reason
        self.node = node
        self.isBusy = isBusy
    }
}
