extension LlamaServerModel {
    /// Refuses a prompt that is certain to have more tokens than the context, without making tokens of it: an engine
    /// takes seconds for a million of them.
    ///
    /// A token stands for so many bytes at most, so a prompt has at least its bytes divided by those. Blanks are left
    /// aside, since templates and special tokens take them away. Templates may leave out more, such as old thoughts,
    /// so what counts is the prompt that the engine's own template makes, which is asked for only where the request is
    /// long.
    /// - Throws: `contextExceeded` with the least number of tokens; what is not certain is left to the engine.
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

    /// The space, and from tab to carriage return: what C's `isspace` says of.
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension ChatRequest {
    /// Bytes of all that was said and returned.
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
