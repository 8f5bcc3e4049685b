internal import Inference
internal import ServiceModel

/// `anthropic.…`: the Messages API, and the events of its stream as chunks.
/// - Source: Bedrock User Guide, "Anthropic Claude Messages API".
struct AnthropicFamily: NativeFamily {
    var callIDs = CallIDs.claude
    /// The beta features that a header requests; in a body of InvokeModel they are a member.
    var betas: [String] = []
    /// The number of prompt tokens, for the first event of a stream.
    let promptCount = PromptCount()

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try self.request(body, isForCounting: false)
    }

    func readingDocuments(_ body: Document) async throws(ServiceError) -> Document { try await NativePDFs.read(body) }

    /// The conversation of a body; `max_tokens` is not required if its tokens are only counted.
    func request(_ body: Document, isForCounting: Bool) throws(ServiceError) -> ChatRequest {
        try AnthropicContent.check(kindsOf: body)
        try BodyShape.message.check(body, .anthropic)
        let tokensMax = try isForCounting ? nil : Self.tokensMax(body)
        try AnthropicMembers.check(body)
        try AnthropicRules.check(body)
        var request = ChatRequest(messages: [])
        request.promptCount = self.promptCount
        let marked = try AutomaticCaching.marked(body)
        let messages = try marked.required("messages").elements
        for (index, message) in messages.enumerated() {
            let role = try AnthropicRules.role(message, at: index)
            let (parts, kept) = try AnthropicContent.parts(message["content"], at: index)
            request.messages.append(.init(role: role, parts: parts))
            if let kept {
                request.cachePoint = .init(message: index, partCount: kept.count)
                self.promptCount.isCachedForAnHour = AnthropicContent.isCachedForAnHour(kept.block)
            }
        }
        guard !request.messages.isEmpty else { throw .invalid("messages: at least one message is required") }
        try AnthropicRules.check(messages: messages)
        try AnthropicCalls.check(messages)
        request.joinTurns()
        try ToolTurns.check(request.messages)
        try AnthropicCalls.checkOrder(messages)
        switch body["system"] {
        case .string(let text)?: request.system = [text]
        case .array(let blocks)?:
            try AnthropicRules.check(system: blocks)
            request.system = blocks.compactMap { $0["text"]?.text }
        default: break
        }
        request.tools = try AnthropicTools.tools(body)
        let before = (body["system"]?.elements ?? []) + (body["tools"]?.elements ?? [])
        if request.cachePoint == nil, let kept = before.last(where: AnthropicContent.isKept) {
            request.cachePoint = .init(message: nil)
            self.promptCount.isCachedForAnHour = AnthropicContent.isCachedForAnHour(kept)
        }
        try Self.addChoice(body["tool_choice"], to: &request)
        request.reasoning = Self.reasoning(body)
        request.answerSchema = try AnthropicRules.answerSchema(body)
        request.sampling = AnthropicRules.sampling(body, tokensMax: tokensMax)
        let betas = self.betas + (body["anthropic_beta"]?.texts ?? [])
        let fault =
            AnthropicRules.cacheMarks(marked).fault
            ?? ClaudeLimits.fault(thinking: body["thinking"], request, betas: betas)
        if let fault { throw .invalid(fault) }
        return request
    }

    private static func reasoning(_ body: Document) -> ChatRequest.Reasoning? {
        let effort = body["output_config"]?["effort"]?.text
        switch body["thinking"]?["type"]?.text {
        case "enabled", "adaptive":
            return .init(isOn: true, tokensMax: body["thinking"]?["budget_tokens"]?.integer, effort: effort)
        case "disabled": return .init(isOn: false)
        default: return effort.map { .init(isOn: true, effort: $0) }
        }
    }

    private static func tokensMax(_ body: Document) throws(ServiceError) -> Int {
        guard let value = body["max_tokens"], value != .null else { throw .invalid("max_tokens: Field required") }
        guard let tokensMax = value.integer, tokensMax > 0 else {
            throw .invalid("max_tokens: Input should be greater than or equal to 1")
        }
        return tokensMax
    }

    /// Adds the tool choice of a body, whose tools are already parsed.
    static func addChoice(_ choice: Document?, to request: inout ChatRequest) throws(ServiceError) {
        guard let choice, choice != .null else { return }
        guard !request.tools.isEmpty else {
            throw .invalid("tool_choice: tool_choice may only be specified while providing tools")
        }
        guard let type = choice["type"]?.text else { throw .invalid("tool_choice.type: Field required") }
        switch type {
        case "any": request.toolChoice = .any
        case "tool":
            guard let name = choice["name"]?.text else { throw .invalid("tool_choice.tool.name: Field required") }
            request.toolChoice = .named(name)
        case "none": request.toolChoice = .never
        default: break
        }
        if let name = request.missingTool {
            throw .invalid("tool_choice: Tool '\(name)' not found in provided tools")
        }
        request.allowsParallelCalls = choice["disable_parallel_tool_use"] != .boolean(true)
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        var blocks: [Document] = []
        let (thought, text) = (reply.reasoning, reply.text)
        if !thought.isEmpty {
            blocks.append(
                .object([
                    "type": .string("thinking"), "thinking": .string(thought), "signature": .string(Self.signature),
                ]))
        }
        if !text.isEmpty { blocks.append(.object(["type": .string("text"), "text": .string(text)])) }
        for case .toolCall(let call) in reply.events { blocks.append(self.block(call, input: call.arguments)) }
        return .object(
            Self.message(stamp, content: blocks) + [
                .init("stop_reason", .string(Self.stopReason(reply.outcome))),
                .init("stop_sequence", Self.stopSequence(reply.outcome)),
                .init("usage", self.usage(reply.outcome)),
            ])
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { AnthropicChunks(stamp: stamp, family: self) }

    /// Clients send thoughts back with their signature; local models neither sign nor verify them.
    static let signature = "unsigned"

    static func message(_ stamp: AnswerStamp, content: [Document]) -> [Document.Member] {
        [
            .init("id", .string("msg_bdrk_01\(stamp.token)")), .init("type", .string("message")),
            .init("role", .string("assistant")), .init("model", .string(stamp.model.name)),
            .init("content", .array(content)),
        ]
    }

    func block(_ call: ToolCall, input: Document) -> Document {
        .object([
            "type": .string("tool_use"), "id": .string(self.callIDs.id(call)), "name": .string(call.name),
            "input": input,
        ])
    }

    static func stopReason(_ outcome: ChatOutcome) -> String {
        switch outcome.stopReason {
        case .endOfTurn: "end_turn"
        case .toolCall: "tool_use"
        case .tokensMax: "max_tokens"
        case .stopSequence: "stop_sequence"
        case .contextFull: "model_context_window_exceeded"
        // Anthropic has no stop reason for this: the turn ends without its call.
        case .malformedToolCall, .malformedAnswer: "end_turn"
        }
    }

    static func stopSequence(_ outcome: ChatOutcome) -> Document {
        if case .stopSequence(let text) = outcome.stopReason { .string(text) } else { .null }
    }

    /// The usage of an answer, with the TTL of what was written to the cache; the end of a stream does not contain the
    /// TTL.
    func usage(_ outcome: ChatOutcome, tellsTimes: Bool = true) -> Document {
        let (written, isLong) = (outcome.cacheWriteTokens, self.promptCount.isCachedForAnHour)
        let times = Document.object([
            "ephemeral_5m_input_tokens": .number(isLong ? 0 : written),
            "ephemeral_1h_input_tokens": .number(isLong ? written : 0),
        ])
        return .object([
            "input_tokens": .number(outcome.uncachedInputTokens),
            "cache_creation_input_tokens": .number(written),
            "cache_read_input_tokens": .number(outcome.cacheReadTokens),
            "cache_creation": tellsTimes ? times : nil,
            "output_tokens": .number(outcome.outputTokens),
        ])
    }
}
