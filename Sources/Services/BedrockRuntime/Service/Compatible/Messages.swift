internal import Inference
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Synchronization

extension BedrockRuntimeService {
    /// `POST …/v1/messages`
    /// - Source: Anthropic API reference, "Messages" and "Streaming Messages".
    func message(
        _ request: CompatibleRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        let model = try await self.model(request.id, context)
        let family = AnthropicFamily(callIDs: .anthropic, betas: request.betas)
        let chat = try await model.readingSlowly { () async throws(ServiceError) in
            if let thread = request.body["thread"], thread != .null { throw AnthropicError.noThreads }
            try AnthropicMembers.check(request: request.body)
            let chat = try family.request(try await family.readingDocuments(request.body))
            if let fault = ClaudeLimits.fault(chat, request.id) { throw ServiceError.invalid(fault) }
            return chat
        }
        let invocation = try await model.begin(chat)
        let stamp = AnswerStamp(request.id, context, self.random)
        guard request.isStreamed else {
            let reply = try await ChatReply(invocation)
            return .json(family.response(reply, stamp))
        }
        return .events { send in
            let chunks = Mutex(family.chunks(stamp))
            let outcome = try await ServiceError.streaming {
                try await invocation.chat(
                    send.mapped { piece in chunks.withLock { $0.json(piece) }.map { ServerSentEvents.typed($0) } })
            }
            for event in chunks.withLock({ $0.end(outcome) }) { try await send(ServerSentEvents.typed(event)) }
        }
    }

    /// `POST …/v1/messages/count_tokens`
    func countMessageTokens(
        _ request: CompatibleRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        let model = try await self.model(request.id, context)
        let family = AnthropicFamily()
        try AnthropicMembers.check(counted: request.body)
        let chat = try family.request(try await family.readingDocuments(request.body), isForCounting: true)
        return .json(.object(["input_tokens": .number(try await model.countTokens(chat))]))
    }
}
