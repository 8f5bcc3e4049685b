internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import Synchronization

/// A complete answer of a model.
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

    /// The limit on concurrent answers to one request.
    private static let atOnceMax = 4

    /// The answers of several invocations, in the same order.
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

    /// The whole reasoning.
    var reasoning: String {
        self.events.map { if case .reasoning(let text) = $0 { text } else { "" } }.joined()
    }

    /// The whole text.
    var text: String {
        self.events.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}

extension ChatOutcome {
    /// The usage of several answers to one request: its prompt counts once.
    static func together(_ outcomes: [ChatOutcome]) -> ChatOutcome {
        var sum = outcomes[0]
        sum.outputTokens = outcomes.reduce(0) { $0 + $1.outputTokens }
        sum.reasoningTokens = outcomes.reduce(0) { $0 + ($1.reasoningTokens ?? 0) }
        return sum
    }
}

extension ServiceError {
    /// The client's error when a model did not answer.
    static func told(_ error: any Error) -> ServiceError {
        switch error {
        case let error as ServiceError: error
        case let error as InferenceError: ServiceError(error)
        case is CancellationError: .cancelled
        default: BedrockRuntimeError.internalServer(message: "The answer was cut off.")
        }
    }
}
