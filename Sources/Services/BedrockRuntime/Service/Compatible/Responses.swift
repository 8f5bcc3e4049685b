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
        let model = try await self.model(request.id, context)
        let chat = try model.reading { () throws(ServiceError) in try ResponsesRequest(request.body).chat }
        let invocation = try await model.begin(chat)
        let stamp = AnswerStamp(request.id, context, self.random)
        guard request.isStreamed else {
            let reply = try await ChatReply(invocation)
            var events = ResponsesEvents(stamp: stamp, body: request.body)
            for event in reply.events { _ = events.events(event) }
            _ = events.close(by: reply.outcome)
            return .json(events.response(reply.outcome))
        }
        return .events { send in
            let events = Mutex(ResponsesEvents(stamp: stamp, body: request.body))
            let outcome: ChatOutcome
            do {
                outcome = try await ServiceError.streaming {
                    try await invocation.chat(
                        send.mapped { piece in
                            events.withLock { $0.begin() + $0.events(piece) }.map { ServerSentEvents.typed($0) }
                        })
                }
            } catch let error as ServiceError {
                for event in events.withLock({ $0.fail(error) }) { try await send(ServerSentEvents.typed(event)) }
                // The last event is the one that clients raise.
                throw error
            }
            for event in events.withLock({ $0.begin() + $0.end(outcome) }) {
                try await send(ServerSentEvents.typed(event))
            }
        }
    }
}
