/// Sends the events of a streamed answer to the client.
package typealias EventSender = Sink<any WritableShape>

/// The events of a streamed answer, made one after another while they are sent.
///
/// ```swift
/// EventStream { send in
///     try await send(.messageStart(MessageStartEvent(role: .assistant)))
/// }
/// ```
package struct EventStream<Event: WritableShape>: Sendable {
    private let body: @Sendable (_ send: Sink<Event>) async throws -> Void

    /// `body` sends the events. A `ServiceError` that it throws becomes the last message; errors thrown by `send` must
    /// be passed on.
    package init(_ body: @escaping @Sendable (_ send: Sink<Event>) async throws -> Void) {
        self.body = body
    }

    package func produce(_ send: EventSender) async throws {
        let take = send.take
        try await self.body(Sink(take: { try take($0) }, room: send.room))
    }
}

/// An output whose events follow its head.
package protocol StreamedShape: WritableShape {
    /// Sends every event.
    /// - Throws: a `ServiceError`, which becomes the client's last message, or what `send` threw.
    func sendEvents(_ send: EventSender) async throws
}
