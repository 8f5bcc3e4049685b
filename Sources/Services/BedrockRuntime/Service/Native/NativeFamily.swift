internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

/// A family of models with a notation of its own for InvokeModel.
/// - Source: Bedrock User Guide, "Inference request parameters and response fields for foundation models".
protocol NativeFamily: Sendable {
    /// The conversation that a body holds.
    func request(_ body: Document) throws(ServiceError) -> ChatRequest
    /// The body of a whole answer.
    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document
    /// The chunks of a streamed answer.
    func chunks(_ stamp: AnswerStamp) -> any NativeChunks
}

/// Turns what a model says into the chunks of its family.
protocol NativeChunks: Sendable {
    mutating func chunks(_ event: ChatEvent) -> [Document]
    /// What ends the answer: one chunk or several; the last one is given the metrics.
    mutating func end(_ outcome: ChatOutcome) -> [Document]
}

/// A body of InvokeModel, read.
struct NativeRequest: Sendable {
    let family: any NativeFamily
    let request: ChatRequest

    init(_ id: ModelID, body: [UInt8]) throws(ServiceError) {
        guard let document = JSONText.document(body), case .object = document else {
            throw .invalid("Malformed input request, please reformat your input and try again.")
        }
        self.family = Self.family(id)
        self.request = try self.family.request(document)
    }

    /// The notation of a model id; what no other family claims takes Anthropic's.
    private static func family(_ id: ModelID) -> any NativeFamily {
        if id.name.hasPrefix("meta.llama") { return LlamaFamily() }
        if id.name.hasPrefix("amazon.titan-text") { return TitanTextFamily() }
        if id.name.hasPrefix("amazon.nova") { return NovaFamily() }
        let chat = ["openai.", "qwen.", "deepseek.", "ai21.", "moonshot", "mistral.mistral-large", "mistral.pixtral"]
        if chat.contains(where: id.name.hasPrefix) { return OpenAIFamily() }
        return AnthropicFamily()
    }
}

extension Document {
    /// What a body must have, or the answer that Bedrock gives without it.
    func required(_ name: String) throws(ServiceError) -> Document {
        guard let value = self[name] else {
            throw .invalid(
                "Malformed input request: #: required key [\(name)] not found, please reformat your input and "
                    + "try again."
            )
        }
        return value
    }

    /// The texts of strings in an array.
    var texts: [String] { self.elements.compactMap(\.text) }
}
