internal import Inference
internal import ServiceModel

/// `cohere.command-text…` and `cohere.command-light-text…`: one prompt, one generation.
/// - Source: Bedrock User Guide, "Cohere Command models"; the chunks of a stream are as langchain-aws reads them.
struct CohereGenerateFamily: NativeFamily {
    /// The default limit on the answer.
    private static let answerTokensStandard = 20
    private static let stopSequenceCountMax = 4

    /// The prompt of the request, which the answer repeats.
    private let prompt: String
    /// Whether a stream has several chunks: with Cohere, the body must request this too; otherwise it is one chunk.
    private let isStreamed: Bool

    init(_ body: Document) {
        self.prompt = body["prompt"]?.text ?? ""
        self.isStreamed = body["stream"] == .boolean(true)
    }

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.cohereGenerate.check(body, .amazon)
        let stops = body["stop_sequences"]?.texts ?? []
        guard stops.count <= Self.stopSequenceCountMax else {
            throw BodyCheck.malformed(
                "#/stop_sequences: expected maximum item count: \(Self.stopSequenceCountMax), found: \(stops.count)")
        }
        try Self.refuseUnsupported(body)
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text(self.prompt)])])
        request.sampling.tokensMax = body["max_tokens"]?.integer ?? Self.answerTokensStandard
        request.sampling.temperature = body["temperature"]?.double
        request.sampling.topP = body["p"]?.double
        request.sampling.topK = body["k"]?.double.map { Int($0) }
        request.sampling.stopSequences = stops
        return request
    }

    /// Refuses unsupported members that would have an effect.
    private static func refuseUnsupported(_ body: Document) throws(ServiceError) {
        if let count = body["num_generations"]?.integer, count != 1 {
            throw .invalid("Only num_generations = 1 is supported, and num_generations was \(count).")
        }
        if let kind = body["return_likelihoods"]?.text, kind != "NONE" {
            throw .invalid("return_likelihoods is not supported by this version of Brume.")
        }
        if !(body["logit_bias"]?.members ?? []).isEmpty {
            throw .invalid("logit_bias is not supported by this version of Brume.")
        }
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        self.response(reply.text, reply.outcome, stamp)
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { Chunks(family: self, stamp: stamp) }

    private func response(_ text: String, _ outcome: ChatOutcome, _ stamp: AnswerStamp) -> Document {
        let generation = Document.object([
            "finish_reason": .string(Self.finish(outcome)), "id": .string("\(stamp.token)-0"), "text": .string(text),
        ])
        return .object([
            "generations": .array([generation]), "id": .string(stamp.token), "prompt": .string(self.prompt),
        ])
    }

    private static func finish(_ outcome: ChatOutcome) -> String { outcome.isCutOff ? "MAX_TOKENS" : "COMPLETE" }

    private struct Chunks: NativeChunks {
        let family: CohereGenerateFamily
        let stamp: AnswerStamp
        private var text = ""

        init(family: CohereGenerateFamily, stamp: AnswerStamp) {
            self.family = family
            self.stamp = stamp
        }

        mutating func chunks(_ event: ChatEvent) -> [Document] {
            guard case .text(let text) = event else { return [] }
            self.text += text
            return self.family.isStreamed ? [.object(["text": .string(text), "is_finished": .boolean(false)])] : []
        }

        mutating func end(_ outcome: ChatOutcome) -> [Document] {
            let response = self.family.response(self.text, outcome, self.stamp)
            guard self.family.isStreamed else { return [response] }
            return [
                .object([
                    "is_finished": .boolean(true), "finish_reason": .string(CohereGenerateFamily.finish(outcome)),
                    "response": response,
                ])
            ]
        }
    }
}
