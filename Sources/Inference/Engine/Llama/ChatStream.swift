internal import ServiceModel
internal import WireProtocols

/// Converts the chunks of a streamed chat completion to events and an outcome.
struct ChatStream: EngineStream {
    /// The limit for text and reasoning of an answer, in bytes: more than ten times what any model says at most. An
    /// engine that exceeds it, or the next one, is disconnected.
    static let textBytesMax = 16 << 20
    /// The limit for the names and arguments of an answer's calls together, in bytes.
    static let argumentsBytesMax = 4 << 20
    /// The limit for calls of one answer.
    static let callCountMax = 128
    /// The limit for an answer that must conform to a schema, in bytes.
    static let schemaBytesMax = 4 << 20

    private struct Call {
        var name = ""
        var arguments = CallArguments()
    }

    private enum Piece {
        case text, reasoning
    }

    private let toolNames: Set<String>
    private let tokensMax: Int?
    private let promptCount: PromptCount?
    private let makeID: @Sendable () -> String
    private var stops: StopScanner
    private var call: Call?
    private var callIndex = 0
    private var callCount = 0
    private var callBytes = 0
    private var hasMalformedCall = false
    /// The number of calls that are reported: engines may make several although one was requested.
    private let callsMax: Int
    private var isFull = false
    /// Whether it is our own engine, so that it can be stopped early with all counts known.
    private let isOwn: Bool
    /// The frame of the last chunk that contained only a piece of text: most other chunks have the same one.
    private var piece: (kind: Piece, frame: JSONFrame)?
    /// Whether a call is required and the server may not enforce it.
    private let wantsCall: Bool
    /// The answer so far, if it must be JSON; otherwise nil.
    private var checked: [UInt8]?
    /// Whether an invalid answer is reported as a stop reason.
    private let takesAnyAnswer: Bool
    private var finish: String?
    /// The stop sequence that the engine reports.
    private var namedStop: String?
    private var inputTokens: Int?
    private var outputTokens: Int?
    private var cachedTokens: Int?
    /// The reasoning so far, and its tokens if the server counts them.
    private(set) var reasoning = ""
    private var reasoningTokens: Int?

    /// - Parameters:
    ///   - request: the request that is answered.
    ///   - scansStops: whether stop sequences are detected here.
    ///   - makeID: generates the ids of calls: the engines' own ids differ in form, and some engines count from 0 in
    ///     each answer.
    init(_ request: ChatRequest, scansStops: Bool, makeID: @escaping @Sendable () -> String) {
        self.toolNames = Set(request.tools.map(\.name))
        self.tokensMax = request.sampling.tokensMax
        self.promptCount = request.promptCount
        self.callsMax = request.allowsParallelCalls ? Self.callCountMax : 1
        self.isOwn = scansStops
        self.stops = StopScanner(scansStops ? request.sampling.stopSequences : [])
        self.makeID = makeID
        // Our own engine is constrained by a grammar, and stop sequences are detected here.
        self.wantsCall =
            switch request.toolChoice {
            case .any, .named: !scansStops
            case .auto, .never: false
            }
        self.takesAnyAnswer = request.takesAnyAnswer
        // Some of llama.cpp's own parsers for model families do not enforce the schema either (measured: Kimi's).
        self.checked = request.answerSchema != nil ? [] : nil
    }

    /// Whether a stop sequence was found, or an excess call has begun: further output is not part of the answer.
    var isStopped: Bool { self.stops.found != nil || (self.isFull && self.isOwn) }

    /// The events of one chunk, given as bytes.
    /// - Returns: nil for the end marker.
    mutating func take(_ data: ArraySlice<UInt8>) throws(InferenceError) -> [ChatEvent]? {
        if let piece = self.piece, let text = piece.frame.string(in: data) { return self.say(piece.kind, text) }
        if data.elementsEqual("[DONE]".utf8) { return nil }
        guard let chunk = Document(json: Array(data), keeping: Self.members) else {
            throw .failed("the engine sent an event that is no JSON")
        }
        self.learn(chunk, data)
        return try self.take(chunk)
    }

