internal import Inference
internal import ServiceModel

/// The checks of Claude on bodies whose members have valid types.
/// - Source: the sentences that users of Anthropic's API and of Bedrock report.
enum AnthropicRules {
    /// The members of a body of InvokeModel. `model` and `stream` are not among them: both follow from the path.
    static let names: Set<String> = [
        "anthropic_version", "anthropic_beta", "max_tokens", "messages", "system", "temperature", "top_p", "top_k",
        "stop_sequences", "tools", "tool_choice", "thinking", "metadata", "output_config", "output_format",
        "context_management", "container", "mcp_servers", "cache_control", "service_tier", "inference_geo", "speed",
        "user_profile_id",
    ]

    /// The version of all models on Bedrock.
    /// - Source: Amazon Bedrock User Guide, "Anthropic Claude Messages API"; boto/boto3#4218 for the sentence about
    ///   other versions.
    private static let version = "bedrock-2023-05-31"
    /// The version that Anthropic's SDKs send, for models from 4.7 on.
    /// - Source: Anthropic's documentation, "Versions" and "Claude on Amazon Bedrock (Opus 4.6 and earlier)".
    private static let newerVersion = "2026-10-21"

    /// The limit on the length of `metadata.user_id`, in characters.
    /// - Source: Anthropic API reference, "Create a Message".
    private static let userLettersMax = 256

