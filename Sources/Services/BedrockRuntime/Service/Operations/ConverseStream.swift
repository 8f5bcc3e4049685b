package import BedrockRuntimeModel
internal import Inference
package import ServiceModel
internal import Synchronization

extension BedrockRuntimeService {
    package func access(_ input: ConverseStreamRequest, _ context: RequestContext) -> [ResourceAccess] {
        self.accesses("bedrock:InvokeModelWithResponseStream", input.modelID, context)
    }

    /// Errors in the request, and all others before the first output of the model, are returned as the answer; later
    /// errors are the last message of the stream.
    package func converseStream(
        _ input: ConverseStreamRequest, _ context: RequestContext
    ) async throws(ServiceError) -> ConverseStreamResponse {
        let id = try ModelID(input.modelID, context)
        let model = try await self.model(id, context, RequestMetadata(input.requestMetadata))
        let started = ContinuousClock.now
        let (plan, fields) = try await model.readingSlowly { () async throws(ServiceError) in
            try Self.refuse(guardrail: input.guardrailConfig != nil)
            try Self.check(tier: input.serviceTier?.type)
            try OptimizedLatency.check(input.performanceConfig?.latency, id, context)
            let fields = try ResponseFields(input.additionalModelResponseFieldPaths)
            return (try await ConversePlan(input, for: id), fields)
        }
        let invocation = try await model.begin(plan.request, prefix: ClaudeLimits.conversePrefix)
        let stamp = AnswerStamp(id, context, self.random)
        return ConverseStreamResponse(
            stream: EventStream { send in
                let start = ConverseStreamOutput.messageStart(MessageStartEvent(role: .assistant))
                let hasBegun = Atomic(false)
                let events = Mutex(ConverseEvents(signature: ClaudeLimits.signature(id)))
                let outcome: ChatOutcome
                do {
                    outcome = try await invocation.chat(
                        send.mapped { piece in
                            let isFirst = !hasBegun.exchange(true, ordering: .relaxed)
                            return (isFirst ? [start] : []) + events.withLock { $0.events(piece) }
                        })
                } catch let error as InferenceError {
                    throw ServiceError.inStream(error, hasBegun: hasBegun.load(ordering: .relaxed))
                }
                if !hasBegun.load(ordering: .relaxed) { try await send(start) }
                for event in events.withLock({ $0.close() }) { try await send(event) }
                let more = fields.isEmpty ? nil : fields.found(in: Self.lastChunks(id, outcome, stamp))
                try await send(
                    .messageStop(
                        MessageStopEvent(
                            stopReason: outcome.converseStopReason, additionalModelResponseFields: more)))
                let metrics = ConverseStreamMetrics(latencyMs: started.millisecondsAgo)
                try await send(
                    .metadata(
                        ConverseStreamMetadataEvent(
                            usage: outcome.usage(plan.cacheTTL), metrics: metrics,
                            performanceConfig: input.performanceConfig.map { _ in .served },
                            serviceTier: input.serviceTier.map { _ in .served })))
            })
    }

    /// The end of the same answer in the family's native stream: Claude's stop sequence is at /delta/stop_sequence.
    private static func lastChunks(_ id: ModelID, _ outcome: ChatOutcome, _ stamp: AnswerStamp) -> [Document] {
        var chunks = NativeRequest.family(id).chunks(stamp)
        return chunks.end(outcome)
    }
}

extension ServiceError {
    /// The error codes that a stream of the API can end with.
    private static let streamCodes: Set<String> = [
        "InternalServerException", "ModelStreamErrorException", "ServiceUnavailableException", "ThrottlingException",
        "ValidationException",
    ]

    /// A failure as the last message of a stream; before the first message it is the answer, with its own code.
    /// - Parameters:
    ///   - error: the failure.
    ///   - hasBegun: whether a part of the answer was sent.
    ///   - tellsTimeouts: whether the stream may end with a timeout, which InvokeModel's may and Converse's may not.
    /// - Returns: the client's error.
    static func inStream(_ error: InferenceError, hasBegun: Bool, tellsTimeouts: Bool = false) -> ServiceError {
        let whole = ServiceError(error)
        if !hasBegun || self.streamCodes.contains(whole.code) { return whole }
        if tellsTimeouts, case .timedOut = error { return whole }
        guard case .refused(let status, let sentence) = error else {
            return BedrockRuntimeError.modelStreamError(message: whole.message)
        }
        return BedrockRuntimeError.modelStreamError(
            message: "The model failed while it answered.", originalStatusCode: status, originalMessage: sentence)
    }
}
