/// A model that answers conversations.
package protocol ChatModel: Sendable {
    /// Tokens of the request, as `chat` would count them.
    func countTokens(_ request: ChatRequest) async throws -> Int

    /// Answers a request; `send` is given each event in order, and `chat` goes on when it returns.
    ///
    /// It ends soon after its task is cancelled: nobody listens any more.
    /// - Throws: `InferenceError`, `CancellationError`, or what `send` threw.
    func chat(
        _ request: ChatRequest, _ send: @Sendable (ChatEvent) async throws -> Void
    ) async throws -> ChatOutcome
}
