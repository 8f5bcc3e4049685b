internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// A chat request in the format of OpenAI's API.
struct ChatBody {
    /// The members that determine the prompt: messages, tools and template options.
    static func prompt(
        _ request: ChatRequest, isOwnEngine: Bool, isAnswerBegun: Bool = true
    ) -> [Document.Member] {
        var members: [Document.Member] = [.init("messages", .array(self.messages(request)))]
        if !isAnswerBegun { members.append(.init("add_generation_prompt", .boolean(false))) }
        if !request.tools.isEmpty { members.append(.init("tools", .array(request.tools.map(self.tool)))) }
        if let reasoning = request.reasoning {
            if isOwnEngine {
                members.append(
                    .init("chat_template_kwargs", .object(["enable_thinking": .boolean(reasoning.isOn)])))
            }
            if let effort = reasoning.effort { members.append(.init("reasoning_effort", .string(effort))) }
        }
        return members
    }

    /// The members for sampling. OpenAI's API lacks `top_k` and `min_p`; vLLM and SGLang support them, and other
    /// servers may refuse them.
    static func sampling(_ sampling: ChatRequest.Sampling) -> [Document.Member] {
        var members: [Document.Member] = []
        func add(_ name: String, _ value: Document?) {
            if let value { members.append(.init(name, value)) }
        }
        add("temperature", sampling.temperature.map(self.number))
        add("top_p", sampling.topP.map(self.number))
        add("presence_penalty", sampling.presencePenalty.map(self.number))
        add("frequency_penalty", sampling.frequencyPenalty.map(self.number))
        add("seed", sampling.seed.map { .number($0) })
        add("top_k", sampling.topK.map { .number($0) })
        add("min_p", sampling.minP.map(self.number))
        return members
    }

    static func number(_ value: Double) -> Document { .number("\(value)") }

    private static func tool(_ tool: ChatRequest.Tool) -> Document {
        .object([
            "type": .string("function"),
            "function": .object([
                "name": .string(tool.name),
                "description": tool.description.isEmpty ? nil : .string(tool.description),
                "parameters": tool.schema, "strict": tool.isStrict ? .boolean(true) : nil,
            ]),
        ])
    }

    private static func messages(_ request: ChatRequest) -> [Document] {
        var messages: [Document] = []
        // Many templates accept a single system prompt, and only at the beginning.
        let system = request.system.joined(separator: "\n\n")
        if !system.isEmpty { messages.append(self.message("system", .string(system))) }
        for message in request.messages {
            switch message.role {
            case .user: messages += self.user(message.parts)
            case .assistant: messages.append(self.assistant(message.parts))
            }
        }
        return messages
    }

    private static func message(_ role: String, _ content: Document) -> Document {
        .object(["role": .string(role), "content": content])
    }

    /// Tool results are separate messages, before the user's other parts.
    private static func user(_ parts: [ChatRequest.Part]) -> [Document] {
        var messages: [Document] = []
        var texts: [String] = []
        var contents: [Document] = []
        var hasImage = false
        for part in parts {
            switch part {
            case .toolResult(let id, let text):
                messages.append(
                    .object([
                        "role": .string("tool"), "tool_call_id": .string(id), "content": .string(text),
                    ]))
            case .image(let format, let bytes):
                hasImage = true
                let url = "data:image/\(format);base64,\(Base64.encode(bytes))"
                contents.append(
                    .object(["type": .string("image_url"), "image_url": .object(["url": .string(url)])]))
            case .text(let text), .reasoning(let text):
                texts.append(text)
                contents.append(.object(["type": .string("text"), "text": .string(text)]))
            case .toolCall: break
            }
        }
        if hasImage {
            messages.append(self.message("user", .array(contents)))
        } else if !texts.isEmpty || messages.isEmpty {
            messages.append(self.message("user", .string(texts.joined(separator: "\n"))))
        }
        return messages
    }

    private static func assistant(_ parts: [ChatRequest.Part]) -> Document {
        var texts: [String] = []
        var thoughts: [String] = []
        var calls: [Document] = []
        for part in parts {
            switch part {
            case .text(let text): texts.append(text)
            case .reasoning(let text): thoughts.append(text)
            case .toolCall(let call):
                let function = Document.object([
                    "name": .string(call.name), "arguments": .string(call.arguments.jsonText),
                ])
                calls.append(
                    .object(["id": .string(call.id), "type": .string("function"), "function": function]))
            case .toolResult, .image: break
            }
        }
        return .object([
            "role": .string("assistant"), "content": .string(texts.joined(separator: "\n")),
            "reasoning_content": thoughts.isEmpty ? nil : .string(thoughts.joined(separator: "\n")),
            "tool_calls": calls.isEmpty ? nil : .array(calls),
        ])
    }
}
