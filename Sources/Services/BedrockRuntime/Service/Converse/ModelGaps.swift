internal import BedrockRuntimeModel
internal import ServiceModel

/// The features of Converse that a model does not support, by its id; ids that are not listed support all.
///
/// - Source: Amazon Bedrock User Guide, "Supported models and model features" and "Prompt caching"; API reference,
///   ToolChoice and ToolResultContentBlock; `inputModalities` of ListFoundationModels, for images; and reports of the
///   models' users, with the sentences.
struct ModelGaps: OptionSet {
    static let system = ModelGaps(rawValue: 1 << 0)
    static let tools = ModelGaps(rawValue: 1 << 1)
    static let streamedTools = ModelGaps(rawValue: 1 << 2)
    static let anyTool = ModelGaps(rawValue: 1 << 3)
    static let namedTool = ModelGaps(rawValue: 1 << 4)
    static let cachePoints = ModelGaps(rawValue: 1 << 5)
    /// Results of tools together with other blocks in one turn.
    static let mixedResults = ModelGaps(rawValue: 1 << 6)
    static let resultStatus = ModelGaps(rawValue: 1 << 7)
    /// Earlier thoughts in the conversation.
    static let thoughts = ModelGaps(rawValue: 1 << 8)
    static let signatures = ModelGaps(rawValue: 1 << 9)
    static let stops = ModelGaps(rawValue: 1 << 10)
    /// `temperature` and `topP`.
    static let sampling = ModelGaps(rawValue: 1 << 11)
    /// Cache points after tools; others are supported.
    static let toolCachePoints = ModelGaps(rawValue: 1 << 12)
    /// Calls of tools together with other blocks in one turn.
    static let mixedCalls = ModelGaps(rawValue: 1 << 13)
    /// Definitions beside the properties of a tool's schema.
    static let definitions = ModelGaps(rawValue: 1 << 14)
    /// Images, wherever they are.
    static let images = ModelGaps(rawValue: 1 << 15)
    /// Images in results of tools; a message may have them.
    static let resultImages = ModelGaps(rawValue: 1 << 16)

    /// - Source: the sentence that users report for DeepSeek R1's own thoughts.
    static let noThoughts = ServiceError.invalid(
        "User messages cannot contain reasoning content. Please remove the reasoning content and try again.")

    private static let noImages = ServiceError.invalid(
        "This model doesn't support the image content block that you provided. Update the content block and try again.")
    private static let noResultImages = ServiceError.invalid(
        "This model doesn't support the image field for user messages. Remove image and try again.")

