internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

/// A conversation of Converse, checked and converted to the form for a model.
/// - Source: answers of Bedrock; the sentences are those that SDK users report.
struct ConversePlan {
    var request = ChatRequest(messages: [])
    /// The TTL of the request's last cache point; nil without cache points.
    private(set) var cacheTTL: CacheTTL?

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

    /// Order of checks: those that do not depend on contents, attachments and contents, tools, and finally those of the
    /// model.
    private init(
        _ id: ModelID, messages: [Message]?, system: [SystemContentBlock]?, tools: ToolConfiguration?,
        inference: InferenceConfiguration?, more: Document?, output: OutputConfig?
    ) async throws(ServiceError) {
        let isClaude = ClaudeLimits.isClaude(id)
        var messages = messages ?? []
        guard more.map({ if case .object = $0 { true } else { false } }) ?? true else {
            throw ContentReader.noObject("additionalModelRequestFields")
        }
        try OutputTokens.check(inference?.maxTokens, id)
        try Self.checkTurns(messages, id)
        try Self.checkSpeakers(messages)
        let marks = try Self.cacheMarks(messages, system, tools, ofClaude: isClaude)
        if isClaude { try Self.checkThoughts(messages) }

        let limits = try AttachmentLimits(id.name, messages)
        messages = try await Documents.read(messages, limits)
        for (index, message) in messages.enumerated() { try self.add(message, at: index, limits) }
        try Self.checkTools(self.request.messages, hasTools: tools != nil)
        try self.addSystem(system ?? [])
        if let tools { try self.addTools(tools, ofClaude: isClaude) }
        if isClaude {
            try Self.addClaudeChoice(more?["tool_choice"], beside: tools?.toolChoice, to: &self.request)
        }
        try self.addSettings(inference, more, output)

        let fault = marks.fault ?? (isClaude ? Self.claudeFault(self.request, messages, id, more) : nil)
        if let fault { throw .invalid(ClaudeLimits.conversePrefix + fault) }
        self.request.joinTurns()
    }

    private mutating func add(_ message: Message, at index: Int, _ limits: AttachmentLimits) throws(ServiceError) {
        let place = "messages.\(index)"
        var parts: [ChatRequest.Part] = []
        for (position, block) in message.content.enumerated() {
            if case .cachePoint(let point) = block {
                self.request.cachePoint = .init(message: index, partCount: parts.count)
                self.cacheTTL = point.ttl ?? ._5m
            }
            let reader = ContentReader(
                place: "\(place).content.\(position)", limits: limits, number: position + 1)
            parts += try reader.parts(block)
        }
        self.request.messages.append(.init(role: message.role == .assistant ? .assistant : .user, parts: parts))
        if let sentence = ToolTurns.misplaced(self.request.messages[index]) {
            throw .invalid("\(ClaudeLimits.conversePrefix)\(place): \(sentence)")
        }
    }

    private mutating func addSystem(_ blocks: [SystemContentBlock]) throws(ServiceError) {
        for (index, block) in blocks.enumerated() {
            switch block {
            case .text(let text): self.request.system.append(text)
            case .cachePoint(let point): self.keepBeginning(point)
            case .guardContent, .unknown:
                throw .invalid("The block at system.\(index) is not supported by this model.")
            }
        }
    }

    /// Records a cache point of the system or the tools, which precede all messages: one in a message includes them,
    /// and takes precedence.
    mutating func keepBeginning(_ point: CachePointBlock) {
        self.request.cachePoint = self.request.cachePoint ?? .init(message: nil)
        self.cacheTTL = self.cacheTTL ?? point.ttl ?? ._5m
    }
}
