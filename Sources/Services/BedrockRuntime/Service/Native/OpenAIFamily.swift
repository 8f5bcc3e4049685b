internal import Inference
internal import ServiceModel

/// `openai.…`, `qwen.…`, `deepseek.…` and others: chat completions.
struct OpenAIFamily: NativeFamily {
    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        var request = ChatRequest(messages: [])
        for message in try body.required("messages").elements {
            let text =
                message["content"]?.text
                ?? (message["content"]?.elements ?? []).compactMap { $0["text"]?.text }.joined(separator: "\n")
            switch message["role"]?.text {
            case "system", "developer": request.system.append(text)
            case "assistant": request.messages.append(.init(role: .assistant, parts: Self.assistant(message, text)))
            case "tool":
                let id = message["tool_call_id"]?.text ?? ""
                request.messages.append(.init(role: .user, parts: [.toolResult(callID: id, text: text)]))
            default: request.messages.append(.init(role: .user, parts: [.text(text)]))
            }
        }
        guard !request.messages.isEmpty else { throw .invalid("messages must not be empty") }
        for tool in body["tools"]?.elements ?? [] {
            guard let function = tool["function"] else { continue }
            request.tools.append(
                .init(
                    name: function["name"]?.text ?? "", description: function["description"]?.text ?? "",
                    schema: function["parameters"] ?? .object([])))
        }
        switch body["tool_choice"] {
        case .string("required")?: request.toolChoice = .any
        case .string("none")?: request.toolChoice = .never
        case let choice?: if let name = choice["function"]?["name"]?.text { request.toolChoice = .named(name) }
        case nil: break
        }
        request.sampling.tokensMax = (body["max_completion_tokens"] ?? body["max_tokens"])?.integer
        request.sampling.temperature = body["temperature"]?.double
        request.sampling.topP = body["top_p"]?.double
        if let stop = body["stop"]?.text { request.sampling.stopSequences = [stop] }
        if let stops = body["stop"]?.texts, !stops.isEmpty { request.sampling.stopSequences = stops }
        return request
    }

    private static func assistant(_ message: Document, _ text: String) -> [ChatRequest.Part] {
        var parts: [ChatRequest.Part] = text.isEmpty ? [] : [.text(text)]
        for call in message["tool_calls"]?.elements ?? [] {
            let arguments = call["function"]?["arguments"]?.text.flatMap { JSONText.document($0) }
            parts.append(
                .toolCall(
                    ToolCall(
                        id: call["id"]?.text ?? "", name: call["function"]?["name"]?.text ?? "",
                        arguments: arguments ?? .object([]))))
        }
        return parts
    }

    func response(_ reply: ChatReply, _ id: ModelID) -> Document {
        let calls = reply.events.compactMap { event -> Document? in
            if case .toolCall(let call) = event { Self.call(call, index: nil) } else { nil }
        }
        let message = Document.object([
            "role": .string("assistant"), "content": reply.text.isEmpty ? .null : .string(reply.text),
            "tool_calls": calls.isEmpty ? nil : .array(calls),
        ])
        let choice = Document.object([
            "index": .number(0), "message": message, "finish_reason": .string(Self.finish(reply.outcome)),
        ])
        return .object([
            "object": .string("chat.completion"), "model": .string(id.name), "choices": .array([choice]),
            "usage": Self.usage(reply.outcome),
        ])
    }

    func chunks(_ id: ModelID) -> any NativeChunks { OpenAIChunks(id: id) }

    fileprivate static func call(_ call: ToolCall, index: Int?) -> Document {
        .object([
            "index": index.map { .number($0) }, "id": .string(call.id), "type": .string("function"),
            "function": .object([
                "name": .string(call.name), "arguments": .string(JSONText.text(call.arguments)),
            ]),
        ])
    }

    fileprivate static func finish(_ outcome: ChatOutcome) -> String {
        switch outcome.stopReason {
        case .endOfTurn, .stopSequence, .malformedToolCall: "stop"
        case .toolCall: "tool_calls"
        case .tokensMax, .contextFull: "length"
        }
    }

    fileprivate static func usage(_ outcome: ChatOutcome) -> Document {
        .object([
            "prompt_tokens": .number(outcome.inputTokens), "completion_tokens": .number(outcome.outputTokens),
            "total_tokens": .number(outcome.inputTokens + outcome.outputTokens),
            "prompt_tokens_details": .object(["cached_tokens": .number(outcome.cachedInputTokens)]),
        ])
    }
}

/// Chat completion chunks.
private struct OpenAIChunks: NativeChunks {
    let id: ModelID
    private var callCount = 0
    private var hasBegun = false

    init(id: ModelID) {
        self.id = id
    }

    mutating func chunks(_ event: ChatEvent) -> [Document] {
        let role: Document? = self.hasBegun ? nil : .string("assistant")
        switch event {
        case .text(let text):
            self.hasBegun = true
            return [self.chunk(.object(["role": role, "content": .string(text)]), nil)]
        case .toolCall(let call):
            self.hasBegun = true
            defer { self.callCount += 1 }
            let calls = Document.array([OpenAIFamily.call(call, index: self.callCount)])
            return [self.chunk(.object(["role": role, "tool_calls": calls]), nil)]
        case .reasoning: return []
        }
    }

    mutating func end(_ outcome: ChatOutcome) -> [Document] {
        [self.chunk(.object([]), outcome)]
    }

    private func chunk(_ delta: Document, _ outcome: ChatOutcome?) -> Document {
        let choice = Document.object([
            "index": .number(0), "delta": delta,
            "finish_reason": outcome.map { .string(OpenAIFamily.finish($0)) } ?? .null,
        ])
        return .object([
            "object": .string("chat.completion.chunk"), "model": .string(self.id.name), "choices": .array([choice]),
            "usage": outcome.map(OpenAIFamily.usage),
        ])
    }
}
