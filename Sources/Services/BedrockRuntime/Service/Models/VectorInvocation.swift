internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

extension InvokedModel {
    /// The purpose of the model; nil when it has no specific or no known one.
    var purpose: EngineLaunch.Purpose? {
        guard case .success(let model) = self.model else { return nil }
        return (model as? any PurposedModel)?.purpose
    }

    /// Embeds texts.
    /// - Parameters:
    ///   - request: the texts.
    ///   - tooLong: the family's error for a text with too many tokens.
    /// - Returns: the vectors, in the order of the texts.
    /// - Throws: AWS's error for the failure.
    func embed(
        _ request: EmbeddingRequest, tooLong: (_ tokens: Int, _ tokensMax: Int) -> ServiceError
    ) async throws(ServiceError) -> EmbeddingOutcome {
        var request = request
        request.caller = self.context.principal.arn
        let outcome: EmbeddingOutcome = try await self.measured(request.texts, for: .embeddings, tooLong) { model in
            guard let model = model as? any EmbeddingModel else { return nil }
            return try await model.embed(request)
        } tokens: {
            $0.inputTokens
        }
        return outcome
    }

    /// Scores documents.
    func rerank(_ request: RerankRequest) async throws(ServiceError) -> RerankOutcome {
        var request = request
        request.caller = self.context.principal.arn
        let tooLong = { (_: Int, _: Int) in ServiceError.invalid("Input is too long for requested model.") }
        return try await self.measured([request.query], for: .reranking, tooLong) { model in
            guard let model = model as? any RerankModel else { return nil }
            return try await model.rerank(request)
        } tokens: {
            $0.inputTokens
        }
    }

    /// Applies the matching rule, runs the model, and meters its usage.
    private func measured<Outcome>(
        _ texts: [String], for purpose: EngineLaunch.Purpose, _ tooLong: (Int, Int) -> ServiceError,
        _ work: (any ChatModel) async throws -> Outcome?, tokens: (Outcome) -> Int
    ) async throws(ServiceError) -> Outcome {
        let started = ContinuousClock.now
        let failure: ServiceError
        do {
            try await self.applyRules(texts)
            let model = try self.model.get()
            guard self.purpose == nil || self.purpose == purpose, let outcome = try await work(model) else {
                throw self.wrongModel(for: purpose)
            }
            self.service.meter.answered(
                self.id, ChatOutcome(stopReason: .endOfTurn, inputTokens: tokens(outcome), outputTokens: 0),
                firstPiece: nil, total: started.duration(to: .now), self.metadata,
                self.context)
            return outcome
        } catch InferenceError.contextExceeded(let count, let countMax) {
            failure = tooLong(count, countMax)
        } catch {
            failure = .told(error)
        }
        self.failed(failure)
        throw failure
    }

    /// Applies a rule: its delay is over, or its error thrown, when this returns; its reply does not apply to vectors.
    private func applyRules(_ texts: [String]) async throws {
        let request = ChatRequest(messages: [.init(role: .user, parts: texts.map { .text($0) })])
        guard let rule = await self.service.rules.take(self.id, request) else { return }
        self.context.answer(Invocation.ruleHeader, rule.name)
        if rule.delayMilliseconds > 0 { try await Task.sleep(for: .milliseconds(rule.delayMilliseconds)) }
        if let failure = rule.failure { throw InjectedError.error(failure) }
    }

    /// The error when the model that answers for an id has another purpose, with a remedy.
    private func wrongModel(for purpose: EngineLaunch.Purpose) -> ServiceError {
        let wanted = purpose == .embeddings ? "makes no embeddings" : "does not rank documents"
        let remedy = FamilyRules.remedy(for: self.id.name, purpose)
        return .invalid("The model of this machine that answers for \(self.id.name) \(wanted). \(remedy).")
    }
}
