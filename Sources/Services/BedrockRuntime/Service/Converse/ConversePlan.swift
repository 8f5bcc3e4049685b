internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// A conversation of Converse as a model takes it, its order checked.
/// - Source: answers of Bedrock; the sentences are those that SDK users report.
struct ConversePlan {
    let request: ChatRequest
    /// How long the client wants kept what stands before its last cache point; nil where there is none.
    let cacheTTL: CacheTTL?

    init(_ input: ConverseRequest, for id: ModelID) async throws(ServiceError) {
        try ModelGaps(id).check(
            input.messages, input.system, input.toolConfig, input.inferenceConfig, isStreamed: false)
        try await self.init(
            id, messages: input.messages, system: input.system, tools: input.toolConfig,
            inference: input.inferenceConfig, more: input.additionalModelRequestFields, output: input.outputConfig
        )
    }

    init(_ input: ConverseStreamRequest, for id: ModelID) async throws(ServiceError) {
        try ModelGaps(id).check(
            input.messages, input.system, input.toolConfig, input.inferenceConfig, isStreamed: true)
        try await self.init(
            id, messages: input.messages, system: input.system, tools: input.toolConfig,
            inference: input.inferenceConfig, more: input.additionalModelRequestFields, output: input.outputConfig
        )
    }

    init(_ input: ConverseTokensRequest, for id: ModelID) async throws(ServiceError) {
        try await self.init(
            id, messages: input.messages, system: input.system, tools: input.toolConfig,
            inference: nil, more: input.additionalModelRequestFields, output: nil
        )
    }

    private init(
        _ id: ModelID, messages: [Message]?, system: [SystemContentBlock]?, tools: ToolConfiguration?,
        inference: InferenceConfiguration?, more: Document?, output: OutputConfig?
    ) async throws(ServiceError) {
        var messages = messages ?? []
        guard more.map({ if case .object = $0 { true } else { false } }) ?? true else {
            throw ContentReader.noObject("additionalModelRequestFields")
        }
        try OutputTokens.check(inference?.maxTokens, id)
        try Self.checkTurns(messages, id)
        try Self.checkSpeakers(messages)
        let marks = try Self.cacheMarks(messages, system, tools, ofClaude: ClaudeLimits.isClaude(id))
        if ClaudeLimits.isClaude(id) { try Self.checkThoughts(messages) }
        let limits = try AttachmentLimits(id.name, messages)
        messages = try await Documents.read(messages, limits)
        var request = ChatRequest(messages: [])
        var cacheTTL: CacheTTL?
        for (index, message) in messages.enumerated() {
            let place = "messages.\(index)"
            var parts: [ChatRequest.Part] = []
            for (position, block) in message.content.enumerated() {
                if case .cachePoint(let point) = block {
                    request.cachePoint = .init(message: index, partCount: parts.count)
                    cacheTTL = point.ttl ?? ._5m
                }
                let reader = ContentReader(
                    place: "\(place).content.\(position)", limits: limits, number: position + 1)
                parts += try reader.parts(block)
            }
            request.messages.append(.init(role: message.role == .assistant ? .assistant : .user, parts: parts))
            if let sentence = ToolTurns.misplaced(request.messages[index]) {
                throw .invalid("\(ClaudeLimits.conversePrefix)\(place): \(sentence)")
            }
        }
        try Self.checkTools(request.messages, hasTools: tools != nil)
        for (index, block) in (system ?? []).enumerated() {
            switch block {
            case .text(let text): request.system.append(text)
            case .cachePoint(let point):
                request.cachePoint = request.cachePoint ?? .init(message: nil)
                cacheTTL = cacheTTL ?? point.ttl ?? ._5m
            case .guardContent, .unknown:
                throw .invalid("The block at system.\(index) is not supported by this model.")
            }
        }
        if let tools { try Self.add(tools, to: &request, &cacheTTL, ofClaude: ClaudeLimits.isClaude(id)) }
        if ClaudeLimits.isClaude(id) {
            try Self.addClaudeChoice(more?["tool_choice"], beside: tools?.toolChoice, to: &request)
        }
        // As Claude's and OpenAI's models are told.
        if more?["tool_choice"]?["disable_parallel_tool_use"] == .boolean(true)
            || more?["parallel_tool_calls"] == .boolean(false)
        {
            request.allowsParallelCalls = false
        }
        request.sampling = Self.sampling(inference, more)
        request.answerSchema = try Self.schema(output)
        request.takesAnyAnswer = true
        request.reasoning = try Self.reasoning(more, output)
        let fault = marks.fault ?? (ClaudeLimits.isClaude(id) ? Self.claudeFault(request, messages, id, more) : nil)
        if let fault { throw .invalid(ClaudeLimits.conversePrefix + fault) }
        request.joinTurns()
        self.request = request
        self.cacheTTL = cacheTTL
    }

