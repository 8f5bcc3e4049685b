internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// A family of models with its own notation for InvokeModel.
/// - Source: Bedrock User Guide, "Inference request parameters and response fields for foundation models".
protocol NativeFamily: Sendable {
    /// Converts the parts of a body that take long to parse, such as PDFs.
    func readingDocuments(_ body: Document) async throws(ServiceError) -> Document
    /// The conversation of a body.
    func request(_ body: Document) throws(ServiceError) -> ChatRequest
    /// The body of a complete answer.
    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document
    /// The chunks of a streamed answer.
    func chunks(_ stamp: AnswerStamp) -> any NativeChunks
}

extension NativeFamily {
    func readingDocuments(_ body: Document) async throws(ServiceError) -> Document { body }
}

/// Converts the output of a model to the chunks of its family.
protocol NativeChunks: Sendable {
    mutating func chunks(_ event: ChatEvent) -> [Document]
    /// The same as JSON texts: a family with large chunks writes those with text without building documents.
    mutating func json(_ event: ChatEvent) -> [[UInt8]]
    /// The end of the answer: one or several chunks; metrics are added to the last one.
    mutating func end(_ outcome: ChatOutcome) -> [Document]
}

extension NativeChunks {
    mutating func json(_ event: ChatEvent) -> [[UInt8]] { self.chunks(event).map(\.json) }
}

/// A parsed body of InvokeModel.
struct NativeRequest: Sendable {
    let family: any NativeFamily
    let request: ChatRequest

    init(_ id: ModelID, body: [UInt8]) async throws(ServiceError) {
        try await self.init(id, document: try Self.document(body))
    }

    /// - Parameters:
    ///   - body: the bytes.
    ///   - contentType: the declared type; nil means JSON.
    /// - Returns: the JSON object in the body.
    /// - Throws: when the body is not a JSON object, or has another declared type.
    static func document(_ body: [UInt8], contentType: String? = nil) throws(ServiceError) -> Document {
        guard contentType.map(self.isJSON) ?? true else {
            throw .invalid("The provided Content Type is invalid or not supported for this model")
        }
        guard let document = Document(json: body), case .object = document else {
            throw .invalid("Malformed input request, please reformat your input and try again.")
        }
        return document
    }

    /// - Source: Amazon Bedrock API reference, InvokeModel; the sentence about other types is the one that users of
    ///   several SDKs report, some of which send `application/octet-stream` by default.
    private static func isJSON(_ contentType: String) -> Bool {
        let name = contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        return name.isEmpty || name == "application/json"
    }

    init(_ id: ModelID, document: Document) async throws(ServiceError) {
        guard !id.isForMedia else {
            throw .invalid("\(id.name) is for images, videos or speech, and no model of this machine is.")
        }
        try BedrockRuntimeService.refuse(guardrailOf: document)
        self.family = Self.family(id, document)
        // Only for Claude's ids: local models accept the notation without the version.
        if ClaudeLimits.isClaude(id), self.family is AnthropicFamily {
            try AnthropicRules.checkNames(of: document, id)
        }
        self.request = try self.family.request(try await self.family.readingDocuments(document))
        if self.family is AnthropicFamily, let fault = ClaudeLimits.fault(self.request, id) {
            throw .invalid(fault)
        }
    }

    /// Providers whose models use chat completions.
    private static let chatMakers: Set<Substring> = [
        "ai21", "deepseek", "google", "minimax", "mistral", "moonshot", "moonshotai", "nvidia", "openai", "qwen",
        "writer", "zai",
    ]

    /// Whether the id belongs to a conversational family.
    static func isClaimed(_ id: ModelID) -> Bool {
        let maker = id.name.prefix { $0 != "." }
        return self.chatMakers.contains(maker) || ["anthropic", "meta", "amazon", "cohere"].contains(maker)
    }

    /// The notation of a model id; Anthropic's for ids of no other family.
    static func family(_ id: ModelID, _ body: Document = .object([])) -> any NativeFamily {
        let maker = id.name.prefix { $0 != "." }
        if id.isImported { return self.imported(body) }
        if id.name.hasPrefix("meta.llama") { return LlamaFamily() }
        if id.name.hasPrefix("amazon.titan-text") { return TitanTextFamily() }
        if id.name.hasPrefix("amazon.nova") { return NovaFamily() }
        if id.name.hasPrefix("cohere.command-text") || id.name.hasPrefix("cohere.command-light-text") {
            return CohereGenerateFamily(body)
        }
        if id.name.hasPrefix("cohere.command") { return CohereCommandFamily() }
        // Models of both providers use prompts or messages, depending on their age.
        let isPrompt = body["prompt"] != nil || (body["messages"] == nil && self.takesPrompts(id))
        if maker == "deepseek", isPrompt { return PromptFamily(listName: "choices") }
        if maker == "mistral", isPrompt { return PromptFamily(listName: "outputs") }
        if maker == "mistral" { return OpenAIFamily(namesStopReason: true) }
        if maker == "openai" { return OpenAIFamily(tagsThoughts: true) }
        if ClaudeTextFamily.isFor(id, body) { return ClaudeTextFamily() }
        return self.chatMakers.contains(maker) ? OpenAIFamily() : AnthropicFamily()
    }

    /// Whether the model uses prompts: determines the error for a body with neither prompt nor messages.
    /// - Source: Bedrock User Guide, "Mistral AI text completion" and "DeepSeek models".
    private static func takesPrompts(_ id: ModelID) -> Bool {
        [
            "deepseek.r1", "mistral.mistral-7b-", "mistral.mistral-large-2402", "mistral.mistral-small-2402",
            "mistral.mixtral-8x7b-",
        ].contains(where: id.name.hasPrefix)
    }

    /// The notation of an imported model's body; Claude's is recognized by its version.
    /// - Source: Bedrock User Guide, "Invoke your imported model": a prompt and `max_gen_len`, a prompt and
    ///   `max_tokens`, or messages.
    private static func imported(_ body: Document) -> any NativeFamily {
        if body["prompt"] != nil { return body["max_tokens"] == nil ? LlamaFamily() : TextCompletionFamily() }
        return body["anthropic_version"] == nil ? OpenAIFamily() : AnthropicFamily()
    }
}

extension Document {
    /// A required member of a body; throws Bedrock's error when it is missing.
    func required(_ name: String) throws(ServiceError) -> Document {
        guard let value = self[name] else {
            throw .invalid(
                "Malformed input request: #: required key [\(name)] not found, please reformat your input and "
                    + "try again."
            )
        }
        return value
    }

    /// The strings in an array.
    var texts: [String] { self.elements.compactMap(\.text) }
}
