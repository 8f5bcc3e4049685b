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
    }

    package var stopReason: StopReason
    /// Tokens of the request.
    package var inputTokens: Int
    /// Tokens of the answer.
    package var outputTokens: Int

    package init(stopReason: StopReason, inputTokens: Int, outputTokens: Int) {
        self.stopReason = stopReason
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}
