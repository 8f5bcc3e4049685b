internal import Inference
internal import ServiceModel

/// What Claude refuses of a body whose members are all of the right types.
/// - Source: the sentences that users of Anthropic's API and of Bedrock report.
enum AnthropicRules {
    private static let thoughtTokensMin = 1024
    /// Members of a body of InvokeModel. `model` and `stream` are none: the path says both.
    private static let names: Set<String> = [
        "anthropic_version", "anthropic_beta", "max_tokens", "messages", "system", "temperature", "top_p", "top_k",
        "stop_sequences", "tools", "tool_choice", "thinking", "metadata", "output_config", "output_format",
        "context_management", "container", "mcp_servers", "cache_control", "service_tier", "inference_geo", "speed",
    ]

    /// What Bedrock itself asks of a body before the model sees it.
    /// - Source: AWS Knowledge Center, "How do I resolve validation exceptions in Amazon Bedrock?", for members that
    ///   are not known; the other sentences are those that users report.
    static func checkNames(of body: Document, _ id: ModelID) throws(ServiceError) {
        if body["prompt"] != nil, body["messages"] == nil {
            let name = id.name.dropFirst("anthropic.".count)
            let model = name.firstRange(of: "-v1:").map { name[..<$0.lowerBound] } ?? name
            throw .invalid(#""\#(model)" is not supported on this API. Please use the Messages API instead."#)
        }
        guard body["anthropic_version"]?.text != nil else { throw .invalid("anthropic_version: Field required") }
        let findings = BodyCheck.extraneous(body.members) {
            self.names.contains($0) || $0.hasPrefix("amazon-bedrock-")
        }
        guard !findings.isEmpty else { return }
        throw BodyCheck.malformed(
            #"#: subject must not be valid against schema {"required":["messages"]}"# + findings.joined())
    }

    /// What stands beside the messages.
    static func check(_ body: Document) throws(ServiceError) {
        if let temperature = body["temperature"]?.double, !(0...1).contains(temperature) {
            throw .invalid("temperature: range: 0..1")
        }
        for stop in body["stop_sequences"]?.texts ?? [] where stop.allSatisfy(\.isWhitespace) {
            let rule = stop.isEmpty ? "be non-empty" : "contain non-whitespace"
            throw .invalid("stop_sequences: each stop sequence must \(rule)")
        }
        guard body["thinking"]?["type"]?.text == "enabled" else { return }
        guard let tokens = body["thinking"]?["budget_tokens"]?.integer else {
            throw .invalid("thinking.enabled.budget_tokens: Field required")
        }
        guard tokens >= Self.thoughtTokensMin else {
            throw .invalid(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to \(Self.thoughtTokensMin)")
        }
    }

    /// What steers the choice of tokens, in both of Claude's notations.
    static func sampling(_ body: Document, tokensMax: Int?) -> ChatRequest.Sampling {
        var sampling = ChatRequest.Sampling()
        sampling.tokensMax = tokensMax
        sampling.temperature = body["temperature"]?.double
        sampling.topP = body["top_p"]?.double
        sampling.topK = body["top_k"]?.integer
        sampling.stopSequences = body["stop_sequences"]?.texts ?? []
        return sampling
    }

    private static let nameLettersMax = 128

    /// The name of a tool that stands at that place among the others.
    static func check(name: String, at index: Int) throws(ServiceError) {
        guard name.unicodeScalars.count <= self.nameLettersMax else {
            throw .invalid("tools.\(index).custom.name: String should have at most \(self.nameLettersMax) characters")
        }
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty else {
            throw .invalid(
                "tools.\(index).custom.name: String should match pattern "
                    + "'^[a-zA-Z0-9_-]{1,\(self.nameLettersMax)}$'")
        }
    }

    /// That messages say something; the model may be given an empty beginning of its own answer.
    static func check(messages: [Document]) throws(ServiceError) {
        for (index, message) in messages.enumerated() {
            let content = message["content"]
            let isEmpty = content?.text?.isEmpty ?? (content?.elements ?? []).isEmpty
            if isEmpty, message["role"]?.text == "user" {
                throw .invalid("messages.\(index): user messages must have non-empty content")
            }
            guard !isEmpty || index + 1 == messages.count else {
                throw .invalid(
                    "messages.\(index): all messages must have non-empty content except for the optional final "
                        + "assistant message")
            }
            for block in content?.elements ?? [] where block["type"]?.text == "text" && block["text"]?.text == "" {
                throw .invalid("messages: text content blocks must be non-empty")
            }
        }
        guard let last = messages.last, last["role"]?.text == "assistant" else { return }
        let begun = last["content"]?.text ?? last["content"]?.elements.last?["text"]?.text
        if begun?.last?.isWhitespace ?? false {
            throw .invalid("messages: final assistant content cannot end with trailing whitespace")
        }
    }
}
