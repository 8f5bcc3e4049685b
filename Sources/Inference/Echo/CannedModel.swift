package import ServiceModel

/// A predefined answer, sent like a model's: token by token, up to the request's limits.
///
/// It is not inference and must not be mistaken for it: code that uses it tells the client so.
package struct CannedModel: ChatModel {
    private let events: [ChatEvent]

    package init(events: [ChatEvent]) {
        self.events = events
    }

    package func countTokens(_ request: ChatRequest) async throws -> Int {
        EchoTokens.count(request)
    }

    package func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let inputTokens = EchoTokens.count(request)
        request.promptCount?.set(inputTokens: inputTokens)
        var outputTokens = 0
        var reasoningTokens = 0
        var stopReason = ChatOutcome.StopReason.endOfTurn
        for event in self.events {
            switch event {
            case .text(let text):
                var sampling = request.sampling
                sampling.tokensMax = sampling.tokensMax.map { max(0, $0 - outputTokens) }
                var output = EchoOutput(text, sampling, tokensMax: .max)
                while let piece = output.next() {
                    try Task.checkCancellation()
                    try await send(.text(piece))
                }
                outputTokens += output.tokenCount
                stopReason = output.stopReason
            case .reasoning(let text):
                try await send(event)
                reasoningTokens += EchoTokens.count(text)
                outputTokens += EchoTokens.count(text)
            case .toolCall(let call):
                try await send(event)
                outputTokens += EchoTokens.count(call.name) + EchoTokens.count(call.arguments)
                stopReason = .toolCall
            }
            // A part that ends early ends the whole answer.
            if stopReason != .endOfTurn, stopReason != .toolCall { break }
        }
        var outcome = ChatOutcome(stopReason: stopReason, inputTokens: inputTokens, outputTokens: outputTokens)
        outcome.reasoningTokens = reasoningTokens
        return outcome
    }
}
