/// Hands one event of a streamed answer to the client, and returns when there is room for the next.
/// - Throws: when nobody reads any more; what produces events ends then.
package typealias EventSender = @Sendable (any WritableShape) async throws -> Void

/// The events of a streamed answer, made one after another while they are sent.
///
/// ```swift
/// EventStream { send in
///     try await send(.messageStart(MessageStartEvent(role: .assistant)))
/// }
/// ```
package struct EventStream<Event: WritableShape>: Sendable {
    private let body: @Sendable (_ send: @Sendable (Event) async throws -> Void) async throws -> Void

    /// `body` sends the events. A `ServiceError` that it throws becomes the last message; what `send` throws it must
    /// not keep to itself.
    package init(_ body: @escaping @Sendable (_ send: @Sendable (Event) async throws -> Void) async throws -> Void) {
        self.body = body
    }

    package func produce(_ send: @escaping EventSender) async throws {
        try await self.body { try await send($0) }
    }
}

/// An output whose events follow its head.
package protocol StreamedShape: WritableShape {
    /// Sends every event.
    /// - Throws: a `ServiceError` that the client is to be told of as the last message, or what `send` threw.
    func sendEvents(_ send: @escaping EventSender) async throws
}
