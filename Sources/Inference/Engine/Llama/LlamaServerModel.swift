package import Primitives
package import ServiceModel
internal import WireProtocols

/// A chat model behind llama.cpp's server, or behind another one with OpenAI's API.
///
/// It does not deal with slots and loading: `ModelHost` does both before it calls this.
package struct LlamaServerModel: ChatModel {
    let client: EngineClient
    /// The server's name for the model.
    let name: String
    package let capabilities: EngineCapabilities
    let random: any RandomSource
    private let caching: PromptCaching

    package init(
        client: EngineClient, name: String, capabilities: EngineCapabilities, random: any RandomSource,
        caching: PromptCaching = .shared
    ) {
        self.client = client
        self.name = name
        self.capabilities = capabilities
        self.random = random
        self.caching = caching
    }

    package func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        try self.check(request)
        try await self.checkLength(request)
        guard case .byCaller(let owners) = self.caching, let place = owners.take(request.caller) else {
            return try await self.answer(request, self.cachingMembers(nil), send)
        }
        defer { owners.giveBack(place) }
        return try await self.answer(request, self.cachingMembers(place), send)
    }

    /// The members that tell the engine which cached prompts it may reuse.
    private func cachingMembers(_ place: SlotOwners.Place?) -> [Document.Member] {
        if let place { return [.init("id_slot", .number(place.slot)), .init("cache_prompt", .boolean(place.isOwn))] }
        // Servers other than llama.cpp's may refuse an unknown member.
        if case .shared = self.caching { return [] }
        return self.capabilities.isLlamaServer ? [.init("cache_prompt", .boolean(false))] : []
    }

    /// Answers the request; `more` are members to add to the request to the server.
    private func answer(
        _ request: ChatRequest, _ more: [Document.Member], _ send: Sink<ChatEvent>
    ) async throws -> ChatOutcome {
        let started = ContinuousClock.now
        let cachePointTokens = try await self.cachePointTokens(request)
        request.promptCount?.set(cachePointTokens: cachePointTokens)
        var first: ContinuousClock.Instant?
        var outcome: ChatOutcome
        switch request.toolChoice {
        case _ where request.isRawPrompt:
            outcome = try await self.complete(request, prompt: request.rawPrompt, tools: [], more, &first, send)
        case .any where self.capabilities.hasGrammars && !request.tools.isEmpty:
            outcome = try await self.forced(request, request.tools, more, &first, send)
        case .named(let name) where self.capabilities.hasGrammars:
            outcome = try await self.forced(request, request.tools.filter { $0.name == name }, more, &first, send)
        case .auto, .any, .named, .never:
            outcome = try await self.converse(request, more, &first, send)
        }
        outcome.cachePointTokens = cachePointTokens.map { min($0, outcome.inputTokens) }
        outcome.timing.firstPiece = first.map { started.duration(to: $0) }
        outcome.timing.total = started.duration(to: .now)
        return outcome
    }

    func check(_ request: ChatRequest) throws(InferenceError) {
        guard !self.capabilities.takesImages else { return }
        for message in request.messages {
            for case .image in message.parts {
                throw .unsupported(
                    "This model doesn't support the image content block that you provided. Update the content block "
                        + "and try again.")
            }
        }
    }

    /// `/v1/chat/completions`.
    private func converse(
        _ request: ChatRequest, _ more: [Document.Member], _ first: inout ContinuousClock.Instant?,
        _ send: Sink<ChatEvent>
    ) async throws -> ChatOutcome {
        let isOwn = self.capabilities.isLlamaServer
        let reading = StreamReading(ChatStream(request, scansStops: isOwn, makeID: self.makeCallID), send)
        let answer = try await self.inAcceptedTurns(request) { (request) async throws(InferenceError) in
            try await self.post("/v1/chat/completions", .object(self.chatMembers(request) + more))
        }
        defer { answer.close() }
        var stream = try await reading.read(answer, &first)
        try stream.checkWhole()
        for event in stream.end() {
            if first == nil { first = .now }
            try await send(event)
        }
        var outcome = try stream.outcome()
        if outcome.reasoningTokens == nil, self.capabilities.hasTokenizer {
            // The answer is whole without the count, so an engine that has gone by now does not spoil it.
            let tokens = try? await self.tokens(of: stream.reasoning, addsMarks: false)
            outcome.reasoningTokens = tokens.map { min($0.count, outcome.outputTokens) }
        }
        return outcome
    }

    private func chatMembers(_ request: ChatRequest) -> [Document.Member] {
        let isOwn = self.capabilities.isLlamaServer
        var members = ChatBody.prompt(request, isOwnEngine: isOwn)
        members += ChatBody.sampling(request.sampling)
        members += [
            .init("model", .string(self.name)), .init("stream", .boolean(true)),
            .init("stream_options", .object(["include_usage": .boolean(true)])),
        ]
        if let tokensMax = request.sampling.tokensMax { members.append(.init("max_tokens", .number(tokensMax))) }
        let stops = request.sampling.stopSequences
        if !isOwn, !stops.isEmpty { members.append(.init("stop", .array(stops.map { .string($0) }))) }
        // The engine does not report which sequence it stopped at, so stop sequences are detected here, as are excess
        // calls; the counts are then requested with every token, since the last chunk is not awaited.
        if isOwn, !stops.isEmpty || (!request.allowsParallelCalls && !request.tools.isEmpty) {
            members.append(.init("timings_per_token", .boolean(true)))
        }
        if isOwn, request.promptCount != nil { members.append(.init("return_progress", .boolean(true))) }
        if !request.tools.isEmpty {
            members.append(.init("tool_choice", self.choice(request.toolChoice)))
            members.append(.init("parallel_tool_calls", .boolean(request.allowsParallelCalls)))
        }
        if let schema = request.answerSchema {
            let format = Document.object([
                "type": .string("json_schema"),
                "json_schema": .object(["name": .string("answer"), "schema": schema, "strict": .boolean(true)]),
            ])
            members.append(.init("response_format", format))
        }
        return members
    }

    private func choice(_ choice: ChatRequest.ToolChoice) -> Document {
        switch choice {
        case .auto: .string("auto")
        case .any: .string("required")
        case .never: .string("none")
        case .named(let name):
            .object(["type": .string("function"), "function": .object(["name": .string(name)])])
        }
    }

    /// A call that is required: the engine's own `required` lets the model write text before the call, and its grammars
    /// allow unlimited white space, so the prompt is rendered by its template and the answer constrained by our own
    /// grammar.
    private func forced(
        _ request: ChatRequest, _ tools: [ChatRequest.Tool], _ more: [Document.Member],
        _ first: inout ContinuousClock.Instant?, _ send: Sink<ChatEvent>
    ) async throws -> ChatOutcome {
        var asked = request
        // Reasoning before the call would have to be part of the grammar.
        asked.reasoning = .init(isOn: false)
        let prompt = try await self.prompt(asked, isAnswerBegun: true)
        return try await self.complete(request, prompt: prompt, tools: tools, more, &first, send)
    }

    /// `/completion`: continues the prompt with text, or with a call of one of these tools.
    private func complete(
        _ request: ChatRequest, prompt: String, tools: [ChatRequest.Tool], _ more: [Document.Member],
        _ first: inout ContinuousClock.Instant?, _ send: Sink<ChatEvent>
    ) async throws -> ChatOutcome {
        guard self.capabilities.isLlamaServer else {
            throw InferenceError.unsupported("The server of this model takes conversations only, and no bare prompts.")
        }
        var members = ChatBody.sampling(request.sampling) + more
        let images = request.isRawPrompt ? [] : request.images
        members += [.init("prompt", Self.prompt(prompt, with: images)), .init("stream", .boolean(true))]
        if let tokensMax = request.sampling.tokensMax { members.append(.init("n_predict", .number(tokensMax))) }
        if tools.isEmpty {
            members.append(.init("stop", .array(request.sampling.stopSequences.map { .string($0) })))
        } else {
            members.append(.init("grammar", .string(try SchemaGrammar.call(of: tools))))
        }
        let reading = StreamReading(
            CompletionStream(request, isCall: !tools.isEmpty, makeID: self.makeCallID), send)
        let answer = try await self.post("/completion", .object(members))
        defer { answer.close() }
        var stream = try await reading.read(answer, &first)
        let calls = stream.end()
        let outcome = try stream.outcome(hasCall: !calls.isEmpty)
        for event in calls {
            if first == nil { first = .now }
            try await send(event)
        }
        return outcome
    }

    /// 22 letters and digits, as many as follow the prefix in AWS's and Anthropic's call ids.
    @Sendable
    private func makeCallID() -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var text = ""
        for _ in 0..<22 { text.append(letters[Int(self.random.next() % UInt64(letters.count))]) }
        return text
    }
}

extension ChatRequest {
    /// All texts concatenated, for a prompt that is sent without a template.
    var rawPrompt: String {
        self.messages.flatMap(\.parts).map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
