internal import Inference
internal import ServiceModel

/// `deepseek.r1…` and Mistral's older models: one raw prompt, choices of text.
/// - Source: Bedrock User Guide, "DeepSeek models" and "Mistral AI text completion".
struct PromptFamily: NativeFamily {
    /// The name of the list of answers: `choices` for DeepSeek, `outputs` for Mistral.
    let listName: String

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.prompt.check(body, .amazon)
        let prompt = try body.required("prompt").text ?? ""
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text(prompt)])])
        request.isRawPrompt = true
        request.sampling.tokensMax = body["max_tokens"]?.integer
        request.sampling.temperature = body["temperature"]?.double
        request.sampling.topP = body["top_p"]?.double
        request.sampling.topK = body["top_k"]?.integer
        request.sampling.stopSequences = body["stop"]?.texts ?? []
        return request
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        Self.list(self.listName, reply.text, reply.outcome)
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { Chunks(listName: self.listName) }

    private static func list(_ name: String, _ text: String, _ outcome: ChatOutcome?) -> Document {
        let reason = outcome.map { Document.string($0.isCutOff ? "length" : "stop") } ?? .null
        return .object([
            .init(name, .array([.object(["text": .string(text), "stop_reason": reason])]))
        ])
    }

    private struct Chunks: NativeChunks {
        let listName: String

        mutating func chunks(_ event: ChatEvent) -> [Document] {
            guard case .text(let text) = event else { return [] }
            return [PromptFamily.list(self.listName, text, nil)]
        }

        mutating func end(_ outcome: ChatOutcome) -> [Document] { [PromptFamily.list(self.listName, "", outcome)] }
    }
}

extension ChatOutcome {
    /// Whether a limit ended the answer.
    var isCutOff: Bool { self.stopReason == .tokensMax || self.stopReason == .contextFull }
}
