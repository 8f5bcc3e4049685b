internal import Inference
internal import ServiceModel

/// `amazon.titan-text…`: one text, one result.
/// - Source: Bedrock User Guide, "Amazon Titan Text models".
struct TitanTextFamily: NativeFamily {
    /// The default limit on the answer.
    private static let answerTokensStandard = 512

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.titanText.check(body, .amazon)
        let text = try body.required("inputText").text ?? ""
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text(text)])])
        let configuration = body["textGenerationConfig"]
        request.sampling.tokensMax = configuration?["maxTokenCount"]?.integer ?? Self.answerTokensStandard
        request.sampling.temperature = configuration?["temperature"]?.double
        request.sampling.topP = configuration?["topP"]?.double
        request.sampling.stopSequences = configuration?["stopSequences"]?.texts ?? []
        return request
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        .object([
            "inputTextTokenCount": .number(reply.outcome.inputTokens),
            "results": .array([
                .object([
                    "tokenCount": .number(reply.outcome.outputTokens), "outputText": .string(reply.text),
                    "completionReason": .string(Self.reason(reply.outcome)),
                ])
            ]),
        ])
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { Chunks() }

    private static func reason(_ outcome: ChatOutcome) -> String {
        switch outcome.stopReason {
        case .tokensMax, .contextFull: "LENGTH"
        case .stopSequence: "STOP_CRITERIA_MET"
        case .endOfTurn, .toolCall, .malformedToolCall, .malformedAnswer: "FINISH"
        }
    }

    private struct Chunks: NativeChunks {
        mutating func chunks(_ event: ChatEvent) -> [Document] {
            guard case .text(let text) = event else { return [] }
            return [Self.chunk(text, nil)]
        }

        mutating func end(_ outcome: ChatOutcome) -> [Document] { [Self.chunk("", outcome)] }

        private static func chunk(_ text: String, _ outcome: ChatOutcome?) -> Document {
            .object([
                "outputText": .string(text), "index": .number(0),
                "totalOutputTextTokenCount": outcome.map { .number($0.outputTokens) } ?? .null,
                "completionReason": outcome.map { .string(TitanTextFamily.reason($0)) } ?? .null,
                "inputTextTokenCount": outcome.map { .number($0.inputTokens) } ?? .null,
            ])
        }
    }
}
