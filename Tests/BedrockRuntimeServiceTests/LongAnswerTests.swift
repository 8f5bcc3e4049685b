import BedrockRuntimeModel
import BedrockRuntimeService
import Inference
import Primitives
import ServiceKit
import ServiceModel
import Telemetry
import Testing

/// Says the same words again and again, and thinks as much before.
private struct TalkativeModel: ChatModel {
    let piece: String
    let pieceCount: Int

    func countTokens(_ request: ChatRequest) async throws -> Int { 1 }

    func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        for _ in 0..<self.pieceCount { try await send(.reasoning(self.piece)) }
        for _ in 0..<self.pieceCount { try await send(.text(self.piece)) }
        return ChatOutcome(stopReason: .endOfTurn, inputTokens: 1, outputTokens: 2 * self.pieceCount)
    }
}

struct LongAnswerTests {
    /// Copying what was said before for each piece takes minutes.
    @Test(.timeLimit(.minutes(1))) func `a long answer of Converse is put together in time`() async throws {
        let model = TalkativeModel(piece: "words of the answer ", pieceCount: 300_000)
        let service = BedrockRuntimeService(
            catalog: ModelCatalog(models: ["talker": model]), clock: ManualClock(), telemetry: MetricHistory())
        let answer = try await service.converse(
            ConverseRequest(modelID: "talker", messages: [Message(role: .user, content: [.text("hi")])]), caller)
        guard case .message(let message) = answer.output else {
            Issue.record("the answer has no message")
            return
        }
        let whole = String(repeating: model.piece, count: model.pieceCount)
        #expect(message.content.count == 2)
        guard case .reasoningContent(.reasoningText(let thought))? = message.content.first,
            case .text(let text)? = message.content.last
        else {
            Issue.record("the blocks of the answer are of other kinds")
            return
        }
        #expect(thought.text == whole && text == whole)
    }
}
