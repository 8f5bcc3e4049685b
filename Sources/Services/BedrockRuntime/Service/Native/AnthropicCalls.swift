internal import ServiceModel

/// The ids of calls and results in Claude's bodies.
/// - Source: the sentences that users of Anthropic's API report.
enum AnthropicCalls {
    /// Checks an id against Claude's pattern; `place` is the member's path.
    static func check(id: Document?, at place: String) throws(ServiceError) {
        guard let id = id?.text, !FunctionName.isPlain(id) || id.isEmpty else { return }
        throw .invalid("\(place): String should match pattern '^[a-zA-Z0-9_-]+$'")
    }

    /// The limit on a call's name. The limit for a tool's own name is lower, but models have been known to invent
    /// names.
    private static let nameLettersMax = 200

    /// Checks the length of a call's name; `place` is the member's path.
    /// - Source: anthropics/claude-code#2673 for the maximum, sipeed/picoclaw#1658 for the minimum.
    static func check(name: Document?, at place: String) throws(ServiceError) {
        guard let name = name?.text else { return }
        if name.isEmpty { throw .invalid("\(place): String should have at least 1 character") }
        guard name.unicodeScalars.count > self.nameLettersMax else { return }
        throw .invalid("\(place): String should have at most \(self.nameLettersMax) characters")
    }

    /// Results must precede all other blocks of a message.
    static func checkOrder(_ messages: [Document]) throws(ServiceError) {
        var turns: [ToolTurns.Blocks] = []
        var role: Document?
        for message in messages {
            // Consecutive messages of one role form one turn.
            if role != message["role"] { turns.append(([], [])) }
            role = message["role"]
            guard let blocks = message["content"]?.elements, !blocks.isEmpty else {
                turns[turns.count - 1].results.append(nil)
                continue
            }
            for block in blocks {
                let isResult = block["type"]?.text == "tool_result"
                turns[turns.count - 1].results.append(isResult ? block["tool_use_id"]?.text : nil)
                if block["type"]?.text == "tool_use", let id = block["id"]?.text {
                    turns[turns.count - 1].calls.append(id)
                }
            }
        }
        if let sentence = ToolTurns.late(turns) { throw .invalid(sentence) }
    }

    /// Each call must have a unique id, and one result.
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
