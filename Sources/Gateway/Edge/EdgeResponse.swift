package import Primitives

/// An answer: head and body, the body whole or as it is produced.
///
/// The edge adds `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection`; those of the caller are replaced.
/// The one exception is `Content-Length` in the answer to HEAD and on a stream of known length.
package struct EdgeResponse: Sendable {
    /// The bytes after the head.
    package enum Body: Sendable {
        /// All of it: head and body leave in one write.
        case bytes([UInt8])
        /// Produced by the closure, in the same task that made the response; the head leaves with the first piece.
        /// When it throws, the client sees a broken body (connection closed or stream reset), never a complete one,
        /// but for `UnbegunStream`.
        case stream(@Sendable (_ writer: ResponseBodyWriter) async throws -> Void)
    }

    /// How an exchange ended, for the access log.
    package struct Outcome: Sendable, Hashable {
        /// Body bytes handed to the transport.
        package let bodyBytes: Int
        /// False when the client left first or the stream's closure threw.
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
    /// Ends the connection after this answer (HTTP/1.1 only).
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

/// Thrown by the closure of a stream before its first piece: the client gets another answer in its place.
package struct UnbegunStream: Error {
    let response: @Sendable () -> EdgeResponse

    /// - Parameter response: makes that answer. It is called on the event loop, and in place of the stream's `onEnd`:
    ///   either is, never both. Where the client has gone before, the stream has ended already and this is not called.
    package init(_ response: @escaping @Sendable () -> EdgeResponse) {
        self.response = response
    }
}
