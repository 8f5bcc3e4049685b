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

    /// What is wrong with the request, and whatever else keeps the model from its first word, is the answer; what goes
    /// wrong later is the stream's last message.
    package func converseStream(
        _ input: ConverseStreamRequest, _ context: RequestContext
    ) async throws(ServiceError) -> ConverseStreamResponse {
        let id = try ModelID(input.modelID, context)
        let model = try await self.model(id, context, RequestMetadata(input.requestMetadata))
        let started = ContinuousClock.now
        let (request, fields) = try await model.readingSlowly { () async throws(ServiceError) in
            try Self.refuse(guardrail: input.guardrailConfig != nil)
            let fields = try ResponseFields(input.additionalModelResponseFieldPaths)
            return (try await ConversePlan(input).request, fields)
        }
        let invocation = try await model.begin(request)
        let stamp = AnswerStamp(id, context, self.random)
        return ConverseStreamResponse(
            stream: EventStream { send in
                let start = ConverseStreamOutput.messageStart(MessageStartEvent(role: .assistant))
                let hasBegun = Atomic(false)
                let events = Mutex(ConverseEvents())
                let outcome: ChatOutcome
                do {
                    outcome = try await invocation.chat { piece in
                        if !hasBegun.exchange(true, ordering: .relaxed) { try await send(start) }
                        for event in events.withLock({ $0.events(piece) }) { try await send(event) }
                    }
                } catch let error as InferenceError {
                    throw ServiceError.inStream(error)
                }
                if !hasBegun.load(ordering: .relaxed) { try await send(start) }
                for event in events.withLock({ $0.close() }) { try await send(event) }
                // As the family's own stream has them: Claude's stop sequence is at /delta/stop_sequence.
                var chunks = NativeRequest.family(id).chunks(stamp)
                let more = fields.isEmpty ? nil : fields.found(in: chunks.end(outcome))
                try await send(
                    .messageStop(
                        MessageStopEvent(
                            stopReason: outcome.converseStopReason, additionalModelResponseFields: more)))
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
