internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// Converts the output of a model to the events of ConverseStream: the start, the deltas and the stop of each block.
struct ConverseEvents {
    private enum Block {
        case none, text, reasoning
    }

    private var block = Block.none
    private var index = 0
    private let signature: String?

    /// - Parameter signature: the signature of thoughts; nil for models that do not sign them.
    init(signature: String?) { self.signature = signature }

    /// The events for one piece of output.
    mutating func events(_ event: ChatEvent) -> [ConverseStreamOutput] {
        switch event {
        case .text(let text):
            return self.open(.text) + [self.delta(.text(text))]
        case .reasoning(let text):
            return self.open(.reasoning) + [self.delta(.reasoningContent(.text(text)))]
        case .toolCall(let call):
            var events = self.close()
            let start = ToolUseBlockStart(toolUseID: CallIDs.converse.id(call), name: call.name)
            events.append(
                .contentBlockStart(ContentBlockStartEvent(start: .toolUse(start), contentBlockIndex: self.index)))
            events.append(self.delta(.toolUse(ToolUseBlockDelta(input: call.arguments.jsonText))))
            events.append(.contentBlockStop(ContentBlockStopEvent(contentBlockIndex: self.index)))
            self.index += 1
            return events
        }
    }

    /// Stops the current block, if any.
    mutating func close() -> [ConverseStreamOutput] {
        guard self.block != .none else { return [] }
        let signature = self.block == .reasoning ? self.signature : nil
        self.block = .none
        defer { self.index += 1 }
        let stop = ConverseStreamOutput.contentBlockStop(ContentBlockStopEvent(contentBlockIndex: self.index))
        return (signature.map { [self.delta(.reasoningContent(.signature($0)))] } ?? []) + [stop]
    }

    private mutating func open(_ block: Block) -> [ConverseStreamOutput] {
        guard self.block != block else { return [] }
        let events = self.close()
        self.block = block
        return events
    }

    private func delta(_ delta: ContentBlockDelta) -> ConverseStreamOutput {
        .contentBlockDelta(ContentBlockDeltaEvent(delta: delta, contentBlockIndex: self.index))
    }
}

/// Collects the content blocks of a complete answer.
struct ConverseContent {
    private enum Kind {
        case text, reasoning
    }

    /// A block of text, which grows in place: an answer may have a hundred thousand pieces.
    private struct Growing {
        let kind: Kind
        var text: String
    }

    private var closed: [ContentBlock] = []
    private var open: Growing?
    private let signature: String?

    /// - Parameter signature: the signature of thoughts; nil for models that do not sign them.
    init(signature: String?) { self.signature = signature }

    /// All blocks so far.
    var blocks: [ContentBlock] { self.closed + (self.open.map { [self.block($0)] } ?? []) }

    /// - Complexity: O(bytes of the event), amortized.
    mutating func add(_ event: ChatEvent) {
        switch event {
        case .text(let text): self.grow(.text, by: text)
        case .reasoning(let text): self.grow(.reasoning, by: text)
        case .toolCall(let call):
            self.close()
            self.closed.append(
                .toolUse(
                    ToolUseBlock(toolUseID: CallIDs.converse.id(call), name: call.name, input: call.arguments)))
        }
    }

    private mutating func grow(_ kind: Kind, by text: String) {
        if self.open?.kind == kind {
            self.open?.text += text
        } else {
            self.close()
            self.open = Growing(kind: kind, text: text)
        }
    }

    private mutating func close() {
        guard let open = self.open.take() else { return }
        self.closed.append(self.block(open))
    }

    private func block(_ growing: Growing) -> ContentBlock {
        switch growing.kind {
        case .text: .text(growing.text)
        case .reasoning:
            .reasoningContent(.reasoningText(ReasoningTextBlock(text: growing.text, signature: self.signature)))
        }
    }
}

extension ChatOutcome {
    var converseStopReason: BedrockRuntimeModel.StopReason {
        switch self.stopReason {
        case .endOfTurn: .endTurn
        case .toolCall: .toolUse
        case .tokensMax: .maxTokens
        case .stopSequence: .stopSequence
        case .contextFull: .modelContextWindowExceeded
        case .malformedToolCall: .malformedToolUse
        case .malformedAnswer: .malformedModelOutput
        }
    }

    /// - Parameter cacheTTL: of the request's last cache point; AWS reports the tokens written for each cache point.
    /// - Returns: the token usage, without `cacheDetails` if nothing was written.
    func usage(_ cacheTTL: CacheTTL?) -> TokenUsage {
        let details = cacheTTL.map { [CacheDetail(ttl: $0, inputTokens: self.cacheWriteTokens)] }
        return TokenUsage(
            inputTokens: self.uncachedInputTokens,
            outputTokens: self.outputTokens,
            totalTokens: self.inputTokens + self.outputTokens,
            cacheReadInputTokens: self.cacheReadTokens,
            cacheWriteInputTokens: self.cacheWriteTokens,
            cacheDetails: self.cacheWriteTokens > 0 ? details : nil
        )
    }

    /// Tokens up to the cache point that were read from the cache; none without a cache point.
    var cacheReadTokens: Int { min(self.cachedInputTokens, self.cachePointTokens ?? 0) }

    /// The other tokens up to the cache point.
    var cacheWriteTokens: Int { (self.cachePointTokens ?? 0) - self.cacheReadTokens }

    /// The tokens charged as input: those after the cache point.
    var uncachedInputTokens: Int { self.inputTokens - (self.cachePointTokens ?? 0) }
}
