internal import Inference
internal import ServiceModel

/// Checks the order of tool calls and their results, with the sentences of Anthropic's API.
/// - Source: the sentences that its users report; the one about images is modelled on them.
enum ToolTurns {
    /// The error for the first part that the message's role does not allow; nil when there is none.
    static func misplaced(_ message: ChatRequest.Message) -> String? {
        for part in message.parts {
            switch (message.role, part) {
            case (.user, .toolCall): return "`tool_use` blocks can only be in `assistant` messages"
            case (.assistant, .toolResult): return "`tool_result` blocks can only be in `user` messages"
            case (.assistant, .image): return "`image` blocks can only be in `user` messages"
            default: continue
            }
        }
        return nil
    }

    /// Each call must have its result in the next message, and each result its call in the preceding one.
    static func check(_ messages: [ChatRequest.Message]) throws(ServiceError) {
        var open: [String] = []
        for (index, message) in messages.enumerated() {
            if let sentence = self.misplaced(message) { throw .invalid("messages.\(index): \(sentence)") }
            let known = Set(open)
            var results: Set<String> = []
            var calls: [String] = []
            for part in message.parts {
                if case .toolCall(let call) = part { calls.append(call.id) }
                guard case .toolResult(let id, _) = part else { continue }
                guard known.contains(id) else {
                    throw .invalid(
                        "messages.\(index): unexpected `tool_use_id` found in `tool_result` blocks: \(id). Each "
                            + "`tool_result` block must have a corresponding `tool_use` block in the previous message.")
                }
                results.insert(id)
            }
            if let sentence = self.missing(open.filter { !results.contains($0) }, behind: index) {
                throw .invalid(sentence)
            }
            open = calls
        }
    }

    /// The tool calls and results of a message: the ids of its calls, and for each block the id of its result or nil.
    typealias Blocks = (calls: [String], results: [String?])

    /// The error when a message does not begin with the results of the preceding calls.
    /// - Source: Anthropic's guide, "Handle tool calls": results come first, and a text before them is an error.
    static func late(_ messages: [Blocks]) -> String? {
        for index in messages.indices.dropFirst() {
            let first = Set(messages[index].results.prefix { $0 != nil }.compactMap(\.self))
            let late = messages[index - 1].calls.filter { !first.contains($0) }
            if let sentence = self.missing(late, behind: index) { return sentence }
        }
        return nil
    }

    private static func missing(_ ids: [String], behind index: Int) -> String? {
        guard !ids.isEmpty else { return nil }
        return "messages.\(index - 1): `tool_use` ids were found without `tool_result` blocks immediately after: "
            + "\(ids.joined(separator: ", ")). Each `tool_use` block must have a corresponding `tool_result` block in "
            + "the next message."
    }
}

extension ChatRequest {
    /// Merges consecutive messages of one role into one turn, as Bedrock and Anthropic do.
    /// - Source: Anthropic API reference, "Messages"; for Converse, measurements of users (pydantic-ai#6098).
    mutating func joinTurns() {
        guard zip(self.messages, self.messages.dropFirst()).contains(where: { $0.role == $1.role }) else { return }
        var joined: [Message] = []
        var point = self.cachePoint
        for (index, message) in self.messages.enumerated() {
            var partCount = 0
            if let last = joined.last, last.role == message.role {
                partCount = last.parts.count
                joined[joined.count - 1].parts += message.parts
            } else {
                joined.append(message)
            }
            if let kept = self.cachePoint, kept.message == index {
                point = CachePoint(message: joined.count - 1, partCount: partCount + kept.partCount)
            }
        }
        self.messages = joined
        self.cachePoint = point
    }

    /// The tool that must be called but is not defined; nil when there is none.
    var missingTool: String? {
        guard case .named(let name) = self.toolChoice, !self.tools.contains(where: { $0.name == name }) else {
            return nil
        }
        return name
    }
}
