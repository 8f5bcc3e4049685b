internal import ServiceModel

/// The ids of calls and results in Claude's bodies.
/// - Source: the sentences that users of Anthropic's API report.
enum AnthropicCalls {
    /// An id as Claude takes it; `place` is the member's.
    static func check(id: Document?, at place: String) throws(ServiceError) {
        guard let id = id?.text, !FunctionName.isPlain(id) || id.isEmpty else { return }
        throw .invalid("\(place): String should match pattern '^[a-zA-Z0-9_-]+$'")
    }

    /// Results stand before all else that a message says.
    static func checkOrder(_ messages: [Document]) throws(ServiceError) {
        let turns = messages.map { message -> ToolTurns.Blocks in
            let blocks = message["content"]?.elements ?? []
            return (
                calls: blocks.filter { $0["type"]?.text == "tool_use" }.compactMap { $0["id"]?.text },
                results: blocks.map { $0["type"]?.text == "tool_result" ? $0["tool_use_id"]?.text : nil }
            )
        }
        if let sentence = ToolTurns.late(turns) { throw .invalid(sentence) }
    }

    /// Each call has an id of its own, and one result.
    static func check(_ messages: [Document]) throws(ServiceError) {
        var calls: Set<String> = []
        for (index, message) in messages.enumerated() {
            var results: Set<String> = []
            for (position, block) in (message["content"]?.elements ?? []).enumerated() {
                let place = "messages.\(index).content.\(position)"
                switch block["type"]?.text {
                case "tool_use":
                    guard calls.insert(block["id"]?.text ?? "").inserted else {
                        throw .invalid("\(place): `tool_use` ids must be unique")
                    }
                case "tool_result":
                    let id = block["tool_use_id"]?.text ?? ""
                    guard results.insert(id).inserted else {
                        throw .invalid(
                            "\(place): each tool_use must have a single result. Found multiple `tool_result` blocks "
                                + "with id: \(id)")
                    }
                default: break
                }
            }
        }
    }
}
