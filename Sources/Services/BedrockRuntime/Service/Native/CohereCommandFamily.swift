internal import Inference
internal import ServiceModel
internal import WireProtocols

/// `cohere.command-r…`: one message and the preceding conversation.
/// - Source: Bedrock User Guide, "Cohere Command R and Command R+ models".
struct CohereCommandFamily: NativeFamily {
    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.cohereCommand.check(body, .amazon)
        // These change the content of the answer.
        for name in ["search_queries_only", "return_prompt"] where body[name] == .boolean(true) {
            throw .invalid("\(name) is not supported by this version of Brume.")
        }
        let message = try body.required("message").text ?? ""
        var request = ChatRequest(messages: [])
        if let preamble = body["preamble"]?.text { request.system.append(preamble) }
        if let documents = Self.documents(body) { request.system.append(documents) }
        for turn in body["chat_history"]?.elements ?? [] {
            let role: ChatRequest.Role = turn["role"]?.text == "CHATBOT" ? .assistant : .user
            request.messages.append(.init(role: role, parts: [.text(turn["message"]?.text ?? "")]))
        }
        if !message.isEmpty { request.messages.append(.init(role: .user, parts: [.text(message)])) }
        Self.addToolResults(body, to: &request)
        guard !request.messages.isEmpty else {
            throw .invalid("invalid request: message must be at least 1 token long or tool results must be specified.")
        }
        for tool in body["tools"]?.elements ?? [] {
            request.tools.append(
                .init(
                    name: tool["name"]?.text ?? "", description: tool["description"]?.text ?? "",
                    schema: Self.schema(tool["parameter_definitions"])))
        }
        request.sampling.tokensMax = body["max_tokens"]?.integer
        request.sampling.temperature = body["temperature"]?.double
        request.sampling.topP = body["p"]?.double
        request.sampling.topK = body["k"]?.double.map { Int($0) }
        request.sampling.presencePenalty = body["presence_penalty"]?.double
        request.sampling.frequencyPenalty = body["frequency_penalty"]?.double
        request.sampling.seed = body["seed"]?.integer
        request.sampling.stopSequences = body["stop_sequences"]?.texts ?? []
        return request
    }

    /// The documents that ground the answer, as one text.
    private static func documents(_ body: Document) -> String? {
        let documents = body["documents"]?.elements ?? []
        guard !documents.isEmpty else { return nil }
        return documents.map { document in
            document.members.map { "\($0.name): \($0.value.text ?? $0.value.jsonText)" }.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// Cohere's calls have no ids: a call and its result are one entry, whose position serves as the id.
    private static func addToolResults(_ body: Document, to request: inout ChatRequest) {
        let results = body["tool_results"]?.elements ?? []
        guard !results.isEmpty else { return }
        var calls: [ChatRequest.Part] = []
        var parts: [ChatRequest.Part] = []
        for (index, result) in results.enumerated() {
            let id = "call_\(index)"
            let call = ToolCall(
                id: id, name: result["call"]?["name"]?.text ?? "",
                arguments: result["call"]?["parameters"] ?? .object([]))
            calls.append(.toolCall(call))
            parts.append(.toolResult(callID: id, text: (result["outputs"] ?? .array([])).jsonText))
        }
        request.messages.append(.init(role: .assistant, parts: calls))
        request.messages.append(.init(role: .user, parts: parts))
    }

    /// Converts `parameter_definitions` to a JSON Schema.
    private static func schema(_ definitions: Document?) -> Document {
        let types = ["str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array"]
        var properties: [Document.Member] = []
        var required: [Document] = []
        for definition in definitions?.members ?? [] {
            let type = definition.value["type"]?.text ?? "str"
            let name = types[String(type.prefix { $0 != "[" }.lowercased())] ?? type
            let property = Document.object([
                "type": .string(name), "description": definition.value["description"],
            ])
            properties.append(.init(definition.name, property))
            if definition.value["required"] == .boolean(true) { required.append(.string(definition.name)) }
        }
        return .object([
            "type": .string("object"), "properties": .object(properties), "required": .array(required),
        ])
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        Self.response(reply.text, Self.calls(reply.events), reply.outcome, stamp)
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { CohereChunks(stamp: stamp) }

    private static func calls(_ events: [ChatEvent]) -> [Document] {
        events.compactMap { event in
            if case .toolCall(let call) = event { self.call(call) } else { nil }
        }
    }

    fileprivate static func call(_ call: ToolCall) -> Document {
        .object(["name": .string(call.name), "parameters": call.arguments])
    }

    fileprivate static func response(
        _ text: String, _ calls: [Document], _ outcome: ChatOutcome, _ stamp: AnswerStamp
    ) -> Document {
        .object([
            "response_id": .string("\(stamp.token)-response"), "text": .string(text),
            "generation_id": .string(stamp.token), "finish_reason": .string(self.finish(outcome)),
            "tool_calls": calls.isEmpty ? nil : .array(calls),
            "meta": .object([
                "api_version": .object(["version": .string("1")]),
                "billed_units": .object([
                    "input_tokens": .number(outcome.inputTokens), "output_tokens": .number(outcome.outputTokens),
                ]),
            ]),
        ])
    }

    fileprivate static func finish(_ outcome: ChatOutcome) -> String {
        switch outcome.stopReason {
        case .tokensMax: "MAX_TOKENS"
        case .contextFull: "ERROR_LIMIT"
        case .stopSequence: "STOP_SEQUENCE"
        case .endOfTurn, .toolCall, .malformedToolCall, .malformedAnswer: "COMPLETE"
        }
    }
}

/// The events of a streamed answer.
private struct CohereChunks: NativeChunks {
    let stamp: AnswerStamp
    private var text = ""
    private var calls: [Document] = []

    init(stamp: AnswerStamp) {
        self.stamp = stamp
    }

    mutating func chunks(_ event: ChatEvent) -> [Document] {
        switch event {
        case .text(let text):
            self.text += text
            return [Self.event("text-generation", [.init("text", .string(text))])]
        case .toolCall(let call):
            self.calls.append(CohereCommandFamily.call(call))
            return []
        case .reasoning: return []
        }
    }

    mutating func end(_ outcome: ChatOutcome) -> [Document] {
        let calls =
            self.calls.isEmpty
            ? [] : [Self.event("tool-calls-generation", [.init("tool_calls", .array(self.calls))])]
        let response = CohereCommandFamily.response(self.text, self.calls, outcome, self.stamp)
        return calls + [
            .object([
                "is_finished": .boolean(true), "event_type": .string("stream-end"), "response": response,
                "finish_reason": .string(CohereCommandFamily.finish(outcome)),
            ])
        ]
    }

    private static func event(_ type: String, _ members: [Document.Member]) -> Document {
        .object([.init("is_finished", .boolean(false)), .init("event_type", .string(type))] + members)
    }
}
