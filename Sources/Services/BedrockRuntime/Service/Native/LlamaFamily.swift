internal import Inference
internal import ServiceModel

/// `meta.llama…`: one prompt, one generation.
/// - Source: Bedrock User Guide, "Meta Llama models"; chunks as SDK users show them.
struct LlamaFamily: NativeFamily {
    /// The default limit on the answer.
    private static let answerTokensStandard = 512

    /// The number of prompt tokens, for the first chunk of a stream.
    private let promptCount = PromptCount()

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.llama.check(body, .amazon)
        let prompt = try body.required("prompt").text ?? ""
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text(prompt)])])
        request.isRawPrompt = true
        request.promptCount = self.promptCount
        // DEVIATION: AWS inserts images at their markers in the prompt; the engine accepts images in conversations
        // only.
        guard (body["images"]?.elements ?? []).isEmpty else {
            throw .invalid("Images beside a bare prompt are not supported; Converse takes them.")
        }
        request.sampling.tokensMax = body["max_gen_len"]?.integer ?? Self.answerTokensStandard
        request.sampling.temperature = body["temperature"]?.double
        request.sampling.topP = body["top_p"]?.double
        return request
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        .object([
            "generation": .string(reply.text), "prompt_token_count": .number(reply.outcome.inputTokens),
            "generation_token_count": .number(reply.outcome.outputTokens),
            "stop_reason": .string(Self.stopReason(reply.outcome)),
        ])
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { Chunks(promptCount: self.promptCount) }

    private static func stopReason(_ outcome: ChatOutcome) -> String {
        [.tokensMax, .contextFull].contains(outcome.stopReason) ? "length" : "stop"
    }

    /// The first chunk contains the number of prompt tokens, and each the number of tokens generated so far.
    private struct Chunks: NativeChunks {
        let promptCount: PromptCount
        private var count = 0
        private var hasToldPrompt = false

        init(promptCount: PromptCount) {
            self.promptCount = promptCount
        }

        mutating func chunks(_ event: ChatEvent) -> [Document] {
            guard case .text(let text) = event else { return [] }
            self.count += 1
            return [self.chunk(text, promptTokens: self.promptCount.outcome?.inputTokens, tokens: self.count)]
        }

        mutating func end(_ outcome: ChatOutcome) -> [Document] {
            [
                self.chunk(
                    "", promptTokens: outcome.inputTokens, tokens: outcome.outputTokens,
                    stopReason: LlamaFamily.stopReason(outcome))
            ]
        }

        private mutating func chunk(
            _ text: String, promptTokens: Int?, tokens: Int, stopReason: String? = nil
        ) -> Document {
            let told = self.hasToldPrompt ? nil : promptTokens
            self.hasToldPrompt = self.hasToldPrompt || told != nil
            return .object([
                "generation": .string(text), "prompt_token_count": told.map { .number($0) } ?? .null,
                "generation_token_count": .number(tokens),
                "stop_reason": stopReason.map { .string($0) } ?? .null,
            ])
        }
    }
}
