package import Primitives
package import ServiceModel

/// The server side of one wire protocol: requests become readers, outputs and errors become responses.
///
/// A protocol depends on shapes, not on services. It is a stateless value; the gateway keeps one of each and selects
/// one for each request, because a service may support several.
package protocol ServerProtocol: Sendable {
    var name: ProtocolName { get }

    /// The format of structures in bodies and in events.
    var bodyFormat: any BodyFormat { get }

    /// A reader positioned before the operation's input structure.
    ///
    /// The caller wraps it in a `ShapeReader`, reads the input and calls `finish`. The `Content-Type` and `Accept`
    /// rules of the protocol are checked here.
    func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader

    /// The response of an operation that succeeded.
    ///
    /// Bindings are taken from the schema that the output passes to `beginStructure`. A streaming payload is not part
    /// of the message; it follows the head.
    func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage

    /// The response of a request that failed; operation and service are nil if they were not determined.
    func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage

    /// The error, in the protocol's words, for a request that cannot be parsed.
    func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError

    /// The error for a request that was parsed but violates the model's constraints: one sentence for all violations
    /// (at least one).
    func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError
}

/// A request whose body is in memory, with its `Content-Encoding` decoded.
package struct InboundRequest: Sendable {
    package var head: RequestHead
    /// The labels of the operation's URI template; empty for protocols without HTTP bindings.
    package var labels: [PathLabel]
    package var body: [UInt8]

    package init(head: RequestHead, labels: [PathLabel] = [], body: [UInt8] = []) {
        self.head = head
        self.labels = labels
        self.body = body
    }
}

/// The value of a URI template's label in the raw path.
package struct PathLabel: Sendable, Equatable {
    package var name: String
    /// Percent-encoded; the value of a greedy label keeps its slashes.
    package var rawValue: String

    package init(_ name: String, _ rawValue: String) {
        self.name = name
        self.rawValue = rawValue
    }
}

/// What a response needs of its request.
package struct Exchange: Sendable {
    package var requestID: RequestID
    /// SQS, CloudWatch: the client sent `x-amzn-query-mode: true`, so errors carry the awsQuery code as well.
    package var isQueryMode: Bool
    private var headers: HeaderFields?

    package init(requestID: RequestID, isQueryMode: Bool = false) {
        self.requestID = requestID
        self.isQueryMode = isQueryMode
    }

    /// Takes what it needs from the headers of the request.
    package init(requestID: RequestID, headers: HeaderFields) {
        self.init(requestID: requestID, isQueryMode: headers.first("x-amzn-query-mode") == "true")
        self.headers = headers
    }

    /// Whether the client accepts compressed responses. Evaluated on demand: few responses are large enough.
    package var acceptsGzip: Bool {
        self.headers?.first("Accept-Encoding").map(ContentEncoding.acceptsGzip) ?? false
    }
}
