internal import ServiceModel

/// Unknown members are refused at every level, as by Claude: if they were ignored, a request could work here and
/// nowhere else.
/// - Source: the members are those of Anthropic's SDK; the sentence is the one that users of its API and of Bedrock
///   report.
enum AnthropicMembers {
    /// Members of a request to Anthropic's endpoint; those of InvokeModel are checked by Bedrock itself.
    private static let request: Set<String> = [
        "billing_policy", "cache_control", "compaction", "container", "context_management", "diagnostics",
        "fallback_credit_token", "fallbacks", "inference_geo", "max_tokens", "mcp_servers", "messages", "metadata",
        "model", "output_config", "output_format", "service_tier", "speed", "stop_sequences", "stream", "system",
        "temperature", "thinking", "thread", "tool_choice", "tools", "top_k", "top_p", "user_profile_id",
    ]
    /// Members of a request to count tokens.
    private static let counted: Set<String> = [
        "billing_policy", "cache_control", "compaction", "context_management", "mcp_servers", "messages", "model",
        "output_config", "output_format", "speed", "system", "thinking", "tool_choice", "tools", "user_profile_id",
        "workspace_id",
    ]
    private static let message: Set<String> = ["role", "content"]
    private static let tool: Set<String> = [
        "allowed_callers", "cache_control", "defer_loading", "description", "eager_input_streaming", "input_examples",
        "input_schema", "name", "strict", "type",
    ]
    /// `scope` is a beta feature of Anthropic's own API, sent by Claude Code.
    private static let cacheControl: Set<String> = ["type", "ttl", "scope"]
    /// Members of blocks, by type.
    private static let blocks: [String: Set<String>] = [
        "text": ["type", "text", "cache_control", "citations"],
        "image": ["type", "source", "cache_control", "transformations"],
        "document": ["type", "source", "title", "context", "citations", "cache_control"],
        "tool_use": ["type", "id", "name", "input", "cache_control", "caller", "toolset_name"],
        "tool_result": ["type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"],
        "thinking": ["type", "thinking", "signature"], "redacted_thinking": ["type", "data"],
    ]

    private static let options: [String: Set<String>] = [
        "metadata": ["user_id"], "output_config": ["effort", "format", "task_budget"],
    ]
    /// Members of other objects with a type, by that type.
    private static let kinds: [String: [String: Set<String>]] = [
        "thinking": [
            "enabled": ["type", "budget_tokens", "block_binding", "display"],
            "adaptive": ["type", "block_binding", "display"], "disabled": ["type"],
        ],
        "tool_choice": [
            "auto": ["type", "disable_parallel_tool_use"], "any": ["type", "disable_parallel_tool_use"],
            "tool": ["type", "name", "disable_parallel_tool_use"], "none": ["type"],
        ],
    ]

    /// Checks the members of the body itself.
    static func check(request body: Document) throws(ServiceError) {
        try self.check(body, self.request, at: "")
    }

    /// Checks the members of a body to count tokens: those about an answer are not valid.
    static func check(counted body: Document) throws(ServiceError) {
        try self.check(body, self.counted, at: "")
    }

    /// Checks the members of messages, of the system prompt and of tools.
    static func check(_ body: Document) throws(ServiceError) {
        try self.check(cacheControlOf: body, at: "")
        for (index, message) in (body["messages"]?.elements ?? []).enumerated() {
            try self.check(message, self.message, at: "messages.\(index).")
            try self.check(blocks: message["content"], at: "messages.\(index).content")
        }
        for (index, block) in (body["system"]?.elements ?? []).enumerated() where block["type"]?.text == "text" {
            try self.check(block, self.blocks["text"] ?? [], at: "system.\(index).")
        }
        for (index, tool) in (body["tools"]?.elements ?? []).enumerated() {
            guard tool["type"].map({ $0 == .null || $0 == .string("custom") }) ?? true else { continue }
            try self.check(tool, self.tool, at: "tools.\(index).custom.")
        }
        try self.check(optionsOf: body)
    }

    private static func check(optionsOf body: Document) throws(ServiceError) {
        for member in body.members {
            if let known = self.options[member.name] {
                try self.check(member.value, known, at: "\(member.name).")
            } else if let type = member.value["type"]?.text, let known = self.kinds[member.name]?[type] {
                try self.check(member.value, known, at: "\(member.name).\(type).")
            }
        }
    }

    private static func check(blocks content: Document?, at place: String) throws(ServiceError) {
        for (index, block) in (content?.elements ?? []).enumerated() {
            // A block without a valid type is refused elsewhere.
            guard let type = block["type"]?.text, let known = self.blocks[type] else { continue }
            try self.check(block, known, at: "\(place).\(index).\(type).")
        }
    }

    /// `place` ends with a full stop unless it is empty.
    private static func check(_ object: Document, _ known: Set<String>, at place: String) throws(ServiceError) {
        for member in object.members where !known.contains(member.name) { throw self.extra("\(place)\(member.name)") }
        try self.check(cacheControlOf: object, at: place)
    }

    /// Checks the cache point of a block, or that of the whole body.
    private static func check(cacheControlOf object: Document, at place: String) throws(ServiceError) {
        guard let control = object["cache_control"], control != .null else { return }
        let place = "\(place)cache_control"
        if let type = control["type"]?.text, type != "ephemeral" {
            throw .invalid(
                "\(place): Input tag '\(type)' found using 'type' does not match any of the expected tags: 'ephemeral'")
        }
        for member in control.members where !self.cacheControl.contains(member.name) {
            throw self.extra("\(place).ephemeral.\(member.name)")
        }
        if let time = control["ttl"], time != .null, time != .string("5m"), time != .string("1h") {
            throw .invalid("\(place).ephemeral.ttl: Input should be '5m' or '1h'")
        }
    }

    static func extra(_ place: String) -> ServiceError { .invalid("\(place): Extra inputs are not permitted") }
}
