package import ServiceModel

/// A model that answers conversations.
package protocol ChatModel: Sendable {
    /// The number of tokens of the request, as `chat` would count them.
    func countTokens(_ request: ChatRequest) async throws -> Int

    /// Answers a request; `send` receives each event in order.
    ///
    /// It ends soon after its task is cancelled.
    /// - Throws: `InferenceError`, `CancellationError`, or an error of `send`.
    func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome
}

extension ChatModel {
    /// The same with a synchronous receiver.
    package func chat(
        _ request: ChatRequest, _ take: @escaping @Sendable (ChatEvent) throws -> Void
    ) async throws -> ChatOutcome {
        try await self.chat(request, Sink(take))
    }
}