    /// What ids begin with whose conversations may begin with an answer.
    /// - Source: pydantic-ai#6255, measured on Bedrock.
    private static let answeringFirst = ["anthropic.", "moonshot", "qwen.", "zai."]

    private static func checkTurns(_ messages: [Message], _ id: ModelID) throws(ServiceError) {
        let isBegun = messages.first?.role == .assistant && self.answeringFirst.contains(where: id.name.hasPrefix)
        guard isBegun || messages.first?.role == .user else {
            throw .invalid(
                "A conversation must start with a user message. Try again with a conversation that starts with a user "
                    + "message."
            )
        }
        for (index, message) in messages.enumerated() {
            guard !message.content.isEmpty else {
                throw .invalid(
                    "The content field in the Message object at messages.\(index) is empty. Add a ContentBlock object "
                        + "to the content field and try again."
                )
            }
        }
    }

    private static func checkTools(_ messages: [ChatRequest.Message], hasTools: Bool) throws(ServiceError) {
        var open: [String] = []
        for (index, message) in messages.enumerated() {
            var results: [String] = []
            var calls: [String] = []
            for part in message.parts {
                if case .toolResult(let id, _) = part { results.append(id) }
                if case .toolCall(let call) = part { calls.append(call.id) }
            }
            guard hasTools || (results.isEmpty && calls.isEmpty) else {
                throw .invalid(
                    "The toolConfig field must be defined when using toolUse and toolResult content blocks."
                )
            }
            try self.refuseTwice(results, "toolResult", at: index)
            try self.refuseTwice(calls, "toolUse", at: index)
            guard results.count <= open.count else {
                throw .invalid(
                    "The number of toolResult blocks at messages.\(index).content exceeds the number of toolUse blocks "
                        + "of previous turn."
                )
            }
            guard results.allSatisfy(open.contains) else {
                throw .invalid(
                    "The toolResult blocks at messages.\(index).content contain an id that no toolUse block of the "
                        + "previous turn has."
                )
            }
            let missing = open.filter { !results.contains($0) }
            guard missing.isEmpty else {
                throw .invalid(
                    "Expected toolResult blocks at messages.\(index).content for the following Ids: "
                        + missing.joined(separator: ", "))
            }
            open = calls
        }
    }

    /// - Source: the sentences that users report.
    private static func refuseTwice(_ ids: [String], _ kind: String, at index: Int) throws(ServiceError) {
        var known: Set<String> = []
        var twice: [String] = []
        for id in ids where !known.insert(id).inserted && !twice.contains(id) { twice.append(id) }
        guard !twice.isEmpty else { return }
        throw .invalid(
            "The \(kind) blocks at messages.\(index).content contain duplicate Ids: \(twice.joined(separator: ", "))")
    }

    private static func add(
        _ tools: ToolConfiguration, to request: inout ChatRequest, _ cacheTTL: inout CacheTTL?, ofClaude isClaude: Bool
    ) throws(ServiceError) {
        for (index, tool) in tools.tools.enumerated() {
            guard case .toolSpec(let specification) = tool else {
                if case .cachePoint(let point) = tool {
                    request.cachePoint = request.cachePoint ?? .init(message: nil)
                    cacheTTL = cacheTTL ?? point.ttl ?? ._5m
                    continue
                }
                throw .invalid("The tool at toolConfig.tools.\(index) is not supported by this model.")
            }
            guard case .json(let schema) = specification.inputSchema, case .object = schema else {
                throw ContentReader.noObject("toolConfig.tools.\(index).toolSpec.inputSchema.json")
            }
            guard schema["type"]?.text == "object" else {
                throw .invalid(
                    "The value at toolConfig.tools.\(index).toolSpec.inputSchema.json.type must be one of the "
                        + "following: object."
                )
            }
            if let sentence = ToolSchema.violation(in: schema)?.sentence {
                throw .invalid(
                    "The json schema definition at toolConfig.tools.\(index).toolSpec.inputSchema is invalid. Fix the "
                        + "following errors and try again: \(sentence)")
            }
            if isClaude, let fault = ToolSchema.claudeFault(schema) {
                throw .invalid(
                    "\(ClaudeLimits.conversePrefix)tools.\(request.tools.count).custom.input_schema\(fault)")
            }
            guard !request.tools.contains(where: { $0.name == specification.name }) else {
                throw .invalid("\(ClaudeLimits.conversePrefix)tools: Tool names must be unique.")
            }
            if specification.strict == true, let fault = StrictSchema.fault(in: schema) {
                throw .invalid("\(ClaudeLimits.conversePrefix)tools.\(index).custom: \(fault)")
            }
            request.tools.append(
                .init(
                    name: specification.name, description: specification.description ?? "", schema: schema,
                    isStrict: specification.strict ?? false))
        }
        if let fault = StrictSchema.fault(toolCount: request.tools.count(where: \.isStrict)) {
            throw .invalid(ClaudeLimits.conversePrefix + fault)
        }
        switch tools.toolChoice {
        case nil, .auto, .unknown: request.toolChoice = .auto
        case .any: request.toolChoice = .any
        case .tool(let choice):
            guard request.tools.contains(where: { $0.name == choice.name }) else {
                throw .invalid("The tool \(choice.name) of toolConfig.toolChoice is not among toolConfig.tools.")
            }
            request.toolChoice = .named(choice.name)
        }
    }

