internal import Inference
internal import ServiceModel
internal import WireProtocols

/// An answer that was given before, as it is kept: every piece of it, why it ended and what it took.
struct KeptReply: Sendable {
    let events: [ChatEvent]
    let outcome: ChatOutcome

    init(events: [ChatEvent], outcome: ChatOutcome) {
        self.events = events
        self.outcome = outcome
    }

    var bytes: [UInt8] {
        let document = Document.object([
            "format": .number(1), "events": .array(self.events.map(Self.document)),
            "stop": Self.document(self.outcome.stopReason), "input": .number(self.outcome.inputTokens),
            "output": .number(self.outcome.outputTokens), "cached": .number(self.outcome.cachedInputTokens),
            "point": self.outcome.cachePointTokens.map { .number($0) },
        ])
        return document.json
    }

    /// - Returns: nil for what is no such record, or one of another format.
    init?(_ bytes: [UInt8]) {
        guard let document = Document(json: bytes), document["format"]?.integer == 1,
            let stop = Self.stopReason(document["stop"]), let input = document["input"]?.integer,
            let output = document["output"]?.integer, case .array(let elements)? = document["events"]
        else { return nil }
        let events = elements.compactMap(Self.event)
        guard events.count == elements.count else { return nil }
        self.events = events
        var outcome = ChatOutcome(stopReason: stop, inputTokens: input, outputTokens: output)
        outcome.cachedInputTokens = document["cached"]?.integer ?? 0
        outcome.cachePointTokens = document["point"]?.integer
        self.outcome = outcome
    }

    private static func document(_ event: ChatEvent) -> Document {
        switch event {
        case .text(let text): .object(["text": .string(text)])
        case .reasoning(let text): .object(["reasoning": .string(text)])
        case .toolCall(let call):
            .object(["call": .string(call.id), "name": .string(call.name), "arguments": call.arguments])
        }
    }

    private static func event(_ document: Document) -> ChatEvent? {
        if let text = document["text"]?.text { return .text(text) }
        if let text = document["reasoning"]?.text { return .reasoning(text) }
        guard let id = document["call"]?.text, let name = document["name"]?.text, let arguments = document["arguments"]
        else { return nil }
        return .toolCall(ToolCall(id: id, name: name, arguments: arguments))
    }

    private static let stopReasons: [String: ChatOutcome.StopReason] = [
        "end": .endOfTurn, "call": .toolCall, "tokens": .tokensMax, "context": .contextFull,
        "malformed": .malformedToolCall,
    ]

    private static func document(_ reason: ChatOutcome.StopReason) -> Document {
        if case .stopSequence(let text) = reason { return .object(["sequence": .string(text)]) }
        return .string(self.stopReasons.first { $0.value == reason }?.key ?? "end")
    }

    private static func stopReason(_ document: Document?) -> ChatOutcome.StopReason? {
        if let text = document?["sequence"]?.text { return .stopSequence(text) }
        return document?.text.flatMap { self.stopReasons[$0] }
    }
}
