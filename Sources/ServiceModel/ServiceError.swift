/// An error the client must see, exactly as AWS would send it.
package struct ServiceError: Error, Sendable {
    /// The wire code, such as `ResourceNotFoundException`.
    package let code: String
    /// HTTP status, 400...599.
    package let status: Int
    /// The sentence AWS prints; SDK users match on it, so tests pin it.
    package let message: String
    /// awsQuery's code, where the model names another.
    package let queryCode: String?
    /// The modelled members beside the message, such as `CancellationReasons`; it is written as the error's body.
    package let detail: (any WritableShape)?
    /// Whether the fault is the server's.
    package var isServerFault: Bool { self.status >= 500 }

    package init(
        code: String,
        status: Int = 400,
        message: String,
        queryCode: String? = nil,
        detail: (any WritableShape)? = nil
    ) {
        precondition((400...599).contains(status), "an error's status is 400...599")
        self.code = code
        self.status = status
        self.message = message
        self.queryCode = queryCode
        self.detail = detail
    }
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
