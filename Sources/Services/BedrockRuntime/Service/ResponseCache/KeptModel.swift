internal import Inference
internal import ServiceModel
internal import Synchronization
internal import WireProtocols

/// Says again what was said before, piece by piece, as fast as it is heard.
struct KeptModel: ChatModel {
    let reply: KeptReply

    func countTokens(_ request: ChatRequest) async throws -> Int { self.reply.outcome.inputTokens }

    func chat(
        _ request: ChatRequest, _ send: @Sendable (ChatEvent) async throws -> Void
    ) async throws -> ChatOutcome {
        request.promptCount?.set(self.reply.outcome)
        for event in self.reply.events {
            // Nobody may be listening any more.
            try Task.checkCancellation()
            try await send(event)
        }
        return self.reply.outcome
    }
}

/// Remembers the pieces of an answer while they are sent, so that it can be kept; forgets one that is too long.
final class ReplyGathering: Sendable {
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
            guard state.bytes > ResponseCache.replyBytesMax else { return }
            state.events = []
            state.isOn = false
        }
    }

    /// The whole answer; nil where it is not to be kept.
    func reply(_ outcome: ChatOutcome) -> KeptReply? {
        self.state.withLock { $0.isOn ? KeptReply(events: $0.events, outcome: outcome) : nil }
    }
}