    /// The members of a chunk that are used.
    private static let members = ["choices", "usage", "timings", "prompt_progress", "error"]

    /// Stores the frame around a piece of text, if the chunk contains nothing else that must be evaluated.
    private mutating func learn(_ chunk: Document, _ data: ArraySlice<UInt8>) {
        let members = chunk["choices"]?.elements.first?["delta"]?.members ?? []
        let said = members.filter { $0.name != "role" && $0.value != .null && $0.value != .array([]) }
        guard said.count == 1, let text = said[0].value.text, let kind = Self.pieces[said[0].name],
            let frame = JSONFrame(of: data, member: said[0].name), frame.string(in: data) == text
        else { return }
        self.piece = (kind, frame)
    }

    private static let pieces = [
        "content": Piece.text, "reasoning_content": .reasoning, "reasoning": .reasoning,
    ]

    private mutating func say(_ kind: Piece, _ text: String) -> [ChatEvent] {
        switch kind {
        case .reasoning:
            self.reasoning += text
            return text.isEmpty ? [] : [.reasoning(text)]
        case .text:
            let given = text.isEmpty ? "" : self.stops.take(text)
            self.keep(given)
            return given.isEmpty ? [] : [.text(given)]
        }
    }

    /// The events of one parsed chunk.
    private mutating func take(_ chunk: Document) throws(InferenceError) -> [ChatEvent] {
        if let error = chunk["error"], error != .null { throw EngineRefusal.error(event: error) }
        self.count(chunk)
        guard let choice = chunk["choices"]?.elements.first else { return [] }
        var events: [ChatEvent] = []
        let delta = choice["delta"]
        if let text = delta?["reasoning_content"]?.text ?? delta?["reasoning"]?.text {
            events += self.say(.reasoning, text)
        }
        if let text = delta?["content"]?.text { events += self.say(.text, text) }
        for part in delta?["tool_calls"]?.elements ?? [] { events += try self.take(call: part) }
        if let finish = choice["finish_reason"]?.text { self.finish = finish }
        // vLLM's member, then SGLang's.
        if let stop = choice["stop_reason"]?.text ?? choice["matched_stop"]?.text { self.namedStop = stop }
        return events
    }

    /// Collects the text if it must be JSON.
    private mutating func keep(_ text: String) {
        if let count = self.checked?.count, count < Self.schemaBytesMax { self.checked?.append(contentsOf: text.utf8) }
    }

    private mutating func count(_ chunk: Document) {
        if let usage = chunk["usage"], !usage.members.isEmpty {
            self.inputTokens = usage["prompt_tokens"]?.tokenCount ?? self.inputTokens
            self.outputTokens = usage["completion_tokens"]?.tokenCount ?? self.outputTokens
            self.cachedTokens = usage["prompt_tokens_details"]?["cached_tokens"]?.tokenCount ?? self.cachedTokens
            // SGLang's member stands beside the others.
            let reasoning = usage["completion_tokens_details"]?["reasoning_tokens"] ?? usage["reasoning_tokens"]
            self.reasoningTokens = reasoning?.tokenCount ?? self.reasoningTokens
        }
        if let count = self.promptCount, let progress = chunk["prompt_progress"],
            let total = progress["total"]?.tokenCount
        {
            count.set(inputTokens: total, cachedTokens: progress["cache"]?.tokenCount ?? 0)
        }
        if let timings = chunk["timings"], let cached = timings["cache_n"]?.tokenCount {
            self.cachedTokens = cached
            if let computed = timings["prompt_n"]?.tokenCount { self.inputTokens = cached + computed }
            self.outputTokens = timings["predicted_n"]?.tokenCount ?? self.outputTokens
        }
    }