    private static func sampling(
        _ configuration: InferenceConfiguration?, _ more: Document?
    ) -> ChatRequest.Sampling {
        var sampling = ChatRequest.Sampling()
        sampling.tokensMax = configuration?.maxTokens
        sampling.temperature = configuration?.temperature
        sampling.topP = configuration?.topP
        sampling.stopSequences = configuration?.stopSequences ?? []
        // Nova's stands in an object of its own.
        sampling.topK = (more?["top_k"] ?? more?["topK"] ?? more?["inferenceConfig"]?["topK"])?.integer
        sampling.minP = more?["min_p"]?.double
        sampling.seed = more?["seed"]?.integer
        sampling.presencePenalty = more?["presence_penalty"]?.double
        sampling.frequencyPenalty = more?["frequency_penalty"]?.double
        return sampling
    }

    /// Whether to think, as Anthropic's and Nova's models are told, and how hard, as those of OpenAI are.
    private static func reasoning(
        _ more: Document?, _ output: OutputConfig?
    ) throws(ServiceError) -> ChatRequest.Reasoning? {
        let told = output?.effort.map { Document.string($0) } ?? more?["output_config"]?["effort"]
        try Self.check(effort: told)
        if let nova = more?["reasoningConfig"] ?? more?["inferenceConfig"]?["reasoningConfig"] {
            return NovaFamily.reasoning(nova)
        }
        let thinking = more?["thinking"] ?? more?["reasoning_config"]
        let effort = (told ?? more?["reasoning_effort"])?.text
        switch thinking?["type"]?.text {
        case "enabled", "adaptive":
            return .init(isOn: true, tokensMax: thinking?["budget_tokens"]?.integer, effort: effort)
        case "disabled": return .init(isOn: false)
        default: return effort.map { .init(isOn: true, effort: $0) }
        }
    }

    /// - Source: Amazon Bedrock API reference, OutputConfig, for the words; the sentence is Anthropic's.
    private static func check(effort: Document?) throws(ServiceError) {
        guard let effort else { return }
        do throws(ServiceError) {
            try BodyShape.object(["output_config": BodyShape.anthropicOutput]).check(
                .object(["output_config": .object(["effort": effort])]), .anthropic)
        } catch {
            throw .invalid(ClaudeLimits.conversePrefix + error.message)
        }
    }

    /// - Source: Amazon Bedrock User Guide, "Get validated JSON results from models"; the sentence that users report.
    private static func schema(_ output: OutputConfig?) throws(ServiceError) -> Document? {
        guard let format = output?.textFormat else { return nil }
        let place = "outputConfig.textFormat.structure.jsonSchema"
        guard case .jsonSchema(let definition) = format.structure, let schema = Document(json: definition.schema_)
        else {
            throw .invalid("The schema at \(place) is not a JSON document.")
        }
        guard case .object = schema else { throw ContentReader.noObject("\(place).schema") }
        if let fault = StrictSchema.fault(in: schema) {
            throw .invalid("\(ClaudeLimits.conversePrefix)output_config.format.schema: \(fault)")
        }
        return schema
    }
}

extension ServiceError {
    static func invalid(_ message: String) -> ServiceError {
        BedrockRuntimeError.validation(message: message)
    }

    /// What a client is told of a model's failure.
    init(_ error: InferenceError) {
        switch error {
        case .unsupported(let sentence):
            self = .invalid(sentence)
        case .contextExceeded:
            self = .invalid("Input is too long for requested model.")
        case .failed, .unreached:
            self = BedrockRuntimeError.modelError(
                message: "The model failed while it answered; the server's log names the reason.")
        case .refused(let status, let sentence):
            self = BedrockRuntimeError.modelError(message: sentence, originalStatusCode: status)
        case .notReady(let sentence):
            self = BedrockRuntimeError.modelNotReady(message: sentence)
        case .busy:
            self = BedrockRuntimeError.throttling(
                message: "Too many requests, please wait before trying again.")
        case .timedOut(let seconds):
            self = BedrockRuntimeError.modelTimeout(
                message: "The model did not answer within \(seconds) seconds.")
        case .noEngine(let sentence), .tooLarge(let sentence):
            self = BedrockRuntimeError.serviceUnavailable(message: sentence)
        }
    }
}
