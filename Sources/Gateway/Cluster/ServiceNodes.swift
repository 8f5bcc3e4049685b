package import Primitives

/// The nodes that run a service which this process does not run: where the gateway sends its requests.
package protocol ServiceNodes: Sendable {
    /// Sends a request to one of the nodes and returns when the head of the answer is here. Cancelling the task, or
    /// dropping the answer's body, ends the request at the node too.
    func send(_ request: NodeRequest) async throws(NodeError) -> NodeAnswer
}

/// A request as it leaves for a node.
package struct NodeRequest: Sendable {
    /// The body of a request on its way.
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Comes piece by piece; nil after the last. Such a request can be sent once only, and what the closure throws
        /// breaks it off.
        case stream(next: @Sendable () async throws -> [UInt8]?)
    }

    package var method: String
    /// Path and query, raw.
    package var target: String
    /// Called once an attempt, just before it leaves: no two attempts carry the same statement.
    package var headers: @Sendable () -> HeaderFields
    package var body: Body
    /// Whether it may be sent again where nobody knows what became of it.
    package var isRepeatable: Bool
}

/// What a node answers.
package struct NodeAnswer: Sendable {
    package var status: Int
    package var headers: HeaderFields
    /// Which node it was, for the log.
    package var node: String
    /// The next piece of the body, never empty; nil after the last. It throws `NodeError` when the node breaks off.
    package var next: @Sendable () async throws -> [UInt8]?

    /// Why the node has not looked at the request; nil where it has.
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
package struct NodeError: Error, Sendable, Hashable {
    /// For the log.
    package var reason: String
    /// The node that failed last; nil where none was tried.
    package var node: String?
    /// Whether there are nodes, and each has its hands full.
    package var isBusy: Bool

    package init(_ reason: String, node: String? = nil, isBusy: Bool = false) {
        self.reason = reason
        self.node = node
        self.isBusy = isBusy
    }
}
