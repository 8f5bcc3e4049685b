internal import Inference
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Synchronization

extension BedrockRuntimeService {
    /// `POST …/v1/chat/completions`
    /// - Source: OpenAI API reference, "Chat Completions".
    func chatCompletion(
        _ request: CompatibleRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        let model = try await self.model(request.id, context)
        let tellsTier = request.body["service_tier"].map { $0 != .null } ?? false
        let family = OpenAIFamily(choiceCountMax: ChatRules.choiceCountMax, tellsRefusal: true, tellsTier: tellsTier)
        let chat = try model.reading { () throws(ServiceError) in
            try ChatRules.check(request.body)
            return try family.request(request.body)
        }
        let invocations = try await Self.choices(request.body["n"]?.integer ?? 1, of: chat, model)
        let stamp = AnswerStamp(request.id, context, self.random)
        guard request.isStreamed else {
            return .json(family.response(try await ChatReply.all(invocations), stamp))
        }
        let includesUsage = request.body["stream_options"]?["include_usage"] == .boolean(true)
        return .events { send in
            var outcomes: [ChatOutcome] = []
            for (index, invocation) in invocations.enumerated() {
                let chunks = Mutex(
                    OpenAIChunks(
                        stamp: stamp, usage: includesUsage ? .ownChunk : .never, choiceIndex: index,
                        tellsTier: tellsTier))
                let outcome = try await ServiceError.streaming {
                    try await invocation.chat(
                        send.mapped { piece in chunks.withLock { $0.json(piece) }.map { ServerSentEvents.event($0) } })
                }
                outcomes.append(outcome)
                for chunk in chunks.withLock({ $0.end(outcome) }) { try await send(ServerSentEvents.event(chunk)) }
            }
            if includesUsage {
                let last = OpenAIChunks(stamp: stamp, usage: .ownChunk, tellsTier: tellsTier)
                try await send(ServerSentEvents.event(last.usageChunk(ChatOutcome.together(outcomes))))
            }
            try await send(ServerSentEvents.done)
        }
    }

    /// One invocation for each choice. Each gets a different seed, or all choices would be the same.
    private static func choices(
        _ count: Int, of chat: ChatRequest, _ model: InvokedModel
    ) async throws(ServiceError) -> [Invocation] {
        var invocations: [Invocation] = []
        // All choices share a conversation that is numbered already; each would have a copy otherwise.
        let chat = chat.numberingCalls()
        for index in 0..<count {
            var choice = chat
            choice.sampling.seed = chat.sampling.seed.map { $0 &+ index }
            invocations.append(try await model.begin(choice))
        }
        return invocations
    }

    /// `GET …/v1/models` and `GET …/v1/models/{model}`
    func models(_ name: String?, _ context: RequestContext) async throws(ServiceError) -> HTTPRouteAnswer {
        func entry(_ name: String) -> Document {
            .object([
                "id": .string(name), "object": .string("model"), "created": .number(0), "owned_by": .string("brume"),
            ])
        }
        guard let name else {
            let names = await self.catalog.names()
            return .json(.object(["object": .string("list"), "data": .array(names.map(entry))]))
        }
        try await self.requireModel(name, context)
        return .json(entry(name))
    }

    /// - Throws: when neither a model nor a rule answers for the name.
    func requireModel(_ name: String, _ context: RequestContext) async throws(ServiceError) {
        let id = try ModelID(name, context)
        if !self.rules.answers(id) { _ = try await self.catalog.model(id) }
    }
}

extension ServiceError {
    /// Runs the streaming of an answer, and converts a model's failure to the error that ends the stream.
    static func streaming(
        _ work: () async throws -> ChatOutcome
    ) async throws -> ChatOutcome {
        do {
            return try await work()
        } catch let error as InferenceError {
            throw ServiceError(error)
        }
    }
}
