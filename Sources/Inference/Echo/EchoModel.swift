package import ServiceModel

/// `brume.echo`: a model without weights, which always gives the same answer to the same request.
///
/// It repeats the last message. It calls a tool when it must, or when the text names one, with arguments generated from
/// the tool's schema; it reports a tool's result; and it generates an example when its answer must conform to a schema.
package struct EchoModel: ChatModel {
    package static let name = "brume.echo"
    /// The beginning of every text answer, so that it is not mistaken for a real model's.
    package static let mark = "[brume.echo] "
    /// As large as the context of many real models.
    package static let contextTokensMax = 131_072
    /// The limit when the request has none.
    static let answerTokensMax = 4096
    /// The maximum number of stop sequences; each is searched for in the whole answer.
    static let stopSequenceCountMax = 64
    /// The number of bytes of a text that are searched for names of tools.
    static let namedToolBytesMax = 64 << 10

    package init() {}

    package func countTokens(_ request: ChatRequest) async throws -> Int {
        EchoTokens.count(request)
    }

    package func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let inputTokens = EchoTokens.count(request, upTo: Self.contextTokensMax)
        guard inputTokens <= Self.contextTokensMax else {
            throw InferenceError.contextExceeded(tokens: inputTokens, tokensMax: Self.contextTokensMax)
        }
        request.promptCount?.set(inputTokens: inputTokens)
        guard request.sampling.stopSequences.count <= Self.stopSequenceCountMax else {
            throw InferenceError.unsupported("brume.echo takes at most \(Self.stopSequenceCountMax) stop sequences.")
        }
        if let tool = self.chosenTool(request) {
            let arguments = SchemaExample.arguments(of: tool.schema)
            let call = ToolCall(id: self.callID(request), name: tool.name, arguments: arguments)
            try await send(.toolCall(call))
            return ChatOutcome(
                stopReason: .toolCall,
                inputTokens: inputTokens,
                outputTokens: EchoTokens.count(tool.name) + EchoTokens.count(arguments)
            )
        }
        let answer = self.answer(request)
        var output = EchoOutput(answer, request.sampling, tokensMax: Self.answerTokensMax)
        while let piece = output.next() {
            // The client may have disconnected.
            try Task.checkCancellation()
            try await send(.text(piece))
        }
        return ChatOutcome(
            stopReason: output.stopReason, inputTokens: inputTokens, outputTokens: output.tokenCount)
    }

    /// The tool that the model must call, or that the last text names if there is no result yet.
    private func chosenTool(_ request: ChatRequest) -> ChatRequest.Tool? {
        switch request.toolChoice {
        case .never: return nil
        case .any: return self.namedTool(request) ?? request.tools.first
        case .named(let name): return request.tools.first { $0.name == name }
        case .auto: return self.namedTool(request)
        }
    }

    private func namedTool(_ request: ChatRequest) -> ChatRequest.Tool? {
        guard !request.tools.isEmpty else { return nil }
        let text = Array(self.lastText(request).utf8.prefix(Self.namedToolBytesMax))
        return request.tools.first { ByteSearch($0.name).firstIndex(in: text.span) != nil }
    }

    /// Calls are numbered consecutively in a conversation.
    private func callID(_ request: ChatRequest) -> String {
        "echo_\(request.callCount + 1)"
    }

    private func answer(_ request: ChatRequest) -> String {
        if let schema = request.answerSchema { return EchoTokens.text(SchemaExample.value(of: schema)) }
        let results = (request.messages.last?.parts ?? []).compactMap { part -> String? in
            if case .toolResult(_, let text) = part { text } else { nil }
        }
        guard results.isEmpty else { return Self.mark + "The tool returned: " + results.joined(separator: "\n") }
        return Self.mark + self.lastText(request)
    }

    private func lastText(_ request: ChatRequest) -> String {
        (request.messages.last { $0.role == .user }?.parts ?? []).compactMap { part -> String? in
            if case .text(let text) = part { text } else { nil }
        }.joined(separator: "\n")
    }
}
