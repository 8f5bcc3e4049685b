internal import Inference
internal import Primitives
internal import ServiceModel

/// Imported models, for a body with a raw prompt and `max_tokens`: OpenAI's text completions.
/// - Source: Bedrock User Guide, "Invoke your imported model", "OpenAICompletion"; OpenAI API reference, "Completions".
struct TextCompletionFamily: NativeFamily {
    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.textCompletion.check(body, .amazon)
        if let count = body["n"]?.integer, count != 1 {
            throw OpenAIRules.fault("Only n = 1 is supported, and n was \(count).", "n", "unsupported_value")
        }
        let prompt = try body.required("prompt").text ?? ""
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text(prompt)])])
        request.isRawPrompt = true
        request.sampling.tokensMax = body["max_tokens"]?.integer
        request.sampling.temperature = body["temperature"]?.double
        request.sampling.topP = body["top_p"]?.double
        request.sampling.seed = body["seed"]?.integer
        request.sampling.presencePenalty = body["presence_penalty"]?.double
        request.sampling.frequencyPenalty = body["frequency_penalty"]?.double
        request.sampling.stopSequences = body["stop"].map { $0.text.map { [$0] } ?? $0.texts } ?? []
        return request
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        Self.completion(reply.text, reply.outcome, stamp)
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { Chunks(stamp: stamp) }

    /// An answer, or a chunk of one, which has no outcome before its end.
    private static func completion(_ text: String, _ outcome: ChatOutcome?, _ stamp: AnswerStamp) -> Document {
        let choice = Document.object([
            "index": .number(0), "text": .string(text), "logprobs": .null,
            "finish_reason": outcome.map { .string($0.isCutOff ? "length" : "stop") } ?? .null,
        ])
        return .object([
            "id": .string("cmpl-\(stamp.token)"), "object": .string("text_completion"),
            "created": .number(Int(stamp.time.secondsSinceEpoch)), "model": .string(stamp.model.text),
            "choices": .array([choice]), "usage": outcome.map(OpenAIFamily.usage),
        ])
    }

    private struct Chunks: NativeChunks {
        let stamp: AnswerStamp

        mutating func chunks(_ event: ChatEvent) -> [Document] {
            guard case .text(let text) = event else { return [] }
            return [TextCompletionFamily.completion(text, nil, self.stamp)]
        }

        mutating func end(_ outcome: ChatOutcome) -> [Document] {
            [TextCompletionFamily.completion("", outcome, self.stamp)]
        }
    }
}
