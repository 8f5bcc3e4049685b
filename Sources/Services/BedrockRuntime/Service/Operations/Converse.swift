package import BedrockRuntimeModel
internal import Inference
package import ServiceModel

extension BedrockRuntimeService {
    package func access(_ input: ConverseRequest, _ context: RequestContext) -> [ResourceAccess] {
        self.accesses("bedrock:InvokeModel", input.modelID, context)
    }

    /// Order of checks: the model, the conversation; then the model answers.
    package func converse(
        _ input: ConverseRequest, _ context: RequestContext
    ) async throws(ServiceError) -> ConverseResponse {
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
        let reply = try await ChatReply(try await model.begin(plan.request, prefix: ClaudeLimits.conversePrefix))
        var content = ConverseContent(signature: ClaudeLimits.signature(id))
        // A model that takes no turn of texts and calls does not answer with one, even if it is cut off after a call.
        let isCallOnly =
            ModelGaps(id).contains(.mixedCalls)
            && reply.events.contains { if case .toolCall = $0 { true } else { false } }
        for event in reply.events {
            if isCallOnly, case .text = event { continue }
            content.add(event)
        }
        return ConverseResponse(
            output: .message(Message(role: .assistant, content: content.blocks)),
            stopReason: reply.outcome.converseStopReason,
            usage: reply.outcome.usage(plan.cacheTTL),
            metrics: ConverseMetrics(latencyMs: started.millisecondsAgo),
            additionalModelResponseFields: fields.isEmpty
                ? nil
                : fields.found(in: [NativeRequest.family(id).response(reply, AnswerStamp(id, context, self.random))]),
            performanceConfig: input.performanceConfig.map { _ in .served },
            serviceTier: input.serviceTier.map { _ in .served }
        )
    }

    /// Refuses features of Converse that are not supported yet. Prompt variables need no refusal: AWS ignores them
    /// unless the model's id is that of a prompt.
    static func refuse(guardrail: Bool) throws(ServiceError) {
        if guardrail { throw .invalid("Guardrails are not supported by this version of Brume") }
    }

    /// Reserved capacity requires a contract with AWS, which cannot exist here.
    /// - Source: the error for accounts without a reservation (NousResearch/hermes-agent#34476, also
    ///   envoyproxy/ai-gateway#1749).
    static func check(tier: ServiceTierType?) throws(ServiceError) {
        if tier == .reserved { throw .invalid("Reservation not found.") }
    }

    /// - Source: Amazon Bedrock API reference, InvokeModel: the member is refused even if no guardrail is named.
    static func refuse(guardrailOf body: Document) throws(ServiceError) {
        try self.refuse(guardrail: body["amazon-bedrock-guardrailConfig"].map { $0 != .null } ?? false)
    }
}

extension PerformanceConfiguration {
    /// The setting with which every request is served here.
    static let served = PerformanceConfiguration(latency: .standard)
}

extension ServiceTier {
    /// The tier with which every request is served here.
    static let served = ServiceTier(type: .default)
}

extension ChatRequest {
    /// The same request, with the principal for fair scheduling.
    func by(_ principal: Principal) -> ChatRequest {
        var request = self
        request.caller = principal.arn
        return request
    }
}

extension ContinuousClock.Instant {
    /// Milliseconds elapsed since then, rounded up: AWS never answers 0.
    var millisecondsAgo: Int {
        let elapsed = self.duration(to: .now).components
        return Int(elapsed.seconds) * 1000 + Int(elapsed.attoseconds / 1_000_000_000_000_000) + 1
    }
}
