package import BedrockRuntimeModel
internal import Inference
package import ServiceModel
internal import Synchronization

extension BedrockRuntimeService {
    package func access(_ input: ConverseStreamRequest, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "bedrock:InvokeModelWithResponseStream", resource: ModelID.resource(input.modelID, context))
        ]
    }

    /// What is wrong with the request is told before the stream begins; what goes wrong later is its last message.
    package func converseStream(
        _ input: ConverseStreamRequest, _ context: RequestContext
    ) async throws(ServiceError) -> ConverseStreamResponse {
        let model = try await self.model(try ModelID(input.modelID, context), context)
        let started = ContinuousClock.now
        let request = try model.reading { () throws(ServiceError) in
            try Self.refuse(guardrail: input.guardrailConfig != nil, variables: input.promptVariables != nil)
            return try ConversePlan(input).request
        }
        let invocation = try await model.begin(request)
        return ConverseStreamResponse(
            stream: EventStream { send in
                try await send(.messageStart(MessageStartEvent(role: .assistant)))
                let events = Mutex(ConverseEvents())
                let outcome: ChatOutcome
                do {
                    outcome = try await invocation.chat { piece in
                        for event in events.withLock({ $0.events(piece) }) { try await send(event) }
                    }
                } catch let error as InferenceError {
                    throw ServiceError.inStream(error)
                }
                for event in events.withLock({ $0.close() }) { try await send(event) }
                try await send(.messageStop(MessageStopEvent(stopReason: outcome.converseStopReason)))
                let metrics = ConverseStreamMetrics(latencyMs: started.millisecondsAgo)
                try await send(.metadata(ConverseStreamMetadataEvent(usage: outcome.usage, metrics: metrics)))
            })
    }
}

extension ServiceError {
    /// A failure in mid-stream, as a message of the stream.
    static func inStream(_ error: InferenceError) -> ServiceError {
        guard case .failed = error else { return ServiceError(error) }
        return BedrockRuntimeError.modelStreamError(
            message: "The model failed while it answered; the server's log names the reason.")
    }
}
