/// An error the client must see, exactly as AWS would send it.
///
/// A single reference: every function on a request's path may throw it, and would otherwise reserve room for all its
/// members.
package struct ServiceError: Error, Sendable {
    /// The wire code, such as `ResourceNotFoundException`.
    package var code: String { self.facts.code }
    /// HTTP status, 400...599.
    package var status: Int { self.facts.status }
    /// The sentence AWS prints; SDK users match on it, so tests pin it.
    package var message: String { self.facts.message }
    /// The code in awsQuery, if it differs.
    package var queryCode: String? { self.facts.queryCode }
    /// The modelled members besides the message, such as `CancellationReasons`; written as the error's body.
    package var detail: (any WritableShape)? { self.facts.detail }
    /// Whether the fault is the server's.
    package var isServerFault: Bool { self.status >= 500 }

    private let facts: Facts

    private final class Facts: Sendable {
        let code: String
        let status: Int
        let message: String
        let queryCode: String?
        let detail: (any WritableShape)?

        init(code: String, status: Int, message: String, queryCode: String?, detail: (any WritableShape)?) {
            self.code = code
            self.status = status
            self.message = message
            self.queryCode = queryCode
            self.detail = detail
        }
    }

    package init(
        code: String,
        status: Int = 400,
        message: String,
        queryCode: String? = nil,
        detail: (any WritableShape)? = nil
    ) {
        precondition((400...599).contains(status), "an error's status is 400...599")
        self.facts = Facts(code: code, status: status, message: message, queryCode: queryCode, detail: detail)
    }
}

extension ServiceError {
    /// The request's task was cancelled: the client has gone or the server stops. Nobody receives it; the status, which
    /// HTTP does not define, is nginx's for this in logs.
    package static let cancelled = ServiceError(
        code: "RequestCancelled", status: 499, message: "The request was cancelled.")
}

extension ServiceError: Hashable {
    package static func == (left: ServiceError, right: ServiceError) -> Bool {
        left.code == right.code && left.status == right.status && left.message == right.message
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.code)
        hasher.combine(self.status)
        hasher.combine(self.message)
    }
}
