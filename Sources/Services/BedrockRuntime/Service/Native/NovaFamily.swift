internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// `amazon.nova…`: the shapes of Converse as a body.
/// - Source: Amazon Nova User Guide, "Complete request schema".
struct NovaFamily: NativeFamily {
    func readingDocuments(_ body: Document) async throws(ServiceError) -> Document { try await NativePDFs.read(body) }

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        // lobehub#5203 and rollwagen/bods#51: of several findings only the first is reported.
        try BodyShape.nova.check(body, .amazon, isFirstOnly: true)
        var request = ChatRequest(messages: [])
        for (index, message) in try body.required("messages").elements.enumerated() {
            let role: ChatRequest.Role = message["role"]?.text == "assistant" ? .assistant : .user
            var parts: [ChatRequest.Part] = []
            let blocks = message["content"]?.elements ?? []
            guard !blocks.isEmpty else {
                throw BodyCheck.malformed("#/messages/\(index)/content: expected minimum item count: 1, found: 0")
            }
            for (position, block) in blocks.enumerated() {
                parts += try NovaContent(index, position).parts(block)
                if block["cachePoint"] != nil { request.cachePoint = .init(message: index, partCount: parts.count) }
            }
            request.messages.append(.init(role: role, parts: parts))
            if let sentence = ToolTurns.misplaced(request.messages[index]) {
                throw .invalid("Malformed input request: messages.\(index): \(sentence)")
            }
        }
        guard !request.messages.isEmpty else {
            throw BodyCheck.malformed("#/messages: expected minimum item count: 1, found: 0")
        }
        request.system = (body["system"]?.elements ?? []).compactMap { $0["text"]?.text }
        if request.cachePoint == nil, (body["system"]?.elements ?? []).contains(where: { $0["cachePoint"] != nil }) {
            request.cachePoint = .init(message: nil)
        }
        let configuration = body["inferenceConfig"]
        request.sampling.tokensMax = (configuration?["maxTokens"] ?? configuration?["max_new_tokens"])?.integer
        request.sampling.temperature = configuration?["temperature"]?.double
        request.sampling.topP = configuration?["topP"]?.double
        request.sampling.topK = (configuration?["topK"] ?? body["topK"])?.integer
        request.sampling.stopSequences = configuration?["stopSequences"]?.texts ?? []
        for tool in body["toolConfig"]?["tools"]?.elements ?? [] {
            guard let specification = tool["toolSpec"] else { continue }
            request.tools.append(
                .init(
                    name: specification["name"]?.text ?? "", description: specification["description"]?.text ?? "",
                    schema: specification["inputSchema"]?["json"] ?? .object([])))
        }
        request.reasoning = (body["reasoningConfig"] ?? configuration?["reasoningConfig"]).flatMap(Self.reasoning)
        let choice = body["toolConfig"]?["toolChoice"]
        if choice?["any"] != nil { request.toolChoice = .any }
        if let name = choice?["tool"]?["name"]?.text { request.toolChoice = .named(name) }
        if let name = request.missingTool {
            throw .invalid(
                "Malformed input request: #/toolConfig/toolChoice/tool/name: \(name) is not among the tools.")
        }
        return request
    }

    /// `{"type": "enabled", "maxReasoningEffort": "low"}`
    /// - Source: Amazon Nova 2 User Guide, "Extended thinking".
    static func reasoning(_ document: Document) -> ChatRequest.Reasoning? {
        switch document["type"]?.text {
        case "enabled": .init(isOn: true, effort: document["maxReasoningEffort"]?.text)
        case "disabled": .init(isOn: false)
        default: nil
        }
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        var blocks: [Document] = []
        if !reply.reasoning.isEmpty {
            let thought = Document.object(["text": .string(reply.reasoning)])
            blocks.append(.object(["reasoningContent": .object(["reasoningText": thought])]))
        }
        if !reply.text.isEmpty { blocks.append(.object(["text": .string(reply.text)])) }
        for case .toolCall(let call) in reply.events {
            let use = Document.object([
                "toolUseId": .string(CallIDs.converse.id(call)), "name": .string(call.name),
                "input": call.arguments,
            ])
            blocks.append(.object(["toolUse": use]))
        }
        let message = Document.object(["role": .string("assistant"), "content": .array(blocks)])
        return .object([
            "output": .object(["message": message]), "stopReason": .string(Self.stopReason(reply.outcome)),
            "usage": Self.usage(reply.outcome),
        ])
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { NovaChunks() }

    fileprivate static func stopReason(_ outcome: ChatOutcome) -> String {
        outcome.converseStopReason.rawValue
    }

    fileprivate static func usage(_ outcome: ChatOutcome) -> Document {
        .object([
            "inputTokens": .number(outcome.uncachedInputTokens), "outputTokens": .number(outcome.outputTokens),
            "cacheReadInputTokenCount": .number(outcome.cacheReadTokens),
            "cacheWriteInputTokenCount": .number(outcome.cacheWriteTokens),
            "totalTokens": .number(outcome.inputTokens + outcome.outputTokens),
        ])
    }
}

/// The events of ConverseStream, each as an object with the event's name as its member.
private struct NovaChunks: NativeChunks {
    private enum Block {
        case none, text, reasoning
    }

    private var hasBegun = false
    private var open = Block.none
    private var index = 0

    mutating func chunks(_ event: ChatEvent) -> [Document] {
        var chunks = self.begin()
        switch event {
        case .text(let text):
            chunks += self.begin(.text)
            chunks.append(self.delta(.object(["text": .string(text)])))
        case .toolCall(let call):
            chunks += self.close()
            let id = CallIDs.converse.id(call)
            let start = Document.object(["toolUseId": .string(id), "name": .string(call.name)])
            chunks.append(
                self.event("contentBlockStart", ("start", .object(["toolUse": start]))))
            let input = Document.object(["input": .string(call.arguments.jsonText)])
            chunks.append(self.delta(.object(["toolUse": input])))
            chunks.append(self.stop())
        case .reasoning(let text):
            chunks += self.begin(.reasoning)
            let thought = Document.object(["text": .string(text)])
            chunks.append(self.delta(.object(["reasoningContent": thought])))
        }
        return chunks
    }

    mutating func end(_ outcome: ChatOutcome) -> [Document] {
        self.begin() + self.close() + [
            .object(["messageStop": .object(["stopReason": .string(NovaFamily.stopReason(outcome))])]),
            .object(["metadata": .object(["usage": NovaFamily.usage(outcome)])]),
        ]
    }

    private mutating func begin() -> [Document] {
        guard !self.hasBegun else { return [] }
        self.hasBegun = true
        return [.object(["messageStart": .object(["role": .string("assistant")])])]
    }

    private func delta(_ delta: Document) -> Document {
        self.event("contentBlockDelta", ("delta", delta))
    }

    private func event(_ name: String, _ member: (String, Document)) -> Document {
        let body = Document.object([.init(member.0, member.1), .init("contentBlockIndex", .number(self.index))])
        return .object([.init(name, body)])
    }

    private mutating func stop() -> Document {
        defer { self.index += 1 }
        return .object(["contentBlockStop": .object(["contentBlockIndex": .number(self.index)])])
    }

    /// Starts a text or reasoning block, unless one of that kind is open.
    private mutating func begin(_ block: Block) -> [Document] {
        guard self.open != block else { return [] }
        let chunks = self.close()
        self.open = block
        return chunks
    }

    private mutating func close() -> [Document] {
        guard self.open != .none else { return [] }
        self.open = .none
        return [self.stop()]
    }
}