    private mutating func take(call part: Document) throws(InferenceError) -> [ChatEvent] {
        var events: [ChatEvent] = []
        let index = part["index"]?.integer ?? self.callIndex
        let name = part["function"]?["name"]?.text ?? ""
        // Ollama numbers several calls alike (ollama#15457): a name behind complete arguments begins another one.
        let isNamed = name.isEmpty ? false : self.call?.arguments.isObject() ?? false
        if self.call == nil || index != self.callIndex || isNamed {
            events = self.endCall()
            self.callIndex = index
            self.isFull = self.isFull || self.callCount == self.callsMax && self.callsMax < Self.callCountMax
            guard !self.isFull else { return events }
            self.callCount += 1
            guard self.callCount <= Self.callCountMax else { throw .failed("the model made too many calls at once") }
            self.call = Call()
        }
        // Some servers give the object itself instead of its text.
        let given = part["function"]?["arguments"].flatMap { $0 == .null ? nil : $0 }
        let arguments = given?.text ?? given?.jsonText ?? ""
        self.callBytes += name.utf8.count + arguments.utf8.count
        guard self.callBytes <= Self.argumentsBytesMax else {
            throw .failed("the calls of its answer are longer than \(Self.argumentsBytesMax) bytes")
        }
        self.call?.name += name
        self.call?.arguments.append(arguments)
        return events
    }

    private mutating func endCall() -> [ChatEvent] {
        guard let call = self.call.take() else { return [] }
        let given = call.arguments.text
        let text = ["", "null"].contains(given) ? "{}" : given
        guard self.toolNames.contains(call.name), let arguments = Document(json: text), case .object = arguments else {
            self.hasMalformedCall = true
            return []
        }
        return [.toolCall(ToolCall(id: self.makeID(), name: call.name, arguments: arguments))]
    }

    /// The remaining events, once the engine's output has ended.
    mutating func end() -> [ChatEvent] {
        let text = self.stops.end()
        self.keep(text)
        return (text.isEmpty ? [] : [.text(text)]) + self.endCall()
    }

    /// How the answer ended; call it after `end`.
    /// - Throws: when the engine reported no token counts, or did not follow the request.
    func outcome() throws(InferenceError) -> ChatOutcome {
        let isWhole = self.finish != "length" && self.namedStop == nil && self.stops.found == nil
        if self.wantsCall, isWhole, self.callCount == 0 {
            throw .unsupported("The server of this model made no tool call, which the tool choice asks for.")
        }
        let isMalformed = self.checked.map { isWhole && self.callCount == 0 && Document(json: $0) == nil } ?? false
        if isMalformed, !self.takesAnyAnswer {
            throw .unsupported("The server of this model did not answer in JSON, which the schema asks for.")
        }
        guard let inputTokens = self.inputTokens, let outputTokens = self.outputTokens else {
            throw .failed("the engine did not say how many tokens the answer took")
        }
        var outcome = ChatOutcome(
            stopReason: isMalformed ? .malformedAnswer : self.stopReason(outputTokens), inputTokens: inputTokens,
            outputTokens: outputTokens)
        outcome.cachedInputTokens = min(self.cachedTokens ?? 0, inputTokens)
        outcome.reasoningTokens = self.reasoning.isEmpty ? 0 : self.reasoningTokens.map { min($0, outputTokens) }
        return outcome
    }

    /// - Throws: where the connection ended without an end of the answer, or the engine gave it up.
    func checkWhole() throws(InferenceError) {
        guard self.finish != nil || self.isStopped else { throw .failed("the engine's answer has no end") }
        // vLLM's and SGLang's words for an answer that was given up.
        if let finish = self.finish, ["abort", "error"].contains(finish) {
            throw .failed("the engine gave its answer up (\(finish))")
        }
    }

    private func stopReason(_ outputTokens: Int) -> ChatOutcome.StopReason {
        if let stop = self.stops.found ?? self.namedStop { return .stopSequence(stop) }
        switch self.finish {
        case "length":
            guard let tokensMax = self.tokensMax, outputTokens >= tokensMax else { return .contextFull }
            return .tokensMax
        case _ where self.hasMalformedCall: return .malformedToolCall
        case _ where self.callCount > 0: return .toolCall
        default: return .endOfTurn
        }
    }
}