    /// By prefix of the id; all matching entries apply.
    private static let known: [(prefix: String, gaps: ModelGaps)] = [
        ("ai21.", [.images]), ("ai21.jamba-instruct", [.tools]), ("ai21.jamba-1-5", [.namedTool]),
        ("amazon.nova", [.toolCachePoints, .signatures]), ("amazon.nova-lite", [.definitions]),
        ("amazon.nova-micro", [.definitions, .images]), ("amazon.nova-premier", [.definitions]),
        ("amazon.nova-pro", [.definitions]), ("amazon.titan-t", [.system, .tools, .images]),
        ("anthropic.claude-v", [.tools, .images]), ("anthropic.claude-instant", [.tools, .images]),
        ("anthropic.claude-3-5-haiku", [.images]), ("cohere.command", [.images]),
        ("deepseek.", [.cachePoints, .signatures, .images]), ("deepseek.r1", [.tools, .thoughts]),
        ("google.", [.resultImages]), ("google.gemma-3", [.cachePoints]),
        ("meta.llama", [.streamedTools, .anyTool, .namedTool, .cachePoints, .mixedCalls, .mixedResults, .signatures]),
        ("meta.llama2", [.tools, .images]), ("meta.llama3-8b", [.tools, .images]),
        ("meta.llama3-70b", [.tools, .images]), ("meta.llama3-1", [.images]), ("meta.llama3-2-1b", [.images]),
        ("meta.llama3-2-3b", [.images]), ("meta.llama3-3", [.images]),
        ("minimax.", [.signatures]), ("minimax.minimax-m2", [.images]),
        ("mistral.", [.cachePoints, .signatures, .resultImages]), ("mistral.devstral-2", [.images]),
        ("mistral.mistral-7b", [.system, .tools, .images]), ("mistral.mixtral", [.system, .tools, .images]),
        ("mistral.mistral-large-24", [.streamedTools, .namedTool, .mixedCalls, .mixedResults, .images]),
        ("mistral.mistral-small-24", [.streamedTools, .mixedCalls, .mixedResults, .images]),
        ("mistral.pixtral", [.streamedTools, .mixedCalls, .mixedResults]),
        ("moonshot.", [.signatures]), ("moonshotai.", [.signatures, .resultImages]),
        ("moonshot.kimi-k2", [.cachePoints, .images]), ("moonshotai.kimi-k2", [.cachePoints]),
        ("nvidia.", [.cachePoints, .signatures, .resultImages]), ("nvidia.nemotron-nano-3-", [.images]),
        ("nvidia.nemotron-nano-9b", [.images]), ("nvidia.nemotron-super-3", [.images]),
        ("openai.", [.stops, .signatures, .resultImages]), ("openai.gpt-oss", [.cachePoints, .images]),
        ("openai.gpt-5", [.sampling]), ("openai.gpt-6", [.sampling]),
        ("qwen.", [.cachePoints, .stops, .signatures, .resultImages]), ("qwen.qwen3-235b", [.images]),
        ("qwen.qwen3-32b", [.images]), ("qwen.qwen3-coder", [.images]), ("qwen.qwen3-next", [.images]),
        ("writer.palmyra", [.streamedTools, .mixedResults, .resultStatus, .signatures, .resultImages]),
        ("writer.palmyra-x", [.images]),
        ("xai.grok", [.cachePoints, .stops, .sampling, .signatures, .resultImages]), ("zai.", [.signatures]),
        ("zai.glm-4.7", [.images]), ("zai.glm-5", [.images]),
    ]

    let rawValue: Int

    init(rawValue: Int) { self.rawValue = rawValue }

    init(_ id: ModelID) {
        self = Self.known.reduce(into: []) { gaps, known in
            if id.name.hasPrefix(known.prefix) { gaps.formUnion(known.gaps) }
        }
    }

    /// Refuses unsupported features in a request.
    func check(
        _ messages: [Message]?, _ system: [SystemContentBlock]?, _ tools: ToolConfiguration?,
        _ inference: InferenceConfiguration?, isStreamed: Bool
    ) throws(ServiceError) {
        guard !self.isEmpty else { return }
        if self.contains(.stops), inference?.stopSequences != nil { throw Self.unsupported("stopSequences") }
        if self.contains(.sampling) {
            if inference?.temperature != nil { throw Self.unsupported("temperature") }
            if inference?.topP != nil { throw Self.unsupported("topP") }
        }
        if self.contains(.system), !(system ?? []).isEmpty {
            throw .invalid(
                "This model doesn't support system messages. Try again without a system message or use a model that "
                    + "supports system messages.")
        }
        if let tools { try self.check(tools, isStreamed: isStreamed) }
        if self.contains(.cachePoints), Self.hasCachePoint(messages ?? [], system ?? [], tools?.tools ?? []) {
            throw BedrockRuntimeError.accessDenied(
                message: "You invoked an unsupported model or your request did not allow prompt caching. See the "
                    + "documentation for more information.")
        }
        try self.check(blocksOf: messages ?? [])
        try self.check(imagesOf: messages ?? [])
    }

