package import Primitives

/// An answer: a head, and a body that is complete or streamed.
///
/// The edge adds `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection`, replacing the caller's. The one
/// exception is the caller's `Content-Length` in an answer to HEAD or on a stream of known length.
package struct EdgeResponse: Sendable {
    /// The bytes after the head.
    package enum Body: Sendable {
        /// The complete body: head and body are sent in one write.
        case bytes([UInt8])
        /// Produced by the closure, in the task that made the response; the head is sent with the first piece. If the
        /// closure throws, the client sees a broken body (connection closed or stream reset), never a complete one.
        /// `ReplacementResponse` is the exception.
        case stream(@Sendable (_ writer: ResponseBodyWriter) async throws -> Void)
    }

    /// How an exchange ended, for the access log.
    package struct Outcome: Sendable, Equatable {
        /// The bytes of the body handed to the transport.
        package let bodyBytes: Int
        /// False if the client left early or the stream's closure threw.
        package let isComplete: Bool

        package init(bodyBytes: Int, isComplete: Bool) {
            self.bodyBytes = bodyBytes
            self.isComplete = isComplete
        }
    }

    /// 200...599.
    package var status: Int
    package var headers: HeaderFields
    package var body: Body
    /// Closes the connection after this answer (HTTP/1.1 only).
    package var closesConnection: Bool
    /// Called once, on the event loop, when the answer has been handed over or given up.
    // swift-format-ignore: UseShorthandTypeNames
    package var onEnd: Optional<@Sendable (Outcome) -> Void>

    package init(
        status: Int, headers: HeaderFields = HeaderFields(), body: Body = .bytes([]), closesConnection: Bool = false,
        onEnd: (@Sendable (Outcome) -> Void)? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.closesConnection = closesConnection
        self.onEnd = onEnd
    }

    package init(_ message: ResponseMessage) {
        self.init(status: message.status, headers: message.headers, body: .bytes(message.body))
    }
}

/// Thrown by a stream's closure before its first piece: the client gets another answer instead.
package struct ReplacementResponse: Error {
    let response: @Sendable () -> EdgeResponse

    /// - Parameter response: makes that answer; called on the event loop. Either this or the stream's `onEnd` is
    ///   called, never both: if the client left before, the stream has already ended and this is not called.
    package init(_ response: @escaping @Sendable () -> EdgeResponse) {
        self.response = response
    }
}
