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

    /// Answers to one request that are made at a time.
    private static let atOnceMax = 4

    /// The answers of invocations, in their order.
    static func all(_ invocations: [Invocation]) async throws(ServiceError) -> [ChatReply] {
        guard invocations.count > 1 else { return [try await ChatReply(invocations[0])] }
        let replies: [Int: ChatReply]
        do {
            replies = try await withThrowingTaskGroup(of: (Int, ChatReply).self) { group in
                var replies: [Int: ChatReply] = [:]
                for (index, invocation) in invocations.enumerated() {
                    if index >= Self.atOnceMax, let (done, reply) = try await group.next() { replies[done] = reply }
                    group.addTask { (index, try await ChatReply(invocation)) }
                }
                for try await (done, reply) in group { replies[done] = reply }
                return replies
            }
        } catch {
            throw ServiceError.told(error)
        }
        return invocations.indices.compactMap { replies[$0] }
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

extension ChatOutcome {
    /// What several answers to one request took: its prompt counts once.
    static func together(_ outcomes: [ChatOutcome]) -> ChatOutcome {
        var sum = outcomes[0]
        sum.outputTokens = outcomes.reduce(0) { $0 + $1.outputTokens }
        return sum
    }
}

extension ServiceError {
    /// What a client is told when a model did not answer.
    static func told(_ error: any Error) -> ServiceError {
        switch error {
        case let error as ServiceError: error
        case let error as InferenceError: ServiceError(error)
        case is CancellationError: .cancelled
        default: BedrockRuntimeError.internalServer(message: "The answer was cut off.")
        }
    }
}
