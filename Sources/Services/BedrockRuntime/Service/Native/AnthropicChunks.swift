internal import Inference
internal import ServiceModel
internal import WireProtocols

/// The events of a streamed message.
struct AnthropicChunks: NativeChunks {
    private enum Block {
        case none, text, thinking
    }

    let stamp: AnswerStamp
    let family: AnthropicFamily
    private var hasBegun = false
    private var open = Block.none
    private var index = 0
    /// A delta of the current block without its text, once the first one was sent.
    private var frame: JSONFrame?

    init(stamp: AnswerStamp, family: AnthropicFamily) {
        self.stamp = stamp
        self.family = family
    }

    mutating func json(_ event: ChatEvent) -> [[UInt8]] {
        switch (event, self.open) {
        case (.text(let text), .text), (.reasoning(let text), .thinking):
            let frame = self.frame ?? JSONFrame { self.piece($0) }
            self.frame = frame
            return [frame.json(text)]
        default: return self.chunks(event).map(\.json)
        }
    }

    mutating func chunks(_ event: ChatEvent) -> [Document] {
        var chunks = self.begin()
        switch event {
        case .text(let text):
            chunks += self.begin(.text, .object(["type": .string("text"), "text": .string("")]))
            chunks.append(self.piece(.string(text)))
        case .reasoning(let text):
            let block = Document.object([
                "type": .string("thinking"), "thinking": .string(""), "signature": .string(""),
            ])
            chunks += self.begin(.thinking, block)
            chunks.append(self.piece(.string(text)))
        case .toolCall(let call):
            chunks += self.close()
            chunks.append(self.start(self.family.block(call, input: .object([]))))
            let json = Document.string(call.arguments.jsonText)
            chunks.append(self.delta(.object(["type": .string("input_json_delta"), "partial_json": json])))
            chunks.append(self.stop())
        }
        return chunks
    }

    mutating func end(_ outcome: ChatOutcome) -> [Document] {
        let delta = Document.object([
            "stop_reason": .string(AnthropicFamily.stopReason(outcome)),
            "stop_sequence": AnthropicFamily.stopSequence(outcome),
        ])
        let usage = self.family.usage(outcome, tellsTimes: false)
        return self.begin() + self.close() + [
            .object(["type": .string("message_delta"), "delta": delta, "usage": usage]),
            .object(["type": .string("message_stop")]),
        ]
    }

    private mutating func begin() -> [Document] {
        guard !self.hasBegun else { return [] }
        self.hasBegun = true
        let usage =
            self.family.promptCount.outcome.map { self.family.usage($0) }
            ?? .object(["input_tokens": .number(0), "output_tokens": .number(0)])
        let message =
            AnthropicFamily.message(self.stamp, content: []) + [
                .init("stop_reason", .null), .init("stop_sequence", .null), .init("usage", usage),
            ]
        return [.object(["type": .string("message_start"), "message": .object(message)])]
    }

    /// Starts a text or thinking block, unless one of that kind is open.
    private mutating func begin(_ kind: Block, _ block: Document) -> [Document] {
        guard self.open != kind else { return [] }
        let chunks = self.close()
        self.open = kind
        return chunks + [self.start(block)]
    }

    private func start(_ block: Document) -> Document {
        .object(["type": .string("content_block_start"), "index": .number(self.index), "content_block": block])
    }

    private func delta(_ delta: Document) -> Document {
        .object(["type": .string("content_block_delta"), "index": .number(self.index), "delta": delta])
    }

    /// A delta of the current block.
    private func piece(_ text: Document) -> Document {
        switch self.open {
        case .none, .text: self.delta(.object(["type": .string("text_delta"), "text": text]))
        case .thinking: self.delta(.object(["type": .string("thinking_delta"), "thinking": text]))
        }
    }

    private mutating func stop() -> Document {
        defer { self.index += 1 }
        return .object(["type": .string("content_block_stop"), "index": .number(self.index)])
    }

    private mutating func close() -> [Document] {
        let kind = self.open
        self.open = .none
        self.frame = nil
        switch kind {
        case .none: return []
        case .text: return [self.stop()]
        case .thinking:
            let signature = Document.object([
                "type": .string("signature_delta"), "signature": .string(AnthropicFamily.signature),
            ])
            return [self.delta(signature), self.stop()]
        }
    }
}
