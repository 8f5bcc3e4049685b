internal import Synchronization

/// Token counts of a prompt before the answer begins, for APIs that report them there.
///
/// The model sets it before its first event, if it can; the caller of the model reads it then.
package final class PromptCount: Sendable {
    private struct State {
        var outcome: ChatOutcome?
        var cachePointTokens: Int?
        var isCachedForAnHour = false
    }

    private let state = Mutex(State())

    package init() {}

    /// The outcome of an answer without output so far; nil when the counts were not set.
    package var outcome: ChatOutcome? {
        self.state.withLock { state in
            guard var outcome = state.outcome else { return nil }
            outcome.cachePointTokens = state.cachePointTokens.map { min($0, outcome.inputTokens) }
            return outcome
        }
    }

    /// Whether the client wants the part before its last cache point cached for an hour instead of five minutes.
    package var isCachedForAnHour: Bool {
        get { self.state.withLock { $0.isCachedForAnHour } }
        set { self.state.withLock { $0.isCachedForAnHour = newValue } }
    }

    /// - Parameters:
    ///   - inputTokens: the tokens of the whole prompt.
    ///   - cachedTokens: the part of them that need not be computed.
    package func set(inputTokens: Int, cachedTokens: Int = 0) {
        var outcome = ChatOutcome(stopReason: .endOfTurn, inputTokens: inputTokens, outputTokens: 0)
        outcome.cachedInputTokens = cachedTokens
        self.state.withLock { $0.outcome = outcome }
    }

    /// Sets the tokens up to the cache point, if there is one.
    package func set(cachePointTokens: Int?) { self.state.withLock { $0.cachePointTokens = cachePointTokens } }

    /// Takes the counts from a complete outcome, if it is known in advance.
    package func set(_ outcome: ChatOutcome) {
        self.set(inputTokens: outcome.inputTokens, cachedTokens: outcome.cachedInputTokens)
        self.set(cachePointTokens: outcome.cachePointTokens)
    }
}
