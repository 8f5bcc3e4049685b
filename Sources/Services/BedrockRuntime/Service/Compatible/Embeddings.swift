internal import Inference
internal import Primitives
internal import ServiceKit
internal import ServiceModel

extension BedrockRuntimeService {
    /// `POST …/v1/embeddings`
    /// - Source: OpenAI API reference, "Create embeddings".
    func embeddings(
        _ request: CompatibleRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        let model = try await self.model(request.id, context)
        let wanted = try model.reading { () throws(ServiceError) in try OpenAIEmbedding(request.body) }
        let outcome = try await model.embed(wanted.request) { tokens, tokensMax in
            .invalid(
                "This model's maximum context length is \(tokensMax) tokens, however you requested \(tokens) tokens "
                    + "(\(tokens) in your prompt; 0 for the completion). Please reduce your prompt; or completion "
                    + "length.")
        }
        guard wanted.request.texts.count > OpenAIEmbedding.loopTextCountMax else {
            return .json(wanted.response(outcome, model: request.id.text))
        }
        // Two thousand vectors take a third of a second: the loop's other connections must not wait.
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            .json(wanted.response(outcome, model: request.id.text))
        }
    }
}
