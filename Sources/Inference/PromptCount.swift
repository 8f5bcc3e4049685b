internal import Synchronization

/// What is known of a prompt before the answer begins, for notations that tell it there.
///
/// The model writes it before its first event, where it can; whoever made the request reads it then.
package final class PromptCount: Sendable {
    private struct State {
        var outcome: ChatOutcome?
        var cachePointTokens: Int?
        var isKeptForAnHour = false
    }

    private let state = Mutex(State())

    package init() {}

    /// The outcome of an answer that has nothing yet; nil where nobody has said how long the prompt is.
    package var outcome: ChatOutcome? {
        self.state.withLock { state in
            guard var outcome = state.outcome else { return nil }
            outcome.cachePointTokens = state.cachePointTokens.map { min($0, outcome.inputTokens) }
            return outcome
        }
    }

    /// Whether the client wants kept for an hour what stands before its last cache point, and not for five minutes.
    package var isKeptForAnHour: Bool {
        get { self.state.withLock { $0.isKeptForAnHour } }
        set { self.state.withLock { $0.isKeptForAnHour = newValue } }
    }

    /// - Parameters:
    ///   - inputTokens: of the whole prompt.
    ///   - cachedTokens: of these, those that need not be computed.
    package func set(inputTokens: Int, cachedTokens: Int = 0) {
        var outcome = ChatOutcome(stopReason: .endOfTurn, inputTokens: inputTokens, outputTokens: 0)
        outcome.cachedInputTokens = cachedTokens
        self.state.withLock { $0.outcome = outcome }
    }

    /// Tokens up to the cache point, where there is one.
    package func set(cachePointTokens: Int?) { self.state.withLock { $0.cachePointTokens = cachePointTokens } }

    /// As the whole outcome says it, where that is known beforehand.
    package func set(_ outcome: ChatOutcome) {
        self.set(inputTokens: outcome.inputTokens, cachedTokens: outcome.cachedInputTokens)
        self.set(cachePointTokens: outcome.cachePointTokens)
    }
}
