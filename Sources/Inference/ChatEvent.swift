/// The output of a model, streamed.
package enum ChatEvent: Sendable {
    /// The next piece of the answer.
    case text(String)
    /// The next piece of the model's reasoning before its answer.
    case reasoning(String)
    /// A complete call; its arguments are valid JSON.
    case toolCall(ToolCall)

    /// The bytes of text or reasoning.
    var textBytes: Int {
        switch self {
        case .text(let text), .reasoning(let text): text.utf8.count
        case .toolCall: 0
        }
    }
}

/// How an answer ended, its token counts and timing.
package struct ChatOutcome: Sendable, Equatable {
    /// Why the model stopped.
    package enum StopReason: Sendable, Equatable {
        case endOfTurn
        case toolCall
        case tokensMax
        case stopSequence(String)
        /// The model's context is used up.
        case contextFull
        /// The model began an invalid call: of an unknown tool, or with arguments that are not JSON.
        case malformedToolCall
        /// The answer is not the JSON that the request's schema requires; the server does not enforce schemas.
        case malformedAnswer
    }

    /// Durations of its phases.
    package struct Timing: Sendable, Equatable {
        /// Waiting for the model to load, and for a slot.
        package var queued: Duration = .zero
        /// From getting a slot to the first piece of the answer; nil without one.
        package var firstPiece: Duration?
        /// From getting a slot to the end.
        package var total: Duration = .zero

        package init() {}
    }

    package var stopReason: StopReason
    /// Tokens of the request, including those that the engine had in its cache.
    package var inputTokens: Int
    /// Tokens of the answer.
    package var outputTokens: Int
    /// The part of `outputTokens` that is reasoning; nil if it is not known.
    package var reasoningTokens: Int?
    /// The part of `inputTokens` that the engine did not have to compute again.
    package var cachedInputTokens = 0
    /// The part of `inputTokens` up to the request's cache point; nil without one.
    package var cachePointTokens: Int?
    /// Measured by an engine; zero for models without one.
    package var timing = Timing()

    package init(stopReason: StopReason, inputTokens: Int, outputTokens: Int) {
        self.stopReason = stopReason
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}
