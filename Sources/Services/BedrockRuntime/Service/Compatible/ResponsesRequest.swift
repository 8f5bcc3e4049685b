internal import Inference
internal import ServiceModel
internal import WireProtocols

/// Converts a body of OpenAI's Responses API to a conversation.
/// - Source: OpenAI API reference, "Create a model response".
struct ResponsesRequest {
    private(set) var chat = ChatRequest(messages: [])
    /// The ids of calls without a result so far.
    private var calls: [String] = []
    /// The number of calls without an output, by their id.
    private var openCalls: [String: Int] = [:]

    private let earlier: EarlierItems

    init(_ body: Document, _ earlier: EarlierItems) throws(ServiceError) {
        self.earlier = earlier
        try Self.refuseMoved(body)
        try BodyShape.response.check(body, .openAI)
        try OpenAIRules.check(body)
        try Self.refuseUnsupported(body)
        try Self.refuseProbabilities(body)
        if let text = body["instructions"]?.text { self.chat.system.append(text) }
        if let previous = body["previous_response_id"]?.text {
            guard let items = earlier.items(upTo: previous) else { throw Self.noResponse(previous) }
            for item in items { try self.add(item, at: 0) }
        }
        switch body["input"] {
        case .string(let text)?: self.add(.user, [.text(text)])
        case .array(let items)?:
            guard !items.isEmpty else { throw Self.inputFault("The input must have at least one message.") }
            for (index, item) in items.enumerated() { try self.add(item, at: index) }
        default: throw OpenAIRules.missing("input")
        }
        if let call = self.calls.first(where: { self.openCalls[$0] != nil }) {
            throw Self.inputFault("No tool output found for function call \(call).")
        }
        try self.addTools(body)
        self.addSampling(body)
        let instructionCount = body["instructions"]?.text == nil ? 0 : 1
        try self.addFormat(body["text"]?["format"], told: self.chat.system.dropFirst(instructionCount))
        if let effort = body["reasoning"]?["effort"]?.text {
            self.chat.reasoning = ChatRequest.Reasoning(isOn: effort != "none", effort: effort)
        }
    }

