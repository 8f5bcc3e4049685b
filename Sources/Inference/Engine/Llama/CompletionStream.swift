internal import ServiceModel
internal import WireProtocols

/// Converts the chunks of llama.cpp's own `/completion` to events and an outcome: a text, or a call forced by a
/// grammar.
struct CompletionStream: EngineStream {
    private let tokensMax: Int?
    private let promptCount: PromptCount?
    private let isCall: Bool
    private let makeID: @Sendable () -> String
    /// The text of a call so far.
    private var callText = ""
    private var last: Document?

    init(_ request: ChatRequest, isCall: Bool, makeID: @escaping @Sendable () -> String) {
        self.tokensMax = request.sampling.tokensMax
        self.promptCount = request.promptCount
        self.isCall = isCall
        self.makeID = makeID
    }

    /// The engine stops by itself.
    var isStopped: Bool { false }

    mutating func take(_ data: ArraySlice<UInt8>) throws(InferenceError) -> [ChatEvent]? {
        guard let chunk = Document(json: Array(data)) else { throw .failed("the engine sent an event that is no JSON") }
        return try self.take(chunk)
    }

    private mutating func take(_ chunk: Document) throws(InferenceError) -> [ChatEvent] {
        if let error = chunk["error"], error != .null { throw EngineRefusal.error(event: error) }
        if case .boolean(true)? = chunk["stop"] { self.last = chunk }
        if let count = self.promptCount, let timings = chunk["timings"], let cached = timings["cache_n"]?.tokenCount,
            let computed = timings["prompt_n"]?.tokenCount
        {
            count.set(inputTokens: cached + computed, cachedTokens: cached)
        }
        guard let text = chunk["content"]?.text, !text.isEmpty else { return [] }
        guard self.isCall else { return [.text(text)] }
        self.callText += text
        guard self.callText.utf8.count <= ChatStream.argumentsBytesMax else {
            throw .failed("the arguments of a call are longer than \(ChatStream.argumentsBytesMax) bytes")
        }
        return []
    }

    /// The complete call; none if the answer was cut off, or the arguments are no object.
    mutating func end() -> [ChatEvent] {
        guard self.isCall, let call = Document(json: self.callText), let name = call["name"]?.text,
            let arguments = call["arguments"], case .object = arguments
        else { return [] }
        return [.toolCall(ToolCall(id: self.makeID(), name: name, arguments: arguments))]
    }

    /// - Throws: when the connection ended before the answer was complete.
    func outcome(hasCall: Bool) throws(InferenceError) -> ChatOutcome {
        guard let last = self.last, let timings = last["timings"], let cached = timings["cache_n"]?.tokenCount,
            let computed = timings["prompt_n"]?.tokenCount,
            let output = (last["tokens_predicted"] ?? timings["predicted_n"])?.tokenCount
        else { throw .failed("the engine's answer has no end") }
        var outcome = ChatOutcome(
            stopReason: self.stopReason(last, output, hasCall: hasCall), inputTokens: cached + computed,
            outputTokens: output)
        outcome.cachedInputTokens = cached
        return outcome
    }

    private func stopReason(_ last: Document, _ output: Int, hasCall: Bool) -> ChatOutcome.StopReason {
        if hasCall { return .toolCall }
        switch last["stop_type"]?.text {
        case "word"?: return .stopSequence(last["stopping_word"]?.text ?? "")
        case "limit"?:
            guard let tokensMax = self.tokensMax, output >= tokensMax else { return .contextFull }
            return .tokensMax
        default: return self.isCall ? .malformedToolCall : .endOfTurn
        }
    }
}
