package import ServiceModel

/// A complete answer of a model, piece by piece, so that it can be replayed: for recordings, and for cached answers to
/// deterministic requests.
package struct ModelAnswer: Sendable {
    /// A piece of the answer, and the time from the request to its arrival.
    package struct Piece: Sendable {
        package var event: ChatEvent
        package var milliseconds: Int

        package init(event: ChatEvent, milliseconds: Int) {
            self.event = event
            self.milliseconds = milliseconds
        }
    }

    package let pieces: [Piece]
    package let outcome: ChatOutcome

    package init(pieces: [Piece], outcome: ChatOutcome) {
        self.pieces = pieces
        self.outcome = outcome
    }

    /// `answer`, `stop` and `usage`.
    package var document: Document {
        .object([
            "answer": .array(self.pieces.map(Self.document)), "stop": Self.stop(self.outcome.stopReason),
            "usage": .object([
                "inputTokens": .number(self.outcome.inputTokens), "outputTokens": .number(self.outcome.outputTokens),
                "cachedInputTokens": .number(self.outcome.cachedInputTokens),
                "cachePointTokens": self.outcome.cachePointTokens.map { .number($0) },
                "reasoningTokens": self.outcome.reasoningTokens.map { .number($0) },
            ]),
        ])
    }

    /// Parses the members of `document`; other members are ignored.
    /// - Throws: a description of the error.
    package init(_ document: Document) throws(RecordingError) {
        guard case .array(let pieces)? = document["answer"] else { throw RecordingError("it has no answer") }
        self.pieces = try pieces.map { piece throws(RecordingError) in try Self.piece(piece) }
        self.outcome = try Self.outcome(document)
    }

    private static func document(_ piece: Piece) -> Document {
        var members: [Document.Member] =
            switch piece.event {
            case .text(let text): [.init("text", .string(text))]
            case .reasoning(let text): [.init("reasoning", .string(text))]
            case .toolCall(let call): [.init("toolUse", RequestDocument(sortsMembers: true).call(call))]
            }
        if piece.milliseconds > 0 { members.append(.init("milliseconds", .number(piece.milliseconds))) }
        return .object(members)
    }

    private static func piece(_ piece: Document) throws(RecordingError) -> Piece {
        let milliseconds = max(0, piece["milliseconds"]?.integer ?? 0)
        if let text = piece["text"]?.text { return Piece(event: .text(text), milliseconds: milliseconds) }
        if let text = piece["reasoning"]?.text { return Piece(event: .reasoning(text), milliseconds: milliseconds) }
        guard let call = piece["toolUse"], let id = call["id"]?.text, let name = call["name"]?.text else {
            throw RecordingError("a piece of its answer is no text, reasoning or toolUse")
        }
        let event = ChatEvent.toolCall(ToolCall(id: id, name: name, arguments: call["input"] ?? .object([])))
        return Piece(event: event, milliseconds: milliseconds)
    }

    private static func stop(_ reason: ChatOutcome.StopReason) -> Document {
        switch reason {
        case .endOfTurn: .string("endOfTurn")
        case .toolCall: .string("toolUse")
        case .tokensMax: .string("maxTokens")
        case .contextFull: .string("contextFull")
        case .malformedToolCall: .string("malformedToolUse")
        case .malformedAnswer: .string("malformedModelOutput")
        case .stopSequence(let text): .object(["sequence": .string(text)])
        }
    }

    private static func outcome(_ document: Document) throws(RecordingError) -> ChatOutcome {
        let reason: ChatOutcome.StopReason
        switch document["stop"] {
        case .string("endOfTurn")?: reason = .endOfTurn
        case .string("toolUse")?: reason = .toolCall
        case .string("maxTokens")?: reason = .tokensMax
        case .string("contextFull")?: reason = .contextFull
        case .string("malformedToolUse")?: reason = .malformedToolCall
        case .string("malformedModelOutput")?: reason = .malformedAnswer
        case let stop?:
            guard let text = stop["sequence"]?.text else { throw RecordingError("its stop is none that there is") }
            reason = .stopSequence(text)
        case nil: throw RecordingError("it does not say why the answer stopped")
        }
        let usage = document["usage"]
        guard let input = usage?["inputTokens"]?.tokenCount, let output = usage?["outputTokens"]?.tokenCount
        else { throw RecordingError("its usage has no inputTokens and outputTokens") }
        var outcome = ChatOutcome(stopReason: reason, inputTokens: input, outputTokens: output)
        outcome.cachedInputTokens = min(input, max(0, usage?["cachedInputTokens"]?.integer ?? 0))
        outcome.cachePointTokens = usage?["cachePointTokens"]?.integer.map { min(input, max(0, $0)) }
        outcome.reasoningTokens = usage?["reasoningTokens"]?.integer.map { min(output, max(0, $0)) }
        return outcome
    }
}
