package import ServiceModel

/// A model that answers conversations.
package protocol ChatModel: Sendable {
    /// Tokens of the request, as `chat` would count them.
    func countTokens(_ request: ChatRequest) async throws -> Int

    /// Answers a request; `send` is given each event in order.
    ///
    /// It ends soon after its task is cancelled: nobody listens any more.
    /// - Throws: `InferenceError`, `CancellationError`, or what `send` threw.
    func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome
}

extension ChatModel {
    /// The same for who waits for nothing.
    package func chat(
        _ request: ChatRequest, _ take: @escaping @Sendable (ChatEvent) throws -> Void
    ) async throws -> ChatOutcome {
        try await self.chat(request, Sink(take))
    }
}
