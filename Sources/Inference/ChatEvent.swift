/// What a model says, as it says it.
package enum ChatEvent: Sendable {
    /// The next piece of the answer.
    case text(String)
    /// The next piece of what it thinks before it answers.
    case reasoning(String)
    /// A call, whole: its arguments are known to be lawful JSON then.
    case toolCall(ToolCall)
}

/// How an answer ended, and what it took.
package struct ChatOutcome: Sendable, Hashable {
    /// Why the model said no more.
    package enum StopReason: Sendable, Hashable {
        case endOfTurn
        case toolCall
        case tokensMax
        case stopSequence(String)
        /// The model's context is full.
        case contextFull
        /// The model began a call that is none: unknown, or with arguments that are no JSON.
        case malformedToolCall
        /// The answer is not the JSON that the request's schema asks for, by a server that is not held to it.
        case malformedAnswer
    }

    /// How long the parts of it took.
    package struct Timing: Sendable, Hashable {
        /// Waiting for a model that was loading, and for the turn.
        package var queued: Duration = .zero
        /// From the turn to the first piece of the answer; nil where there was none.
        package var firstPiece: Duration?
        /// From the turn to the end.
        package var total: Duration = .zero

        package init() {}
    }

    package var stopReason: StopReason
    /// Tokens of the request, those that the engine had computed before included.
    package var inputTokens: Int
    /// Tokens of the answer.
    package var outputTokens: Int
    /// Of `inputTokens`, those that the engine did not have to compute again.
    package var cachedInputTokens = 0
    /// Of `inputTokens`, those up to the request's cache point; nil where it has none.
    package var cachePointTokens: Int?
    /// What an engine measured; zero for models that are none.
    package var timing = Timing()

    package init(stopReason: StopReason, inputTokens: Int, outputTokens: Int) {
        self.stopReason = stopReason
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}