    /// The checks that Bedrock itself makes on a body before the model receives it.
    /// - Source: AWS Knowledge Center, "How do I resolve validation exceptions in Amazon Bedrock?", for unknown
    ///   members; the other sentences are those that users report.
    static func checkNames(of body: Document, _ id: ModelID) throws(ServiceError) {
        if body["prompt"] != nil, body["messages"] == nil {
            let name = id.name.dropFirst("anthropic.".count)
            let model = name.firstRange(of: "-v1:").map { name[..<$0.lowerBound] } ?? name
            throw .invalid(#""\#(model)" is not supported on this API. Please use the Messages API instead."#)
        }
        guard let version = body["anthropic_version"]?.text else {
            throw .invalid("anthropic_version: Field required")
        }
        guard version == self.version || (version == self.newerVersion && ClaudeLimits.choosesSampling(id)) else {
            throw .invalid("Invalid API version: \(version)")
        }
        let findings = BodyCheck.extraneous(body.members) {
            self.names.contains($0) || $0.hasPrefix("amazon-bedrock-")
        }
        guard findings.isEmpty else {
            throw BodyCheck.malformed(
                #"#: subject must not be valid against schema {"required":["messages"]}"# + findings.joined())
        }
        if body["cache_control"] != nil, !ClaudeLimits.cachesAutomatically(id) {
            throw AnthropicMembers.extra("cache_control")
        }
        if version != self.version { try self.checkSampling(of: body, version, id) }
    }

    /// The newer version has no sampling parameters, whatever their values.
    /// - Source: Anthropic's guide, "Migrating to API version 2026-10-21"; MinusPod 2.101.10 for the sentence.
    static func checkSampling(of body: Document, _ version: String, _ id: ModelID) throws(ServiceError) {
        guard version >= self.newerVersion, ClaudeLimits.choosesSampling(id),
            let member = body.members.first(where: { ["temperature", "top_p", "top_k"].contains($0.name) })
        else { return }
        throw AnthropicMembers.extra(member.name)
    }

    /// Refuses blank blocks of text; `member` is the member that contains them.
    static func check(texts content: Document?, of member: String) throws(ServiceError) {
        for block in content?.elements ?? [] where block["type"]?.text == "text" {
            try self.check(text: block["text"]?.text ?? "", of: member)
        }
    }

    /// Blocks of the system prompt must be texts.
    static func check(system blocks: [Document]) throws(ServiceError) {
        for (index, block) in blocks.enumerated() where block["type"]?.text != "text" {
            let sentence = block["type"] == nil ? "Field required" : "Input should be 'text'"
            throw .invalid("system.\(index).type: \(sentence)")
        }
        try self.check(texts: .array(blocks), of: "system")
    }

    private static func check(text: String, of member: String) throws(ServiceError) {
        guard !text.isEmpty else { throw .invalid("\(member): text content blocks must be non-empty") }
        guard !text.allSatisfy(\.isWhitespace) else {
            throw .invalid("\(member): text content blocks must contain non-whitespace text")
        }
    }

    /// The schema that the answer must conform to; nil when there is none.
    static func answerSchema(_ body: Document) throws(ServiceError) -> Document? {
        let named = [
            ("output_config.format", body["output_config"]?["format"]), ("output_format", body["output_format"]),
        ]
        for case (let place, let format?) in named where format != .null {
            guard format["type"]?.text == "json_schema" else {
                throw .invalid("\(place).type: Input should be 'json_schema'")
            }
            guard let schema = format["schema"], schema != .null else {
                throw .invalid("\(place).schema: Field required")
            }
            if let fault = StrictSchema.fault(in: schema) { throw .invalid("\(place).schema: \(fault)") }
            return schema
        }
        return nil
    }

    /// The role of a message.
    static func role(_ message: Document, at index: Int) throws(ServiceError) -> ChatRequest.Role {
        let name = message["role"]?.text ?? ""
        // DEVIATION: Claude Opus 4.8 accepts system messages within a conversation.
        guard name != "system" else { throw .invalid(self.noSystemTurns) }
        guard let role = ChatRequest.Role(rawValue: name) else {
            throw .invalid("messages.\(index).role: Input should be 'user' or 'assistant'")
        }
        return role
    }

    static let noSystemTurns =
        "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" "
        + "as an input message role."

    /// The error for an assistant message that ends with a thought.
    static func endsThinking(at index: Int) -> String {
        "messages.\(index): The final block in an assistant message cannot be `thinking`."
    }

    /// The cache points, in the order in which the model reads them.
    static func cacheMarks(_ body: Document) -> CacheMarks {
        var marks = CacheMarks()
        func add(_ blocks: Document?, _ place: String) {
            for (index, block) in (blocks?.elements ?? []).enumerated() where AnthropicContent.isKept(block) {
                marks.add("\(place).\(index)", isLong: AnthropicContent.isCachedForAnHour(block))
            }
        }
        add(body["tools"], "tools")
        add(body["system"], "system")
        for (index, message) in (body["messages"]?.elements ?? []).enumerated() {
            add(message["content"], "messages.\(index).content")
        }
        return marks
    }

    /// The value of `top_p` that means that it is not set.
    private static let anyShare = -1.0

    /// Checks the members besides the messages.
    static func check(_ body: Document) throws(ServiceError) {
        if let temperature = body["temperature"]?.double, !(0...1).contains(temperature) {
            throw .invalid("temperature: range: 0..1")
        }
        // anthropics/anthropic-sdk-typescript#484
        if let share = body["top_p"]?.double, share != self.anyShare, !(0...1).contains(share) {
            throw .invalid("top_p: range: -1 or 0..1")
        }
        if let fault = self.fault(stops: body["stop_sequences"]?.texts ?? []) { throw .invalid(fault) }
        // Nothing here calls these servers. The sentence is Anthropic's for requests without the beta feature.
        guard (body["mcp_servers"]?.elements ?? []).isEmpty else { throw AnthropicMembers.extra("mcp_servers") }
        if let user = body["metadata"]?["user_id"]?.text, user.unicodeScalars.count > self.userLettersMax {
            throw .invalid("metadata.user_id: String should have at most \(self.userLettersMax) characters")
        }
    }

    /// The error for one of the stop sequences; nil when all are valid.
    static func fault(stops: [String]) -> String? {
        guard let stop = stops.first(where: { $0.allSatisfy(\.isWhitespace) }) else { return nil }
        return "stop_sequences: each stop sequence must \(stop.isEmpty ? "be non-empty" : "contain non-whitespace")"
    }

    /// The sampling parameters, for both of Claude's notations.
    static func sampling(_ body: Document, tokensMax: Int?) -> ChatRequest.Sampling {
        var sampling = ChatRequest.Sampling()
        sampling.tokensMax = tokensMax
        sampling.temperature = body["temperature"]?.double
        sampling.topP = (body["top_p"]?.double).flatMap { $0 == self.anyShare ? nil : $0 }
        sampling.topK = body["top_k"]?.integer
        sampling.stopSequences = body["stop_sequences"]?.texts ?? []
        return sampling
    }

    /// Checks that messages are not empty; only the beginning of the model's own answer may be empty.
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
            if let text = content?.text, !text.isEmpty { try self.check(text: text, of: "messages") }
            try self.check(texts: content, of: "messages")
            if message["role"]?.text == "assistant", content?.elements.last?["type"]?.text == "thinking" {
                throw .invalid(self.endsThinking(at: index))
            }
        }
        guard let last = messages.last, last["role"]?.text == "assistant" else { return }
        let begun = last["content"]?.text ?? last["content"]?.elements.last?["text"]?.text
        if begun?.last?.isWhitespace ?? false {
            throw .invalid("messages: final assistant content cannot end with trailing whitespace")
        }
    }
}
