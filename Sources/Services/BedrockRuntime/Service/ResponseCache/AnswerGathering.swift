internal import Inference
internal import Synchronization
internal import WireProtocols

/// Collects the pieces of an answer while they are sent, so that it can be cached; gives up if the answer is too long.
final class AnswerGathering: Sendable {
    private struct State {
        var events: [ChatEvent] = []
        var bytes = 0
        var isOn: Bool
    }

    private let state: Mutex<State>

    init(isOn: Bool) {
        self.state = Mutex(State(isOn: isOn))
    }

    func add(_ event: ChatEvent) {
        self.state.withLock { state in
            guard state.isOn else { return }
            switch event {
            case .text(let text), .reasoning(let text): state.bytes += text.utf8.count
            case .toolCall(let call): state.bytes += call.arguments.json.count
            }
            state.events.append(event)
            guard state.bytes > ResponseCache.answerBytesMax else { return }
            state.events = []
            state.isOn = false
        }
    }

    /// The complete answer; nil when it is not to be cached.
    func answer(_ outcome: ChatOutcome) -> ModelAnswer? {
        self.state.withLock { state in
            guard state.isOn else { return nil }
            // A cached answer is sent as fast as the client reads it, so the duration of each piece does not matter.
            return ModelAnswer(pieces: state.events.map { .init(event: $0, milliseconds: 0) }, outcome: outcome)
        }
    }
}
