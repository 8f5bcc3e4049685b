package import Primitives
package import ServiceModel
internal import Synchronization

/// A route that a service has beside the operations of its AWS model, in another API's format, such as OpenAI's.
///
/// The gateway treats it like an operation: it authenticates, authorises, limits concurrency, counts and logs. The
/// answer, errors included, has the route's own format.
package struct HTTPRoute: Sendable {
    /// The route's name in logs and metrics.
    package let name: String
    /// Such as `GET`.
    package let method: String
    /// The path, split at slashes; nil matches any one segment.
    package let segments: [String?]
    /// Whether this stands for every path below it that has no route of its own.
    package let isUnknown: Bool
    /// A hint for clients that is added to the "no such path" error; may be empty.
    package let remedy: String
    /// Headers of which a request must carry at least one for this route to match; empty: no condition.
    package let carried: [String]
    package let form: HTTPRouteForm
    /// The actions and resources that the request needs permission for.
    package let access: @Sendable (HTTPRouteRequest, RequestContext) -> [ResourceAccess]
    package let respond: @Sendable (HTTPRouteRequest, RequestContext) async throws(ServiceError) -> HTTPRouteAnswer

    /// The path has a form such as `/v1/models/{model}`, where braces match any one segment. The first route that
    /// matches is taken, so one that depends on headers must come before one without that condition.
    package init(
        _ name: String, _ method: String, _ path: String, carrying carried: [String] = [], form: HTTPRouteForm,
        access: @escaping @Sendable (HTTPRouteRequest, RequestContext) -> [ResourceAccess],
        respond: @escaping @Sendable (HTTPRouteRequest, RequestContext) async throws(ServiceError) -> HTTPRouteAnswer
    ) {
        self.name = name
        self.method = method
        self.segments = Self.split(path).map { $0.hasPrefix("{") ? nil : String($0) }
        self.isUnknown = false
        self.remedy = ""
        self.carried = carried
        self.form = form
        self.access = access
        self.respond = respond
    }

    /// Catches every path below a prefix that has no route: it is answered with an error in this API's format, without
    /// authentication. Must come after the other routes.
    package init(
        unknownBelow path: String, carrying carried: [String] = [], form: HTTPRouteForm, remedy: String = ""
    ) {
        self.name = "UnknownPath"
        self.method = "*"
        self.segments = Self.split(path).map { String($0) }
        self.isUnknown = true
        self.remedy = remedy
        self.carried = carried
        self.form = form
        self.access = { _, _ in [] }
        self.respond = { (request, _) throws(ServiceError) in throw .unknownPath(request.head, remedy: remedy) }
    }

    package static func split(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { $0 }
    }
}

/// What all routes of one API have in common.
package struct HTTPRouteForm: Sendable {
    /// Services that a signature's scope may name; bearer keys are checked for the first.
    package var signingNames: [String]
    /// Whether `x-api-key` may carry the bearer key.
    package var takesKeyHeader: Bool
    /// The response header in which this API's clients expect the request id.
    package var requestIDHeader: String
    /// An error in this API's format: the body, and the status, which may differ from the error's own.
    package var error: @Sendable (ServiceError, RequestID) -> (status: Int, body: [UInt8])
    /// An error as the last event of a stream.
    package var errorEvent: @Sendable (ServiceError, RequestID) -> [UInt8]

    package init(
        signingNames: [String], takesKeyHeader: Bool, requestIDHeader: String,
        error: @escaping @Sendable (ServiceError, RequestID) -> (status: Int, body: [UInt8]),
        errorEvent: @escaping @Sendable (ServiceError, RequestID) -> [UInt8]
    ) {
        self.signingNames = signingNames
        self.takesKeyHeader = takesKeyHeader
        self.requestIDHeader = requestIDHeader
        self.error = error
        self.errorEvent = errorEvent
    }
}

/// A request that matched a route.
package struct HTTPRouteRequest: Sendable {
    package var head: RequestHead
    /// The path segments that braces matched, percent-decoded, in order.
    package var labels: [String]
    package let body: [UInt8]
    private let reading = BodyReading()

    package init(head: RequestHead, labels: [String], body: [UInt8]) {
        self.head = head
        self.labels = labels
        self.body = body
    }

    /// The body as a document. It is parsed once, although both authorisation and handler ask for it.
    package func document(_ read: ([UInt8]) -> Document?) -> Document? {
        self.reading.document.withLock { document in
            if let document { return document }
            let new = read(self.body)
            document = .some(new)
            return new
        }
    }
}

/// The parsed body, once it has been asked for.
private final class BodyReading: Sendable {
    let document = Mutex<Document??>(nil)
}

/// The answer of a route: complete, or as a stream.
package enum HTTPRouteAnswer: Sendable {
    case whole(ResponseMessage)
    /// Server-sent events. A `ServiceError` that the closure throws becomes the last event; errors thrown by `send`
    /// must be passed on.
    case events(@Sendable (_ send: Sink<[UInt8]>) async throws -> Void)
}

extension ServiceError {
    /// Codes of the errors that the gateway itself raises on routes, before the service sees the request.
    package enum RouteCode {
        /// The request has no credentials, or its signature is wrong.
        package static let unauthenticated = "Unauthenticated"
        /// A bearer key that is not accepted.
        package static let invalidBearer = "InvalidBearerKey"
        package static let methodNotAllowed = "MethodNotAllowed"
        package static let unknownPath = "UnknownPath"
    }

    /// - Source: the sentence of OpenAI's API, as its users report it.
    package static func unknownPath(_ head: RequestHead, remedy: String) -> ServiceError {
        ServiceError(
            code: RouteCode.unknownPath, status: 404,
            message: "Invalid URL (\(head.method) \(head.path))" + (remedy.isEmpty ? "" : ". \(remedy)"))
    }
}
