internal import Synchronization

/// Takes down what many tasks ask and are answered, for `Linearizability`.
package final class HistoryRecorder<Call: Sendable, Answer: Sendable>: Sendable {
    private struct State {
        var moment = 0
        var entries: [HistoryEntry<Call, Answer>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// The moment at which a request leaves, or at which something else happened.
    package func moment() -> Int {
        self.state.withLock { state in
            state.moment += 1
            return state.moment
        }
    }

    /// Notes a request that left at `begin` and is answered now; nil when no answer will come.
    package func note(_ call: Call, since begin: Int, _ answer: Answer?) {
        self.state.withLock { state in
            state.moment += 1
            state.entries.append(
                HistoryEntry(call: call, begin: begin, end: answer == nil ? nil : state.moment, answer: answer))
        }
    }

    package var entries: [HistoryEntry<Call, Answer>] { self.state.withLock { $0.entries } }
}
