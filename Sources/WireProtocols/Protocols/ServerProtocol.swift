package import Primitives
package import ServiceModel

/// One wire protocol as a server speaks it: requests become readers, outputs and errors become responses.
///
/// A protocol knows shapes and no service. It is a stateless value; the gateway keeps one of each and picks by request,
/// because one service speaks several.
package protocol ServerProtocol: Sendable {
    var name: ProtocolName { get }

    /// How structures are written in bodies and in the events of a stream.
    var bodyFormat: any BodyFormat { get }

    /// A reader standing before the operation's input structure.
    ///
    /// The caller wraps it in a `ShapeReader`, reads the input and calls `finish`. The `Content-Type` and `Accept`
    /// rules of the protocol are checked here.
    func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader

    /// The answer of an operation that succeeded.
    ///
    /// Bindings are taken from the schema that the output hands to `beginStructure`. A streaming payload is not part of
    /// the message: it follows the head.
    func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage

    /// The answer of a request that failed; operation and service are nil where the request never got so far.
    func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage

    /// An unreadable request in the protocol's words.
    func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError

    /// A readable request that breaks the model's constraints, all of them (at least one) in one sentence.
    func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError
}

/// A request whose body is in memory and whose `Content-Encoding` has been undone.
package struct InboundRequest: Sendable {
    package var head: RequestHead
    /// The labels of the operation's URI template; empty for protocols that do not bind HTTP.
    package var labels: [PathLabel]
    package var body: [UInt8]

    package init(head: RequestHead, labels: [PathLabel] = [], body: [UInt8] = []) {
        self.head = head
        self.labels = labels
        self.body = body
    }
}

/// What a label of a URI template took from the raw path.
package struct PathLabel: Sendable, Hashable {
    package var name: String
    /// Still percent-encoded; a greedy label's keeps its slashes.
    package var rawValue: String

    package init(_ name: String, _ rawValue: String) {
        self.name = name
        self.rawValue = rawValue
    }
}

/// What an answer must know of the request that it answers.
package struct Exchange: Sendable {
    package var requestID: RequestID
    /// SQS, CloudWatch: the client sent `x-amzn-query-mode: true`, so errors carry the awsQuery code as well.
    package var isQueryMode: Bool
    private var headers: HeaderFields?

    package init(requestID: RequestID, isQueryMode: Bool = false) {
        self.requestID = requestID
        self.isQueryMode = isQueryMode
    }

    /// What the headers of the request say of it.
    package init(requestID: RequestID, headers: HeaderFields) {
        self.init(requestID: requestID, isQueryMode: headers.first("x-amzn-query-mode") == "true")
        self.headers = headers
    }

    /// Whether the client asked for compressed answers. Looked up when it is asked for: few answers are large enough.
    package var acceptsGzip: Bool {
        self.headers?.first("Accept-Encoding").map(ContentEncoding.acceptsGzip) ?? false
    }
}
