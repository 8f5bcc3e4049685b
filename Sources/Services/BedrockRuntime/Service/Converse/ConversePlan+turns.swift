internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

/// Checks the order of messages, tool calls and their results.
extension ConversePlan {
    /// Prefixes of the ids of models whose conversations may begin with the assistant.
    /// - Source: pydantic-ai#6255, measured on Bedrock.
    private static let answeringFirst = ["anthropic.", "moonshot.", "moonshotai.", "qwen.", "zai."]

    static func checkTurns(_ messages: [Message], _ id: ModelID) throws(ServiceError) {
        let isBegun = messages.first?.role == .assistant && self.answeringFirst.contains(where: id.name.hasPrefix)
        guard isBegun || messages.first?.role == .user else {
            throw .invalid(
                "A conversation must start with a user message. Try again with a conversation that starts with a user "
                    + "message."
            )
        }
        for (index, message) in messages.enumerated() {
            guard !message.content.isEmpty else {
                throw .invalid(
                    "The content field in the Message object at messages.\(index) is empty. Add a ContentBlock object "
                        + "to the content field and try again."
                )
            }
        }
    }

    /// Each call must have its result in the next message, and each result its call in the preceding one.
    static func checkTools(_ messages: [ChatRequest.Message], hasTools: Bool) throws(ServiceError) {
        var open: [String] = []
        for (index, message) in messages.enumerated() {
            var results: [String] = []
            var calls: [String] = []
            for part in message.parts {
                if case .toolResult(let id, _) = part { results.append(id) }
                if case .toolCall(let call) = part { calls.append(call.id) }
            }
            guard hasTools || (results.isEmpty && calls.isEmpty) else {
                throw .invalid(
                    "The toolConfig field must be defined when using toolUse and toolResult content blocks."
                )
            }
            try self.refuseTwice(results, "toolResult", at: index)
            try self.refuseTwice(calls, "toolUse", at: index)
            guard results.count <= open.count else {
                throw .invalid(
                    "The number of toolResult blocks at messages.\(index).content exceeds the number of toolUse blocks "
                        + "of previous turn."
                )
            }
            let known = Set(open)
            guard results.allSatisfy(known.contains) else {
                throw .invalid(
                    "The toolResult blocks at messages.\(index).content contain an id that no toolUse block of the "
                        + "previous turn has."
                )
            }
            let answered = Set(results)
            let missing = open.filter { !answered.contains($0) }
            guard missing.isEmpty else {
                throw .invalid(
                    "Expected toolResult blocks at messages.\(index).content for the following Ids: "
                        + missing.joined(separator: ", "))
            }
            open = calls
        }
    }

    /// - Source: the sentences that users report.
    private static func refuseTwice(_ ids: [String], _ kind: String, at index: Int) throws(ServiceError) {
        var known: Set<String> = []
        var told: Set<String> = []
        let twice = ids.filter { !known.insert($0).inserted && told.insert($0).inserted }
        guard !twice.isEmpty else { return }
        throw .invalid(
            "The \(kind) blocks at messages.\(index).content contain duplicate Ids: \(twice.joined(separator: ", "))")
    }
}
