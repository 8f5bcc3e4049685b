/// A model that answers conversations.
package protocol ChatModel: Sendable {
    /// Tokens of the request, as `chat` would count them.
    func countTokens(_ request: ChatRequest) async throws -> Int

    /// Answers a request; `send` is given each event in order, and `chat` goes on when it returns.
    /// - Throws: `InferenceError`, or what `send` threw.
    func chat(
        _ request: ChatRequest, _ send: @Sendable (ChatEvent) async throws -> Void
    ) async throws -> ChatOutcome
}

/// Why a model did not answer.
package enum InferenceError: Error, Sendable, Hashable {
    /// The request asks for what this model cannot do; a sentence.
    case unsupported(String)
    /// More tokens than the model's context takes.
    case contextExceeded(tokens: Int, tokensMax: Int)
    /// The engine failed; the reason is for the operator.
    case failed(String)
}
