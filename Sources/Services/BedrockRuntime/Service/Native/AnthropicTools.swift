internal import Inference
internal import ServiceModel

/// Parses the tools of a body in Anthropic's notation.
/// - Source: the sentences that users of Anthropic's API and of Bedrock report.
enum AnthropicTools {
    private static let nameLettersMax = 128

    static func tools(_ body: Document) throws(ServiceError) -> [ChatRequest.Tool] {
        var tools: [ChatRequest.Tool] = []
        var names: Set<String> = []
        for (index, tool) in (body["tools"]?.elements ?? []).enumerated() {
            let tool = try self.tool(tool, at: index)
            guard names.insert(tool.name).inserted else { throw .invalid("tools: Tool names must be unique.") }
            tools.append(tool)
        }
        if let fault = StrictSchema.fault(toolCount: tools.count(where: \.isStrict)) { throw .invalid(fault) }
        return tools
    }

    private static func tool(_ tool: Document, at index: Int) throws(ServiceError) -> ChatRequest.Tool {
        // Only Claude knows the tools defined by Anthropic, and their schemas.
        if let type = tool["type"]?.text, type != "custom" {
            throw .invalid(
                "tools.\(index): Input tag '\(type)' found using 'type' does not match any of the expected tags: "
                    + "'custom'")
        }
        let name = tool["name"]?.text ?? ""
        try self.check(name: name, at: index)
        let place = "tools.\(index).custom.input_schema"
        guard let schema = tool["input_schema"], schema != .null else { throw .invalid("\(place): Field required") }
        guard let type = schema["type"] else { throw .invalid("\(place).type: Field required") }
        guard type == .string("object") else { throw .invalid("\(place).type: Input should be 'object'") }
        if let fault = ToolSchema.claudeFault(schema) { throw .invalid(place + fault) }
        let isStrict = tool["strict"] == .boolean(true)
        if isStrict, let fault = StrictSchema.fault(in: schema) {
            throw .invalid("tools.\(index).custom: \(fault)")
        }
        return ChatRequest.Tool(
            name: name, description: tool["description"]?.text ?? "", schema: schema, isStrict: isStrict)
    }

    private static func check(name: String, at index: Int) throws(ServiceError) {
        guard name.unicodeScalars.count <= self.nameLettersMax else {
            throw .invalid("tools.\(index).custom.name: String should have at most \(self.nameLettersMax) characters")
        }
        let isPlain = FunctionName.isPlain(name)
        guard isPlain, !name.isEmpty else {
            throw .invalid(
                "tools.\(index).custom.name: String should match pattern "
                    + "'^[a-zA-Z0-9_-]{1,\(self.nameLettersMax)}$'")
        }
    }
}
