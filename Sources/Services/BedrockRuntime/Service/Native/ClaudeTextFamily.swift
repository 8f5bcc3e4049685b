internal import Inference
internal import ServiceModel

/// `anthropic.claude-v2…` and `anthropic.claude-instant…`: the prompt is a whole conversation as text, to be completed.
/// - Source: Bedrock User Guide, "Anthropic Claude Text Completions API"; the sentences that its users report.
struct ClaudeTextFamily: NativeFamily {
    private static let human = "\n\nHuman:"
    private static let assistant = "\n\nAssistant:"

    /// Whether a body is for this API: the models also support messages.
    static func isFor(_ id: ModelID, _ body: Document) -> Bool {
        guard body["prompt"] != nil, body["messages"] == nil else { return false }
        return ["anthropic.claude-v", "anthropic.claude-instant"].contains(where: id.name.hasPrefix)
    }

    func request(_ body: Document) throws(ServiceError) -> ChatRequest {
        try BodyShape.claudeText.check(body, .anthropic)
        try AnthropicRules.check(body)
        guard let tokensMax = body["max_tokens_to_sample"]?.integer, tokensMax > 0 else {
            throw .invalid("max_tokens_to_sample: Input should be greater than or equal to 1")
        }
        var request = try Self.conversation(body["prompt"]?.text ?? "")
        request.sampling = AnthropicRules.sampling(body, tokensMax: tokensMax)
        return request
    }

    /// The turns of a prompt; the text before the first one is the system prompt.
    private static func conversation(_ prompt: String) throws(ServiceError) -> ChatRequest {
        let turns = self.turns(prompt)
        guard turns.first?.role == .user else {
            throw .invalid("prompt must start with \"\n\nHuman:\" turn after an optional system prompt")
        }
        guard turns.last?.role == .assistant else { throw .invalid("prompt must end with \"\n\nAssistant:\" turn") }
        var request = ChatRequest(messages: [])
        if let start = prompt.utf8.firstRange(of: self.human.utf8)?.lowerBound {
            let system = self.trimmed(prompt[..<start])
            if !system.isEmpty { request.system = [system] }
        }
        for turn in turns where turn.role == .user || !turn.text.isEmpty {
            request.messages.append(.init(role: turn.role, parts: [.text(turn.text)]))
        }
        return request
    }

    /// - Complexity: O(bytes of the prompt).
    private static func turns(_ prompt: String) -> [(role: ChatRequest.Role, text: String)] {
        let marks =
            (prompt.utf8.ranges(of: self.human.utf8).map { (ChatRequest.Role.user, $0) }
            + prompt.utf8.ranges(of: self.assistant.utf8).map { (ChatRequest.Role.assistant, $0) })
            .sorted { $0.1.lowerBound < $1.1.lowerBound }
        return marks.enumerated().map { index, mark in
            let end = index + 1 < marks.count ? marks[index + 1].1.lowerBound : prompt.endIndex
            return (mark.0, self.trimmed(prompt[mark.1.upperBound..<end]))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }

    func response(_ reply: ChatReply, _ stamp: AnswerStamp) -> Document {
        Self.completion(reply.text, reply.outcome)
    }

    func chunks(_ stamp: AnswerStamp) -> any NativeChunks { Chunks() }

    private static func completion(_ text: String, _ outcome: ChatOutcome?) -> Document {
        .object([
            "type": .string("completion"), "completion": .string(text),
            "stop_reason": outcome.map { .string($0.isCutOff ? "max_tokens" : "stop_sequence") } ?? .null,
            "stop": outcome.flatMap(self.stop) ?? .null,
        ])
    }

    /// A turn that ended without a stop sequence ended before the user's next turn.
    private static func stop(_ outcome: ChatOutcome) -> Document? {
        guard !outcome.isCutOff else { return nil }
        if case .stopSequence(let text) = outcome.stopReason { return .string(text) }
        return .string(self.human)
    }

    private struct Chunks: NativeChunks {
        mutating func chunks(_ event: ChatEvent) -> [Document] {
            guard case .text(let text) = event else { return [] }
            return [ClaudeTextFamily.completion(text, nil)]
        }

        mutating func end(_ outcome: ChatOutcome) -> [Document] { [ClaudeTextFamily.completion("", outcome)] }
    }
}
