package import Primitives
internal import ServiceModel

/// One answer of a model with the request that it was given to: a line of a recording.
package struct RecordedAnswer: Sendable {
    /// What the lines are written in; a line of another version is refused.
    static let version = 1

    /// A piece of the answer, and how long after the request it came.
    package struct Piece: Sendable {
        package var event: ChatEvent
        package var milliseconds: Int
    }

    package let fingerprint: RequestFingerprint
    package let pieces: [Piece]
    package let outcome: ChatOutcome
    /// The request as `RequestDocument` tells it.
    let request: Document
    /// When it was recorded, as people read it.
    private let time: String

    package init(_ request: ChatRequest, model: String, pieces: [Piece], outcome: ChatOutcome, time: Timestamp) {
        self.request = RequestDocument(sortsMembers: true).document(request, model: model)
        self.fingerprint = RequestFingerprint(of: self.request)
        self.pieces = pieces
        self.outcome = outcome
        self.time = Self.text(time)
    }

    /// The line without its end.
    var document: Document {
        .object([
            "version": .number(Self.version), "fingerprint": .string(self.fingerprint.hex),
            "recorded": .string(self.time), "request": self.request,
            "answer": .array(self.pieces.map(Self.document)), "stop": Self.stop(self.outcome.stopReason),
            "usage": .object([
                "inputTokens": .number(self.outcome.inputTokens), "outputTokens": .number(self.outcome.outputTokens),
                "cachedInputTokens": .number(self.outcome.cachedInputTokens),
                "cachePointTokens": self.outcome.cachePointTokens.map { .number($0) },
            ]),
        ])
    }

    /// Reads a line, or says what is wrong with it.
    ///
    /// A line without `fingerprint` is taken: who changes a request by hand takes it away. One whose fingerprint is not
    /// its request's is refused, since it would never be found.
    init(_ line: Document) throws(RecordingError) {
        guard line["version"]?.integer == Self.version else {
            throw RecordingError("its version is not \(Self.version), which is all that this Brume reads")
        }
        guard let request = line["request"], case .object = request, request["model"]?.text != nil else {
            throw RecordingError("it has no request")
        }
        let fingerprint = RequestFingerprint(of: request)
        guard line["fingerprint"].map({ $0.text == fingerprint.hex }) ?? true else {
            throw RecordingError(
                "its fingerprint is not that of its request, which is \(fingerprint); was the request changed?")
        }
        (self.request, self.fingerprint) = (request, fingerprint)
        guard case .array(let pieces)? = line["answer"] else { throw RecordingError("it has no answer") }
        self.pieces = try pieces.map { piece throws(RecordingError) in try Self.piece(piece) }
        self.outcome = try Self.outcome(line)
        self.time = line["recorded"]?.text ?? ""
    }

    private static func document(_ piece: Piece) -> Document {
        var members: [Document.Member] =
            switch piece.event {
            case .text(let text): [.init("text", .string(text))]
            case .reasoning(let text): [.init("reasoning", .string(text))]
            case .toolCall(let call): [.init("toolUse", RequestDocument(sortsMembers: true).call(call))]
            }
        members.append(.init("milliseconds", .number(piece.milliseconds)))
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
        case .stopSequence(let text): .object(["sequence": .string(text)])
        }
    }

    private static func outcome(_ line: Document) throws(RecordingError) -> ChatOutcome {
        let reason: ChatOutcome.StopReason
        switch line["stop"] {
        case .string("endOfTurn")?: reason = .endOfTurn
        case .string("toolUse")?: reason = .toolCall
        case .string("maxTokens")?: reason = .tokensMax
        case .string("contextFull")?: reason = .contextFull
        case .string("malformedToolUse")?: reason = .malformedToolCall
        case let stop?:
            guard let text = stop["sequence"]?.text else { throw RecordingError("its stop is none that there is") }
            reason = .stopSequence(text)
        case nil: throw RecordingError("it does not say why the answer stopped")
        }
        let usage = line["usage"]
        guard let input = usage?["inputTokens"]?.integer, let output = usage?["outputTokens"]?.integer,
            input >= 0, output >= 0
        else { throw RecordingError("its usage has no inputTokens and outputTokens") }
        var outcome = ChatOutcome(stopReason: reason, inputTokens: input, outputTokens: output)
        outcome.cachedInputTokens = min(input, max(0, usage?["cachedInputTokens"]?.integer ?? 0))
        outcome.cachePointTokens = usage?["cachePointTokens"]?.integer.map { min(input, max(0, $0)) }
        return outcome
    }

    /// `2026-11-28T20:50:38Z`
    private static func text(_ time: Timestamp) -> String {
        let date = CalendarDate(time)
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
        return "\(date.year)-\(padded(date.month))-\(padded(date.day))T"
            + "\(padded(date.hour)):\(padded(date.minute)):\(padded(date.second))Z"
    }
}

/// Why a recording cannot be used; a sentence.
package struct RecordingError: Error, Sendable, Hashable {
    package let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
