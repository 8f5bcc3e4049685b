internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import WireProtocols

extension BedrockRuntimeService {
    /// `GET …/v1/models` and `GET …/v1/models/{model}` for Anthropic's clients.
    /// - Source: Anthropic API reference, "List Models" and "Get a Model"; according to Amazon Bedrock User Guide, "Get
    ///   list of models", its SDK lists them.
    func anthropicModels(
        _ request: HTTPRouteRequest, _ context: RequestContext
    ) async throws(ServiceError) -> HTTPRouteAnswer {
        guard let name = request.labels.first else {
            let page = try AnthropicModelPage(QueryItems(request.head.query))
            return .json(page.document(await self.catalog.names()))
        }
        try await self.requireModel(name, context)
        return .json(AnthropicModelPage.entry(name))
    }
}
