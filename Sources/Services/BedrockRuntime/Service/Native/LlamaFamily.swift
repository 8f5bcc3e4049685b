internal import Inference
internal import ServiceModel

/// `meta.llama…`: one prompt, one generation.
struct LlamaFamily: NativeFamily {
    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.llama.check(body, .amazon)
        let prompt = try body.required("prompt").text ?? ""
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text(prompt)])])
        request.isRawPrompt = true
        // DEVIATION: AWS puts images where the prompt has their mark; the engine takes them in conversations only.
        guard (body["images"]?.elements ?? []).isEmpty else {
            throw .invalid("Images beside a bare prompt are not supported; Converse takes them.")
        }
        request.sampling.tokensMax = body["max_gen_len"]?.integer
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

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { Chunks() }

    private static func stopReason(_ outcome: ChatOutcome) -> String {
        [.tokensMax, .contextFull].contains(outcome.stopReason) ? "length" : "stop"
    }

    private struct Chunks: NativeChunks {
        mutating func chunks(_ event: ChatEvent) -> [Document] {
            guard case .text(let text) = event else { return [] }
            return [Self.chunk(text, nil)]
        }

        mutating func end(_ outcome: ChatOutcome) -> [Document] { [Self.chunk("", outcome)] }

        private static func chunk(_ text: String, _ outcome: ChatOutcome?) -> Document {
            .object([
                "generation": .string(text),
                "prompt_token_count": outcome.map { .number($0.inputTokens) } ?? .null,
                "generation_token_count": outcome.map { .number($0.outputTokens) } ?? .null,
                "stop_reason": outcome.map { .string(LlamaFamily.stopReason($0)) } ?? .null,
            ])
        }
    }
}