    private func check(_ tools: ToolConfiguration, isStreamed: Bool) throws(ServiceError) {
        if isStreamed, !self.isDisjoint(with: [.tools, .streamedTools]) {
            throw .invalid("This model doesn't support tool use in streaming mode.")
        }
        guard !self.contains(.tools) else { throw .invalid("This model doesn't support tool use.") }
        let choice: String? =
            switch tools.toolChoice {
            case .any where self.contains(.anyTool): "any"
            case .tool where self.contains(.namedTool): "tool"
            default: nil
            }
        if let choice { throw Self.unsupported("toolConfig.toolChoice.\(choice)") }
        for (place, tool) in tools.tools.enumerated() {
            guard let extra = self.extraneousKey(in: tool) else { continue }
            let fault = BodyCheck.malformed("#/toolConfig/tools/\(place)\(extra) is not permitted")
            throw .invalid("The model returned the following errors: \(fault.message)")
        }
    }

    /// What a model's own check of the request does not allow in a tool, after the tool's place.
    /// - Source: of definitions lastmile-ai/mcp-agent#126 and zed-industries/zed#28521 and #31815, for Nova 1.
    private func extraneousKey(in tool: Tool) -> String? {
        switch tool {
        case .cachePoint:
            return self.contains(.toolCachePoints) ? ": extraneous key [cachePoint]" : nil
        case .toolSpec(let specification):
            guard self.contains(.definitions), case .json(let schema) = specification.inputSchema,
                let key = ["$defs", "definitions"].first(where: { schema[$0] != nil })
            else { return nil }
            return "/toolSpec/inputSchema/json: extraneous key [\(key)]"
        default:
            return nil
        }
    }

    /// - Source: the sentence that users report for each of these members.
    private static func unsupported(_ member: String) -> ServiceError {
        .invalid("This model doesn't support the \(member) field. Remove \(member) and try again.")
    }

    /// For these models, consecutive messages of one role form one turn.
    /// - Source: the sentences that users report; of calls langchain-aws#1118, for models of Meta and Mistral.
    private func check(blocksOf messages: [Message]) throws(ServiceError) {
        var turn = 0
        var (tool, hasOthers) = (String?.none, false)
        for (index, message) in messages.enumerated() {
            if index > 0, message.role != messages[index - 1].role {
                turn = index
                (tool, hasOthers) = (nil, false)
            }
            for block in message.content {
                switch block {
                case .toolResult(let result):
                    if self.contains(.mixedResults) { tool = "result" }
                    guard !self.contains(.resultStatus) || result.status == nil else {
                        throw Self.unsupported("status")
                    }
                case .reasoningContent where self.contains(.thoughts): throw Self.noThoughts
                case .reasoningContent(.reasoningText(let thought))
                where self.contains(.signatures) && thought.signature != nil:
                    throw Self.unsupported("reasoningContent.reasoningText.signature")
                case .toolUse: if self.contains(.mixedCalls) { tool = "use" }
                case .cachePoint, .reasoningContent: continue
                default: hasOthers = true
                }
            }
            if let tool, hasOthers {
                throw .invalid(
                    "messages.\(turn).content: Conversation blocks and tool \(tool) blocks cannot be provided in the "
                        + "same turn.")
            }
        }
    }

    /// - Source: aws-samples/amazon-bedrock-samples#608, for models that see nothing, and anomalyco/opencode#49443, for
    ///   results of tools. That the former say the same of results is a guess.
    private func check(imagesOf messages: [Message]) throws(ServiceError) {
        guard !self.isDisjoint(with: [.images, .resultImages]) else { return }
        for message in messages {
            for block in message.content {
                switch block {
                case .image where self.contains(.images): throw Self.noImages
                case .toolResult(let result) where result.content.contains(where: Self.isImage):
                    throw self.contains(.images) ? Self.noImages : Self.noResultImages
                default: continue
                }
            }
        }
    }

    private static func isImage(_ block: ToolResultContentBlock) -> Bool {
        if case .image = block { true } else { false }
    }

    private static func hasCachePoint(
        _ messages: [Message], _ system: [SystemContentBlock], _ tools: [Tool]
    ) -> Bool {
        system.contains { if case .cachePoint = $0 { true } else { false } }
            || tools.contains(where: self.isCachePoint)
            || messages.contains { $0.content.contains { if case .cachePoint = $0 { true } else { false } } }
    }

    private static func isCachePoint(_ tool: Tool) -> Bool {
        if case .cachePoint = tool { true } else { false }
    }
}
