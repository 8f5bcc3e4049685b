extension LlamaServerModel {
    /// Refuses a prompt that certainly exceeds the context, without tokenising it: an engine takes seconds for a
    /// million tokens.
    ///
    /// A token represents a bounded number of bytes, so a prompt has at least its bytes divided by that number of
    /// tokens. White space is not counted, since templates and special tokens absorb it. Templates may omit more, such
    /// as earlier reasoning, so the prompt rendered by the engine's own template is measured, which is requested only
    /// if the request is long.
    /// - Throws: `contextExceeded` with the minimum number of tokens; uncertain cases are left to the engine.
    func checkLength(_ request: ChatRequest) async throws(InferenceError) {
        guard let bytesMax = self.capabilities.tokenInkBytesMax, let tokensMax = self.capabilities.contextTokensMax
        else { return }
        let (limit, isBounded) = bytesMax.multipliedReportingOverflow(by: tokensMax)
        guard !isBounded, request.textBytes > limit else { return }
        let prompt: String
        if request.isRawPrompt {
            prompt = request.rawPrompt
        } else {
            guard self.capabilities.hasTemplates else { return }
            prompt = try await self.prompt(request, isAnswerBegun: true)
        }
        let inkBytes = prompt.utf8.count { !Self.isBlank($0) }
        guard inkBytes > limit else { return }
        throw .contextExceeded(tokens: (inkBytes + bytesMax - 1) / bytesMax, tokensMax: tokensMax)
    }

    /// The white space of C's `isspace`: the space, and tab to carriage return.
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension ChatRequest {
    /// The size of all texts, reasoning and tool results.
    fileprivate var textBytes: Int {
        var bytes = self.system.reduce(0) { $0 + $1.utf8.count }
        for message in self.messages {
            for part in message.parts {
                switch part {
                case .text(let text), .reasoning(let text), .toolResult(_, let text): bytes += text.utf8.count
                case .image, .toolCall: break
                }
            }
        }
        return bytes
    }
}
