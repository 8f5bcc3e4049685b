package import Primitives
package import ServiceModel
internal import Synchronization

/// A route of a service beside the operations of its AWS model, in a notation of its own, such as OpenAI's.
///
/// The gateway does for it what it does for operations: it proves the sender, asks for permission, keeps the service
/// within its share, counts and logs. What is said, errors included, is the route's.
package struct HTTPRoute: Sendable {
    /// What logs and metrics call it.
    package let name: String
    /// Such as `GET`.
    package let method: String
    /// The path by segments; nil stands for any one segment.
    package let segments: [String?]
    /// Whether these are the paths below this one that have no route.
    package let isUnknown: Bool
    /// What is said of such a path beside that there is none; empty where nothing is.
    package let remedy: String
    /// Headers of which a request carries one at least; it may carry any where there are none.
    package let carried: [String]
    package let form: HTTPRouteForm
    /// What the request touches.
    package let access: @Sendable (HTTPRouteRequest, RequestContext) -> [ResourceAccess]
    package let respond: @Sendable (HTTPRouteRequest, RequestContext) async throws(ServiceError) -> HTTPRouteAnswer

    /// The path is such as `/v1/models/{model}`; what stands in braces is any one segment. A route that is told by
    /// headers stands before the one that others take.
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

    /// What stands below a path and has no route: it is answered with an error of this notation, whoever asks. To stand
    /// behind the routes.
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

/// What the routes of one notation have in common.
package struct HTTPRouteForm: Sendable {
    /// Services that a signature may name; the first one is the service that bearer keys are for.
    package var signingNames: [String]
    /// Whether `x-api-key` may carry the bearer key.
    package var takesKeyHeader: Bool
    /// The header that the notation's clients look for a request's id in.
    package var requestIDHeader: String
    /// An error as the notation's clients read it: the body, and the status where it is not the error's own.
    package var error: @Sendable (ServiceError, RequestID) -> (status: Int, body: [UInt8])
    /// The same as the last event of a stream.
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

/// A request that took a route.
package struct HTTPRouteRequest: Sendable {
    package var head: RequestHead
    /// What stood for the segments in braces, decoded, in their order.
    package var labels: [String]
    package let body: [UInt8]
    private let reading = BodyReading()

    package init(head: RequestHead, labels: [String], body: [UInt8]) {
        self.head = head
        self.labels = labels
        self.body = body
    }

    /// The body as a document, which is read once, though permission and answer both ask for it.
    package func document(_ read: ([UInt8]) -> Document?) -> Document? {
        self.reading.document.withLock { document in
            if let document { return document }
            let new = read(self.body)
            document = .some(new)
            return new
        }
    }
}

/// What was read of a body; nil before that.
private final class BodyReading: Sendable {
    let document = Mutex<Document??>(nil)
}

/// The answer of a route, whole or as it is made.
package enum HTTPRouteAnswer: Sendable {
    case whole(ResponseMessage)
    /// Server-sent events. A `ServiceError` that the closure throws is the last of them; what `send` throws it must not
    /// keep to itself.
    case events(@Sendable (_ send: Sink<[UInt8]>) async throws -> Void)
}

extension ServiceError {
    /// Codes of errors that the gateway itself gives to routes, before the service sees the request.
    package enum RouteCode {
        /// Nothing in the request proves who sent it, or a signature does not.
        package static let unauthenticated = "Unauthenticated"
        /// A bearer key that is not accepted.
        package static let invalidBearer = "InvalidBearerKey"
        package static let methodNotAllowed = "MethodNotAllowed"
        package static let unknownPath = "UnknownPath"
    }

    /// - Source: the sentence of OpenAI's API that its users report.
    package static func unknownPath(_ head: RequestHead, remedy: String) -> ServiceError {
        ServiceError(
            code: RouteCode.unknownPath, status: 404,
            message: "Invalid URL (\(head.method) \(head.path))" + (remedy.isEmpty ? "" : ". \(remedy)"))
    }
}
