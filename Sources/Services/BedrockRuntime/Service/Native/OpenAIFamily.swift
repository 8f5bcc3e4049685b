internal import Inference
internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// `openai.…`, `qwen.…`, `deepseek.…` and others: chat completions.
/// - Source: OpenAI API reference, "Chat Completions"; Bedrock User Guide, "OpenAI models".
struct OpenAIFamily: NativeFamily {
    /// Mistral's older models use `stop_reason`, and their clients read it.
    var namesStopReason = false
    /// The limit on choices in a request.
    var choiceCountMax = 1
    /// Whether messages have a `refusal`, as OpenAI's always have; it is null, as no model here refuses so.
    var tellsRefusal = false
    /// Whether an answer contains the service tier, as OpenAI's do if the request has one.
    var tellsTier = false
    /// Whether reasoning precedes the text, with each piece in a tag, instead of being a separate member.
    /// - Source: Bedrock User Guide, "OpenAI models", for InvokeModel; recorded streams have a tag around each piece.
    var tagsThoughts = false

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.chatCompletion.check(body, .openAI)
        try OpenAIRules.check(countsOf: body)
        var request = ChatRequest(messages: [])
        var calls = OpenAICalls()
        for (index, message) in try body.required("messages").elements.enumerated() {
            try calls.check(message, at: index)
            try OpenAIContent.check(speakerOf: message, at: index)
            let content = message["content"]
            switch message["role"]?.text {
            case "system", "developer": request.system.append(OpenAIContent.text(content))
            case "assistant":
                request.messages.append(.init(role: .assistant, parts: Self.assistant(message)))
            case "tool":
                let id = message["tool_call_id"]?.text ?? ""
                let text = OpenAIContent.text(content)
                request.messages.append(.init(role: .user, parts: [.toolResult(callID: id, text: text)]))
            case "user":
                let parts = try OpenAIContent.parts(content, .chat, at: "messages[\(index)].content")
                request.messages.append(.init(role: .user, parts: parts))
            default:
                throw .invalid("The role at 'messages[\(index)].role' is not supported by this version of Brume.")
            }
        }
        guard calls.count > 0 else { throw OpenAIRules.noMessages }
        try calls.finish()
        try Self.addTools(body, to: &request)
        Self.addSampling(body, to: &request)
        try Self.addFormat(body["response_format"], to: &request)
        try self.refuseUnsupported(body)
        return request
    }

    /// Refuses unsupported members that would have an effect.
    /// - Source: for `logprobs`, the sentence that users report for OpenAI's models without them; for the others, that
    ///   for members that a model does not support.
    private func refuseUnsupported(_ body: Document) throws(ServiceError) {
        if let count = body["n"]?.integer, !(1...self.choiceCountMax).contains(count) {
            throw OpenAIRules.fault("Only n = 1 is supported, and n was \(count).", "n", "unsupported_value")
        }
        if body["logprobs"] == .boolean(true) {
            throw OpenAIRules.fault("This model does not support the 'logprobs' parameter.", "logprobs", nil)
        }
        if !(body["logit_bias"]?.members ?? []).isEmpty { throw OpenAIRules.unsupported("logit_bias") }
        for name in ["audio", "web_search_options"] where body[name].map({ $0 != .null }) ?? false {
            throw OpenAIRules.unsupported(name)
        }
        if body["modalities"]?.texts.contains("audio") ?? false { throw OpenAIRules.unsupported("modalities") }
    }

    private static func addTools(_ body: Document, to request: inout ChatRequest) throws(ServiceError) {
        for (index, tool) in (body["tools"]?.elements ?? []).enumerated() {
            guard let function = tool["function"] else { continue }
            let name = function["name"]?.text ?? ""
            try OpenAIRules.check(name: name, at: "tools[\(index)].function.name")
            request.tools.append(
                .init(
                    name: name, description: function["description"]?.text ?? "",
                    schema: OpenAISchema.parameters(function["parameters"]),
                    isStrict: function["strict"] == .boolean(true)))
        }
        try OpenAIToolChoice.apply(body["tool_choice"], to: &request, .chatCompletions)
        request.allowsParallelCalls = body["parallel_tool_calls"] != .boolean(false)
    }

    private static func addSampling(_ body: Document, to request: inout ChatRequest) {
        request.sampling.tokensMax = body["max_completion_tokens"]?.integer ?? body["max_tokens"]?.integer
        request.sampling.temperature = body["temperature"]?.double
        request.sampling.topP = body["top_p"]?.double
        request.sampling.topK = body["top_k"]?.integer
        request.sampling.presencePenalty = body["presence_penalty"]?.double
        request.sampling.frequencyPenalty = body["frequency_penalty"]?.double
        request.sampling.seed = body["seed"]?.integer
        if let stop = body["stop"]?.text { request.sampling.stopSequences = [stop] }
        if let stops = body["stop"]?.texts, !stops.isEmpty { request.sampling.stopSequences = stops }
        if let effort = body["reasoning_effort"]?.text {
            request.reasoning = ChatRequest.Reasoning(isOn: effort != "none", effort: effort)
        }
    }

    private static func addFormat(_ format: Document?, to request: inout ChatRequest) throws(ServiceError) {
        switch format?["type"]?.text {
        case "json_schema":
            guard let schema = format?["json_schema"]?["schema"] else {
                throw OpenAIRules.missing("response_format.json_schema.schema")
            }
            request.answerSchema = schema
        case "json_object": request.answerSchema = .object(["type": .string("object")])
        default: break
        }
    }

    private static func assistant(_ message: Document) -> [ChatRequest.Part] {
        let said = OpenAIContent.text(message["content"])
        let text = said.isEmpty ? message["refusal"]?.text ?? "" : said
        var parts: [ChatRequest.Part] = []
        if let thought = message["reasoning_content"]?.text ?? message["reasoning"]?.text {
            parts.append(.reasoning(thought))
        }
        if !text.isEmpty { parts.append(.text(text)) }
        for call in message["tool_calls"]?.elements ?? [] {
            let arguments = call["function"]?["arguments"]?.text.flatMap { Document(json: $0) }
            parts.append(
                .toolCall(
                    ToolCall(
                        id: call["id"]?.text ?? "", name: call["function"]?["name"]?.text ?? "",
                        arguments: arguments ?? .object([]))))
        }
        return parts
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document { self.response([reply], stamp) }

    /// The body of an answer with a choice for each reply; there is at least one.
    func response(_ replies: [ChatReply], _ stamp: AnswerStamp) -> Document {
        .object([
            "id": .string("chatcmpl-\(stamp.token)"), "object": .string("chat.completion"),
            "created": .number(Int(stamp.time.secondsSinceEpoch)), "model": .string(stamp.model.text),
            "choices": .array(replies.enumerated().map { self.choice($1, index: $0) }),
            "service_tier": self.tellsTier ? Self.tier : nil,
            "usage": Self.usage(ChatOutcome.together(replies.map(\.outcome))),
        ])
    }

    /// The tier with which every request is served here.
    static let tier = Document.string("default")

    private func choice(_ reply: ChatReply, index: Int) -> Document {
        let calls = reply.events.compactMap { event -> Document? in
            if case .toolCall(let call) = event { Self.call(call, index: nil) } else { nil }
        }
        let thought = reply.reasoning
        let text = self.tagsThoughts && !thought.isEmpty ? Self.tagged(thought) + reply.text : reply.text
        let message = Document.object([
            "role": .string("assistant"),
            "content": text.isEmpty && !calls.isEmpty ? .null : .string(text),
            "refusal": self.tellsRefusal ? .null : nil,
            "reasoning_content": thought.isEmpty || self.tagsThoughts ? nil : .string(thought),
            "tool_calls": calls.isEmpty ? nil : .array(calls),
        ])
        return .object([
            "index": .number(index), "message": message, "logprobs": .null,
            "finish_reason": .string(Self.finish(reply.outcome)),
            "stop_reason": self.namesStopReason ? .string(Self.finish(reply.outcome)) : nil,
        ])
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks {
        OpenAIChunks(
            stamp: stamp, usage: .lastChunk, namesStopReason: self.namesStopReason, tagsThoughts: self.tagsThoughts)
    }

    fileprivate static func tagged(_ thought: String) -> String { "<reasoning>\(thought)</reasoning>" }

    fileprivate static func call(_ call: ToolCall, index: Int?) -> Document {
        .object([
            "index": index.map { .number($0) }, "id": .string(CallIDs.openAI.id(call)), "type": .string("function"),
            "function": .object([
                "name": .string(call.name), "arguments": .string(call.arguments.jsonText),
            ]),
        ])
    }

    fileprivate static func finish(_ outcome: ChatOutcome) -> String {
        switch outcome.stopReason {
        case .endOfTurn, .stopSequence, .malformedToolCall, .malformedAnswer: "stop"
        case .toolCall: "tool_calls"
        case .tokensMax, .contextFull: "length"
        }
    }

    static func usage(_ outcome: ChatOutcome) -> Document {
        .object([
            "prompt_tokens": .number(outcome.inputTokens), "completion_tokens": .number(outcome.outputTokens),
            "total_tokens": .number(outcome.inputTokens + outcome.outputTokens),
            "prompt_tokens_details": .object(["cached_tokens": .number(outcome.cachedInputTokens)]),
        ])
    }
}

/// Chat completion chunks.
struct OpenAIChunks: NativeChunks {
    /// Where a stream contains the usage.
    enum Usage: Sendable {
        /// In the chunk with the finish reason, as in InvokeModel.
        case lastChunk
        /// In an additional chunk without choices, as in OpenAI's API if `stream_options` requests it; the usage of
        /// other chunks is null.
        case ownChunk
        case never
    }

    let stamp: AnswerStamp
    let usage: Usage
    /// The index of the choice.
    private let choiceIndex: Int
    private let namesStopReason: Bool
    private let tagsThoughts: Bool
    private let tellsTier: Bool
    private var callCount = 0
    private var hasBegun = false
    /// A chunk of text without the text, once the first one was sent.
    private var textFrame: JSONFrame?

    init(
        stamp: AnswerStamp, usage: Usage, choiceIndex: Int = 0, namesStopReason: Bool = false,
        tagsThoughts: Bool = false, tellsTier: Bool = false
    ) {
        self.stamp = stamp
        self.usage = usage
        self.choiceIndex = choiceIndex
        self.namesStopReason = namesStopReason
        self.tagsThoughts = tagsThoughts
        self.tellsTier = tellsTier
    }

    mutating func json(_ event: ChatEvent) -> [[UInt8]] {
        guard case .text(let text) = event, self.hasBegun else { return self.chunks(event).map(\.json) }
        let frame = self.textFrame ?? JSONFrame { self.chunk(.object(["content": $0])) }
        self.textFrame = frame
        return [frame.json(text)]
    }

    mutating func chunks(_ event: ChatEvent) -> [Document] {
        switch event {
        case .text(let text): return self.begin() + [self.chunk(.object(["content": .string(text)]))]
        case .toolCall(let call):
            defer {
                self.callCount += 1
                self.hasBegun = true
            }
            let calls = Document.array([OpenAIFamily.call(call, index: self.callCount)])
            let delta = Document.object([
                "role": self.hasBegun ? nil : .string("assistant"), "content": self.hasBegun ? nil : .null,
                "tool_calls": calls,
            ])
            return [self.chunk(delta)]
        case .reasoning(let text):
            let delta =
                self.tagsThoughts
                ? Document.object(["content": .string(OpenAIFamily.tagged(text))])
                : .object(["reasoning_content": .string(text)])
            return self.begin() + [self.chunk(delta)]
        }
    }

    mutating func end(_ outcome: ChatOutcome) -> [Document] {
        let usage = self.usage == .lastChunk ? OpenAIFamily.usage(outcome) : nil
        return self.begin() + [self.chunk(.object([]), finish: OpenAIFamily.finish(outcome), usage: usage)]
    }

    /// The first chunk, with the role; sent once; the chunk of a tool call contains the role itself.
    /// - Source: recorded streams of Bedrock and of OpenAI.
    private mutating func begin() -> [Document] {
        guard !self.hasBegun else { return [] }
        self.hasBegun = true
        return [self.chunk(.object(["role": .string("assistant"), "content": .string("")]))]
    }

    /// The chunk after the last choice, if the usage has a chunk of its own.
    func usageChunk(_ outcome: ChatOutcome) -> Document {
        self.chunk(choices: [], usage: OpenAIFamily.usage(outcome))
    }

    private func chunk(_ delta: Document, finish: String? = nil, usage: Document? = nil) -> Document {
        let choice = Document.object([
            "index": .number(self.choiceIndex), "delta": delta, "logprobs": .null,
            "finish_reason": finish.map { .string($0) } ?? .null,
            "stop_reason": self.namesStopReason ? finish.map { .string($0) } ?? .null : nil,
        ])
        return self.chunk(choices: [choice], usage: usage)
    }

    private func chunk(choices: [Document], usage: Document?) -> Document {
        .object([
            "id": .string("chatcmpl-\(self.stamp.token)"), "object": .string("chat.completion.chunk"),
            "created": .number(Int(self.stamp.time.secondsSinceEpoch)), "model": .string(self.stamp.model.text),
            "choices": .array(choices), "service_tier": self.tellsTier ? OpenAIFamily.tier : nil,
            "usage": usage ?? (self.usage == .ownChunk ? .null : nil),
        ])
    }
}
