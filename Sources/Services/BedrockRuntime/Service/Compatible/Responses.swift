internal import Inference
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Synchronization
internal import WireProtocols

extension BedrockRuntimeService {
    /// `POST …/v1/responses`
    /// - Source: OpenAI API reference, "Responses" and "Streaming events".
    func modelResponse(
        _ request: CompatibleRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        let model = try await self.model(request.id, context)
        let earlier = EarlierItems(kept: self.kept, context: context)
        let chat = try await model.readingSlowly { () async throws(ServiceError) in
            try await ResponsesRequest.chat(request.body, earlier)
        }
        let invocation = try await model.begin(chat)
        let stamp = AnswerStamp(request.id, context, self.random)
        let isKept = KeptResponses.keeps(request, earlier)
        guard request.isStreamed else {
            let reply = try await ChatReply(invocation)
            var events = ResponsesEvents(stamp: stamp, body: request.body, isKept: isKept)
            for event in reply.events { _ = events.events(event) }
            _ = events.close(by: reply.outcome)
            let response = events.response(reply.outcome)
            if isKept { self.keep(response, to: request, stamp, context) }
            return .json(response)
        }
        return .events { send in
            let events = Mutex(ResponsesEvents(stamp: stamp, body: request.body, isKept: isKept))
            let outcome: ChatOutcome
            do {
                outcome = try await ServiceError.streaming {
                    try await invocation.chat(
                        send.mapped { piece in
                            events.withLock { $0.begin() + $0.events(piece) }.map { ServerSentEvents.typed($0) }
                        })
                }
            } catch let error as ServiceError {
                let failure = events.withLock { $0.fail(error) }
                for event in failure.events { try await send(ServerSentEvents.typed(event)) }
                // The last event is the one that clients raise.
                throw failure.last
            }
            let last = events.withLock { $0.begin() + $0.end(outcome) }
            // Before the last event: a client that has received it may continue the response.
            if isKept { self.keep(events.withLock { $0.response(outcome) }, to: request, stamp, context) }
            for event in last { try await send(ServerSentEvents.typed(event)) }
        }
    }

    /// `POST …/v1/responses/input_tokens`
    /// - Source: OpenAI API reference, "Get input token counts".
    func countInputTokens(
        _ request: CompatibleRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        let model = try await self.model(request.id, context)
        let earlier = EarlierItems(kept: self.kept, context: context)
        let chat = try await model.readingSlowly { () async throws(ServiceError) in
            try await ResponsesRequest.chat(request.body, earlier)
        }
        let count = try await model.countTokens(chat)
        return .json(.object(["object": .string("response.input_tokens"), "input_tokens": .number(count)]))
    }

    private func keep(
        _ response: Document, to request: CompatibleRequest, _ stamp: AnswerStamp, _ context: RequestContext
    ) {
        let earlier = EarlierItems(kept: self.kept, context: context)
        let input = KeptItems.named(ResponsesRequest.items(of: request.body, earlier), token: stamp.token)
        self.kept.keep(
            KeptResponse(
                account: context.account, region: context.region,
                previous: request.body["previous_response_id"]?.text, input: input, response: response,
                // Referenced items count for each response that has them: it may outlive the one that they are from.
                bytes: input.reduce(response.memoryBytes) { $0 + $1.memoryBytes }))
    }

    /// `GET …/v1/responses/{response}`
    /// - Source: OpenAI API reference, "Get a model response".
    func keptResponse(_ request: HTTPRouteRequest, _ context: RequestContext) throws(ServiceError) -> HTTPRouteAnswer {
        let id = request.labels.first ?? ""
        guard let response = self.kept.response(id, context) else { throw Self.noResponse(id) }
        // Retrieval can stream only responses that are generated in the background, which do not exist here.
        if QueryItems(request.head.query).values("stream").last == "true" {
            throw .invalid("stream is not supported for a response that is complete.")
        }
        return .json(response)
    }

    /// `DELETE …/v1/responses/{response}`
    /// - Source: OpenAI API reference, "Delete a model response".
    func deleteResponse(
        _ request: HTTPRouteRequest, _ context: RequestContext
    ) throws(ServiceError) -> HTTPRouteAnswer {
        let id = request.labels.first ?? ""
        guard self.kept.remove(id, context) else { throw Self.noResponse(id) }
        return .json(.object(["id": .string(id), "object": .string("response"), "deleted": .boolean(true)]))
    }

    /// `GET …/v1/responses/{response}/input_items`
    /// - Source: OpenAI API reference, "List input items": the input of a response includes the preceding conversation.
    func inputItems(_ request: HTTPRouteRequest, _ context: RequestContext) throws(ServiceError) -> HTTPRouteAnswer {
        let id = request.labels.first ?? ""
        guard let input = self.kept.input(of: id, context) else { throw Self.noResponse(id) }
        return .json(try KeptItems(QueryItems(request.head.query)).document(input))
    }

    /// `POST …/v1/responses/{response}/cancel`: responses are never generated in the background, so none can be
    /// cancelled.
    /// - Source: the sentence that users of OpenAI's API report.
    func cancelResponse(
        _ request: HTTPRouteRequest, _ context: RequestContext
    ) throws(ServiceError) -> HTTPRouteAnswer {
        let id = request.labels.first ?? ""
        guard self.kept.response(id, context) != nil else { throw Self.noResponse(id) }
        throw .invalid("Cannot cancel a synchronous response.")
    }

    /// - Source: the sentence that users of OpenAI's API report.
    private static func noResponse(_ id: String) -> ServiceError {
        ServiceError(code: "ResponseNotFound", status: 404, message: "Response with id '\(id)' not found.")
    }
}
