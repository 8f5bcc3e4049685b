package import BedrockRuntimeModel
internal import Inference
package import ServiceModel
internal import WireProtocols

extension BedrockRuntimeService {
    package func access(_ input: InvokeModelRequest, _ context: RequestContext) -> [ResourceAccess] {
        self.accesses("bedrock:InvokeModel", input.modelID, context)
    }

    /// Body and answer are in the native notation of the model; the token usage is in headers, which the API's model
    /// does not define, but SDKs read.
    package func invokeModel(
        _ input: InvokeModelRequest, _ context: RequestContext
    ) async throws(ServiceError) -> InvokeModelResponse {
        let id = try ModelID(input.modelID, context)
        let model = try await self.model(id, context, try RequestMetadata(header: input.requestMetadata))
        let started = ContinuousClock.now
        let body = try model.reading { () throws(ServiceError) in
            try Self.refuse(guardrail: input.guardrailIdentifier != nil)
            try Self.check(tier: input.serviceTier)
            try OptimizedLatency.check(input.performanceConfigLatency, id, context)
            return try NativeRequest.document(input.body ?? [], contentType: input.contentType)
        }
        if let kind = Self.vectors(id, model, body) {
            var answer = try await self.invoke(model, kind, body, context)
            answer.serve(input)
            return answer
        }
        let native = try await model.readingSlowly { () async throws(ServiceError) in
            try await NativeRequest(id, document: body)
        }
        let reply = try await ChatReply(try await model.begin(native.request))
        reply.outcome.addHeaders(to: context, latencyMilliseconds: started.millisecondsAgo)
        let stamp = AnswerStamp(id, context, self.random)
        var answer = InvokeModelResponse(
            body: native.family.response(reply, stamp).json, contentType: "application/json")
        answer.serve(input)
        return answer
    }

    /// The notation of a model for vectors; nil for a conversational model.
    static func vectors(_ id: ModelID, _ model: InvokedModel, _ body: Document) -> VectorNotation.Kind? {
        if let kind = VectorNotation.kind(of: id) { return kind }
        guard !NativeRequest.isClaimed(id), !id.isForMedia else { return nil }
        return VectorNotation.kind(of: body, purpose: model.purpose)
    }

    /// Embeds texts, or ranks documents.
    private func invoke(
        _ model: InvokedModel, _ kind: VectorNotation.Kind, _ body: Document, _ context: RequestContext
    ) async throws(ServiceError) -> InvokeModelResponse {
        let started = ContinuousClock.now
        let notation = try model.reading { () throws(ServiceError) in try VectorNotation(kind, body) }
        let answer: Document
        let tokens: Int
        switch notation {
        case .embeddings(let texts):
            let outcome = try await model.embed(texts.request, tooLong: texts.tooLong)
            answer = texts.response(outcome, AnswerStamp(model.id, context, self.random))
            tokens = outcome.inputTokens
        case .rerank(let documents):
            let outcome = try await model.rerank(documents.request)
            answer = documents.response(outcome)
            tokens = outcome.inputTokens
        }
        context.answer("x-amzn-bedrock-invocation-latency", String(started.millisecondsAgo))
        context.answer("x-amzn-bedrock-input-token-count", String(tokens))
        return InvokeModelResponse(body: answer.json, contentType: "application/json")
    }
}

extension InvokeModelResponse {
    /// Adds how the request was served, if it asks for a setting.
    fileprivate mutating func serve(_ input: InvokeModelRequest) {
        self.performanceConfigLatency = input.performanceConfigLatency.map { _ in .standard }
        self.serviceTier = input.serviceTier.map { _ in .default }
    }
}

extension ChatOutcome {
    /// Adds the token usage of an answer as headers of the response.
    /// - Source: Bedrock User Guide, "Submit a single prompt with InvokeModel"; langchain-aws reads these names.
    func addHeaders(to context: RequestContext, latencyMilliseconds: Int) {
        context.answer("x-amzn-bedrock-invocation-latency", String(latencyMilliseconds))
        context.answer("x-amzn-bedrock-input-token-count", String(self.uncachedInputTokens))
        context.answer("x-amzn-bedrock-output-token-count", String(self.outputTokens))
        context.answer("x-amzn-bedrock-cache-read-input-token-count", String(self.cacheReadTokens))
        context.answer("x-amzn-bedrock-cache-write-input-token-count", String(self.cacheWriteTokens))
    }

    /// The metrics in the last chunk of a streamed answer.
    func invocationMetrics(latencyMilliseconds: Int, firstByteMilliseconds: Int) -> Document {
        .object([
            "inputTokenCount": .number(self.uncachedInputTokens),
            "outputTokenCount": .number(self.outputTokens),
            "invocationLatency": .number(latencyMilliseconds),
            "firstByteLatency": .number(firstByteMilliseconds),
            "cacheReadInputTokenCount": self.cachePointTokens == nil ? nil : .number(self.cacheReadTokens),
            "cacheWriteInputTokenCount": self.cachePointTokens == nil ? nil : .number(self.cacheWriteTokens),
        ])
    }
}
