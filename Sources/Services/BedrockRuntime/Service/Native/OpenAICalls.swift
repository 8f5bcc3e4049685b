internal import ServiceModel

/// Checks the order of tool calls and their results, with the sentences of OpenAI's API.
/// - Source: the sentences that its users report.
struct OpenAICalls {
    /// The ids of the last assistant message's calls; empty after any other message.
    private var calls: [String] = []
    /// Whether they have a result so far.
    private var isAnswered: [String: Bool] = [:]
    /// The number of messages checked.
    private(set) var count = 0

    /// Checks the next message.
    mutating func check(_ message: Document, at index: Int) throws(ServiceError) {
        self.count = index + 1
        guard message["role"]?.text != "tool" else { return try self.answer(message, at: index) }
        try self.checkAnswered(at: index)
        self.calls = (message["tool_calls"]?.elements ?? []).map { $0["id"]?.text ?? "" }
        self.isAnswered = Dictionary(self.calls.map { ($0, false) }) { first, _ in first }
    }

    /// Checks the end of the conversation.
    func finish() throws(ServiceError) { try self.checkAnswered(at: self.count) }

    private mutating func answer(_ message: Document, at index: Int) throws(ServiceError) {
        guard !self.calls.isEmpty else {
            throw Self.fault(
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    + "'tool_calls'.", "messages.[\(index)].role")
        }
        guard let id = message["tool_call_id"]?.text else {
            throw Self.fault(
                "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
                "messages.[\(index)].tool_call_id")
        }
        guard self.isAnswered[id] != nil else {
            throw Self.fault(
                "Invalid parameter: 'tool_call_id' of '\(id)' not found in 'tool_calls' of previous message.",
                "messages.[\(index)].tool_call_id")
        }
        self.isAnswered[id] = true
    }

    private func checkAnswered(at index: Int) throws(ServiceError) {
        let open = self.calls.filter { self.isAnswered[$0] == false }
        guard !open.isEmpty else { return }
        throw Self.fault(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                + "'tool_call_id'. The following tool_call_ids did not have response messages: "
                + open.joined(separator: ", "), "messages.[\(index)].role")
    }

    private static func fault(_ message: String, _ member: String) -> ServiceError {
        OpenAIRules.fault(message, member, nil)
    }
}
