internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import Synchronization

/// A model's answer, gathered whole.
struct ChatReply: Sendable {
    let events: [ChatEvent]
    let outcome: ChatOutcome

    init(_ invocation: Invocation) async throws(ServiceError) {
        let events = Mutex<[ChatEvent]>([])
        do {
            self.outcome = try await invocation.chat(Sink { event in events.withLock { $0.append(event) } })
        } catch {
            throw ServiceError.told(error)
        }
        self.events = events.withLock { $0 }
    }

    /// All that the model thought before it answered.
    var reasoning: String {
        self.events.map { if case .reasoning(let text) = $0 { text } else { "" } }.joined()
    }

    /// All text together.
    var text: String {
        self.events.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}

extension ServiceError {
    /// What a client is told when a model did not answer.
    static func told(_ error: any Error) -> ServiceError {
        switch error {
        case let error as ServiceError: error
        case let error as InferenceError: ServiceError(error)
        // Nobody hears this one: the client has gone, or the server stops.
        case is CancellationError:
            ServiceError(code: "RequestCancelled", status: 499, message: "The request was cancelled.")
        default: BedrockRuntimeError.internalServer(message: "The answer was cut off.")
        }
    }
}
