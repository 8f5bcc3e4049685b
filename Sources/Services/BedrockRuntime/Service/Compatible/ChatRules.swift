internal import ServiceModel

/// The checks of Chat Completions on bodies whose members have valid types, and the refusal of unsupported members.
/// - Source: OpenAI API reference; the sentences that its users report.
enum ChatRules {
    /// The limit on choices in one request.
    static let choiceCountMax = 128

    static func check(_ body: Document) throws(ServiceError) {
        try OpenAIRules.check(body)
        if let count = body["n"]?.integer, count > self.choiceCountMax {
            throw OpenAIRules.fault(
                "Invalid 'n': integer above maximum value. Expected a value <= \(self.choiceCountMax), but got "
                    + "\(count) instead.", "n", "integer_above_max_value")
        }
        if body["max_tokens"]?.integer != nil, body["max_completion_tokens"]?.integer != nil {
            throw OpenAIRules.fault(
                "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens",
                "invalid_parameter_combination")
        }
        if let options = body["stream_options"], options != .null, body["stream"] != .boolean(true) {
            throw OpenAIRules.fault(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options", nil)
        }
        for name in ["functions", "function_call"] where body[name].map({ $0 != .null && $0 != .array([]) }) ?? false {
            throw OpenAIRules.fault("\(name) is not supported by this version of Brume: use tools.", name, nil)
        }
        for (index, message) in (body["messages"]?.elements ?? []).enumerated() {
            try self.check(message, at: index)
        }
        for (index, tool) in (body["tools"]?.elements ?? []).enumerated() {
            try self.check(tool, at: "tools[\(index)].type")
            let function = tool["function"]
            try OpenAIRules.check(
                parameters: function?["parameters"], of: function?["name"]?.text ?? "",
                isStrict: function?["strict"] == .boolean(true), at: "tools[\(index)].function.parameters")
        }
        try self.check(format: body["response_format"])
        try self.checkCompany(of: body)
    }

    /// Checks members that require another member.
    private static func checkCompany(of body: Document) throws(ServiceError) {
        let hasTools = !(body["tools"]?.elements ?? []).isEmpty
        if case .boolean? = body["parallel_tool_calls"], !hasTools {
            throw OpenAIRules.fault(
                "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are "
                    + "specified.", "parallel_tool_calls", nil)
        }
        if body["top_logprobs"]?.integer != nil, body["logprobs"] != .boolean(true) {
            throw OpenAIRules.fault(
                "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs", nil)
        }
        guard body["response_format"]?["type"] == .string("json_object") else { return }
        let texts = (body["messages"]?.elements ?? []).lazy.flatMap { message -> [String] in
            let content = message["content"]
            return content?.text.map { [$0] } ?? (content?.elements ?? []).compactMap { $0["text"]?.text }
        }
        guard !texts.contains(where: OpenAISchema.mentionsJSON) else { return }
        throw OpenAIRules.fault(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages", nil)
    }

    /// Checks the required members of a tool call, and the name of its function.
    private static func check(call: Document, at place: String) throws(ServiceError) {
        func require(_ name: String, of object: Document?, at place: String) throws(ServiceError) -> Document {
            guard let member = object?[name], member != .null else { throw OpenAIRules.missing("\(place).\(name)") }
            return member
        }
        for name in ["id", "type"] { _ = try require(name, of: call, at: place) }
        let function = try require("function", of: call, at: place)
        let name = try require("name", of: function, at: "\(place).function")
        _ = try require("arguments", of: function, at: "\(place).function")
        if let name = name.text { try OpenAIRules.check(name: name, at: "\(place).function.name") }
    }

    /// Only a message of the assistant that calls tools or refuses can be without content.
    private static func check(_ message: Document, at index: Int) throws(ServiceError) {
        for (position, call) in (message["tool_calls"]?.elements ?? []).enumerated() {
            guard case .object = call else { continue }
            try self.check(call: call, at: "messages[\(index)].tool_calls[\(position)]")
        }
        guard message["content"].map({ $0 == .null }) ?? true, message["role"]?.text != nil else { return }
        let calls = message["tool_calls"]?.elements ?? []
        let isSilent = message["role"] == .string("assistant") && (!calls.isEmpty || message["refusal"]?.text != nil)
        guard !isSilent else { return }
        throw OpenAIRules.fault(
            "Invalid value for 'content': expected a string, got null.", "messages.[\(index)].content", nil)
    }

    private static func check(_ tool: Document, at place: String) throws(ServiceError) {
        guard case .object = tool else { return }
        guard let type = tool["type"], type != .null else { throw OpenAIRules.missing(place) }
        guard let type = type.text, type != "function" else { return }
        guard type != "custom" else {
            throw OpenAIRules.fault("Custom tools are not supported by this version of Brume.", place, nil)
        }
        throw OpenAIRules.fault(
            "Invalid value: '\(type)'. Supported values are: 'function' and 'custom'.", place, "invalid_value")
    }

    private static func check(format: Document?) throws(ServiceError) {
        guard let format, case .object = format else { return }
        let place = "response_format"
        guard let type = format["type"], type != .null else { throw OpenAIRules.missing("\(place).type") }
        guard type == .string("json_schema") else { return }
        guard let schema = format["json_schema"], schema != .null else {
            throw OpenAIRules.missing("\(place).json_schema")
        }
        try OpenAIRules.check(format: schema, at: "\(place).json_schema")
    }
}