    /// The conversation of a body. One that continues another may be long although it is short itself: it is parsed off
    /// the event loop.
    static func chat(_ body: Document, _ earlier: EarlierItems) async throws(ServiceError) -> ChatRequest {
        let refers =
            body["previous_response_id"]?.text != nil
            || (body["input"]?.elements ?? []).contains { self.isReference($0) }
        guard refers else { return try ResponsesRequest(body, earlier).chat }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(ServiceError) in
            try ResponsesRequest(body, earlier).chat
        }
    }

    /// The input as items, with references replaced by the referenced items.
    static func items(of body: Document, _ earlier: EarlierItems) -> [Document] {
        guard let text = body["input"]?.text else {
            return (body["input"]?.elements ?? []).map { item in
                self.isReference(item) ? item["id"]?.text.flatMap(earlier.item) ?? item : item
            }
        }
        return [.object(["role": .string("user"), "content": .string(text)])]
    }

    private static func noResponse(_ id: String) -> ServiceError {
        OpenAIRules.fault(
            "Previous response with id '\(id)' not found.", "previous_response_id", "previous_response_not_found")
    }

    private static func refuseUnsupported(_ body: Document) throws(ServiceError) {
        if body["background"] == .boolean(true) {
            throw OpenAIRules.fault("background is not supported by this version of Brume.", "background", nil)
        }
        for name in ["conversation", "prompt"] where body[name].map({ $0 != .null }) ?? false {
            throw OpenAIRules.fault("\(name) is not supported by this version of Brume.", name, nil)
        }
    }

    private static func refuseProbabilities(_ body: Document) throws(ServiceError) {
        if let count = body["top_logprobs"]?.integer, count > 0 { throw OpenAIRules.unsupported("top_logprobs") }
        let wanted = "message.output_text.logprobs"
        guard body["include"]?.texts.contains(wanted) ?? false else { return }
        throw OpenAIRules.fault(
            "Unsupported value: '\(wanted)' is not supported with this model.", "include", "unsupported_value")
    }

    /// Members of Chat Completions, with their equivalents in the Responses API.
    private static let moved = [
        "messages": "input", "response_format": "text.format", "max_tokens": "max_output_tokens",
        "max_completion_tokens": "max_output_tokens", "reasoning_effort": "reasoning.effort",
    ]

    /// Members of Chat Completions without an equivalent, with OpenAI's hint about a likely typo.
    private static let unknown = [
        "stop": " Did you mean 'store'?", "seed": "", "n": "", "presence_penalty": "", "frequency_penalty": "",
        "logit_bias": "", "logprobs": "", "functions": "", "function_call": "",
    ]

    /// Members that would have an effect in Chat Completions must not be ignored.
    /// - Source: the sentences that users of the API report (openJiuwen-ai/agent-core#768 for `stop`).
    private static func refuseMoved(_ body: Document) throws(ServiceError) {
        for member in body.members where member.value != .null {
            if let hint = self.unknown[member.name] {
                throw OpenAIRules.fault(
                    "Unknown parameter: '\(member.name)'.\(hint)", member.name, "unknown_parameter")
            }
            guard let place = self.moved[member.name] else { continue }
            throw OpenAIRules.fault(
                "Unsupported parameter: '\(member.name)'. In the Responses API, this parameter has moved to "
                    + "'\(place)'. Try again with the new parameter. See the API documentation for more information: "
                    + "https://platform.openai.com/docs/api-reference/responses/create.", "", "unsupported_parameter")
        }
    }

    /// - Source: the sentences that users of the API report.
    private static func inputFault(_ message: String) -> ServiceError {
        OpenAIRules.fault(message, "input", nil)
    }

    /// Adds parts to the current turn if the role is the same, or starts a new turn.
    private mutating func add(_ role: ChatRequest.Role, _ parts: [ChatRequest.Part]) {
        if let last = self.chat.messages.indices.last, self.chat.messages[last].role == role {
            self.chat.messages[last].parts += parts
        } else {
            self.chat.messages.append(.init(role: role, parts: parts))
        }
    }

    private mutating func add(_ item: Document, at index: Int) throws(ServiceError) {
        switch Self.isReference(item) ? "item_reference" : item["type"]?.text ?? "message" {
        case "message": try self.addMessage(item, at: index)
        case "item_reference": try self.add(try self.referred(item, at: index), at: index)
        case "function_call":
            try Self.require(["call_id", "name", "arguments"], of: item, at: index)
            let arguments = item["arguments"]?.text.flatMap { Document(json: $0) } ?? .object([])
            let call = ToolCall(
                id: item["call_id"]?.text ?? "", name: item["name"]?.text ?? "", arguments: arguments)
            self.calls.append(call.id)
            self.openCalls[call.id, default: 0] += 1
            self.add(.assistant, [.toolCall(call)])
        case "function_call_output":
            try Self.require(["call_id", "output"], of: item, at: index)
            let id = item["call_id"]?.text ?? ""
            guard let count = self.openCalls[id] else {
                throw Self.inputFault("No tool call found for function call output with call_id \(id).")
            }
            self.openCalls[id] = count > 1 ? count - 1 : nil
            var content = ToolResultContent(number: index + 1, isError: false)
            for part in try OpenAIContent.parts(item["output"], .responses, at: "input[\(index)].output") {
                if case .text(let text) = part { content.add(text) } else { content.add(part) }
            }
            self.add(.user, content.parts(callID: id))
        case "reasoning":
            let text = (item["content"]?.elements ?? []).compactMap { $0["text"]?.text }.joined(separator: "\n")
            if !text.isEmpty { self.add(.assistant, [.reasoning(text)]) }
        case let type:
            let place = "input[\(index)].type"
            throw OpenAIRules.fault(
                "Invalid value: '\(type)' at '\(place)' is not supported.", place, "invalid_value")
        }
    }

    /// Whether an item is a reference to another one by its id; the type is optional.
    private static func isReference(_ item: Document) -> Bool {
        item["type"]?.text.map { $0 == "item_reference" } ?? (item["role"] == nil && item["id"] != nil)
    }

    /// The item to which a reference points: an input or output item of an earlier response.
    /// - Source: the sentence that users of OpenAI's API report.
    private func referred(_ item: Document, at index: Int) throws(ServiceError) -> Document {
        try Self.require(["id"], of: item, at: index)
        let id = item["id"]?.text ?? ""
        if let item = self.earlier.item(id) {
            guard self.earlier.charge(item) else {
                throw OpenAIRules.fault(
                    "Input is too long for requested model.", "input", "context_length_exceeded")
            }
            return item
        }
        let message =
            "Item with id '\(id)' not found. Items are not persisted when `store` is set to false. Try again with "
            + "`store` set to true, or remove this item from your input."
        throw ServiceError(
            code: "ItemNotFound", status: 404, message: message,
            detail: MemberFault(message: message, member: "input", code: nil))
    }

    private static func require(_ names: [String], of item: Document, at index: Int) throws(ServiceError) {
        for name in names where item[name].map({ $0 == .null }) ?? true {
            throw OpenAIRules.missing("input[\(index)].\(name)")
        }
    }

    private mutating func addMessage(_ item: Document, at index: Int) throws(ServiceError) {
        let place = "input[\(index)]"
        guard let role = item["role"]?.text else { throw OpenAIRules.missing("\(place).role") }
        guard ["assistant", "system", "developer", "user"].contains(role) else {
            throw OpenAIRules.fault(
                "Invalid value: '\(role)'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
                "\(place).role", "invalid_value")
        }
        guard let content = item["content"], content != .null else { throw OpenAIRules.missing("\(place).content") }
        let notation = role == "assistant" ? OpenAIContent.Notation.answer : .responses
        let parts = try OpenAIContent.parts(content, notation, at: "\(place).content")
        switch role {
        case "assistant": self.add(.assistant, parts)
        case "user": self.add(.user, parts)
        default: self.chat.system.append(OpenAIContent.text(content))
        }
    }

    private mutating func addTools(_ body: Document) throws(ServiceError) {
        for (index, tool) in (body["tools"]?.elements ?? []).enumerated() {
            guard let type = tool["type"]?.text else { throw OpenAIRules.missing("tools[\(index)].type") }
            guard type == "function" else {
                throw OpenAIRules.fault(
                    "The tool at 'tools[\(index)]' is not supported: only functions are.", "tools[\(index)].type", nil)
            }
            let place = "tools[\(index)].name"
            guard let name = tool["name"]?.text else { throw OpenAIRules.missing(place) }
            try OpenAIRules.check(name: name, at: place)
            try OpenAIRules.check(
                parameters: tool["parameters"], of: name, isStrict: tool["strict"] == .boolean(true),
                at: "tools[\(index)].parameters")
            self.chat.tools.append(
                .init(
                    name: name, description: tool["description"]?.text ?? "",
                    schema: OpenAISchema.parameters(tool["parameters"]), isStrict: tool["strict"] == .boolean(true)))
        }
        try OpenAIToolChoice.apply(body["tool_choice"], to: &self.chat, .responses)
        self.chat.allowsParallelCalls = body["parallel_tool_calls"] != .boolean(false)
    }

    private mutating func addSampling(_ body: Document) {
        self.chat.sampling.tokensMax = body["max_output_tokens"]?.integer
        self.chat.sampling.temperature = body["temperature"]?.double
        self.chat.sampling.topP = body["top_p"]?.double
    }

    private mutating func addFormat(_ format: Document?, told: ArraySlice<String>) throws(ServiceError) {
        guard let format, format != .null else { return }
        switch format["type"]?.text {
        case nil: throw OpenAIRules.missing("text.format.type")
        case "json_schema":
            try OpenAIRules.check(format: format, at: "text.format")
            self.chat.answerSchema = format["schema"]
        case "json_object":
            let texts = self.chat.messages.lazy.flatMap(\.parts).compactMap { part -> String? in
                switch part {
                case .text(let text), .toolResult(_, let text): text
                default: nil
                }
            }
            // The word counts in input items with the system role (miracodeai/mira#267), but not in the instructions.
            guard texts.contains(where: OpenAISchema.mentionsJSON) || told.contains(where: OpenAISchema.mentionsJSON)
            else {
                throw Self.inputFault(
                    "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
                        + "'json_object'.")
            }
            self.chat.answerSchema = .object(["type": .string("object")])
        default: break
        }
    }
}
