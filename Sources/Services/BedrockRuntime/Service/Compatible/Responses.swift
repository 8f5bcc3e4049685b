internal import Inference
internal import ServiceKit
internal import ServiceModel
internal import Synchronization

extension BedrockRuntimeService {
    /// `POST …/v1/responses`
    /// - Source: OpenAI API reference, "Responses" and "Streaming events".
    func modelResponse(
        _ request: CompatibleRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        let model = try await self.catalog.model(request.id)
        let chat = try ResponsesRequest(request.body).chat.by(context.principal)
        let stamp = AnswerStamp(request.id, context, self.random)
        guard request.isStreamed else {
            let reply = try await ChatReply(model, chat)
            var events = ResponsesEvents(stamp: stamp, body: request.body)
            for event in reply.events { _ = events.events(event) }
            _ = events.close()
            return .json(events.response(reply.outcome))
        }
        return .events { send in
            let events = Mutex(ResponsesEvents(stamp: stamp, body: request.body))
            for event in events.withLock({ $0.begin() }) { try await send(ServerSentEvents.typed(event)) }
            let outcome = try await ServiceError.streaming {
                try await model.chat(chat) { piece in
                    for event in events.withLock({ $0.events(piece) }) { try await send(ServerSentEvents.typed(event)) }
                }
            }
            for event in events.withLock({ $0.end(outcome) }) { try await send(ServerSentEvents.typed(event)) }
        }
    }
}
