internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// Inference settings: from the members of Converse, and from the additional fields of each model provider.
extension ConversePlan {
    mutating func addSettings(
        _ inference: InferenceConfiguration?, _ more: Document?, _ output: OutputConfig?
    ) throws(ServiceError) {
        // The form of Claude's and OpenAI's models.
        if more?["tool_choice"]?["disable_parallel_tool_use"] == .boolean(true)
            || more?["parallel_tool_calls"] == .boolean(false)
        {
            self.request.allowsParallelCalls = false
        }
        self.request.sampling = Self.sampling(inference, more)
        self.request.answerSchema = try Self.schema(output)
        self.request.takesAnyAnswer = true
        self.request.reasoning = try Self.reasoning(more, output)
    }

    private static func sampling(
        _ configuration: InferenceConfiguration?, _ more: Document?
    ) -> ChatRequest.Sampling {
        var sampling = ChatRequest.Sampling()
        sampling.tokensMax = configuration?.maxTokens
        sampling.temperature = configuration?.temperature
        sampling.topP = configuration?.topP
        sampling.stopSequences = configuration?.stopSequences ?? []
        // Nova's is in a nested object.
        sampling.topK = (more?["top_k"] ?? more?["topK"] ?? more?["inferenceConfig"]?["topK"])?.integer
        sampling.minP = more?["min_p"]?.double
        sampling.seed = more?["seed"]?.integer
        sampling.presencePenalty = more?["presence_penalty"]?.double
        sampling.frequencyPenalty = more?["frequency_penalty"]?.double
        return sampling
    }

    /// The reasoning settings: whether to think, in the form of Anthropic's and Nova's models, and the effort, in
    /// OpenAI's.
    private static func reasoning(
        _ more: Document?, _ output: OutputConfig?
    ) throws(ServiceError) -> ChatRequest.Reasoning? {
        let told = output?.effort.map { Document.string($0) } ?? more?["output_config"]?["effort"]
        try Self.check(effort: told)
        if let nova = more?["reasoningConfig"] ?? more?["inferenceConfig"]?["reasoningConfig"] {
            return NovaFamily.reasoning(nova)
        }
        let thinking = more?["thinking"] ?? more?["reasoning_config"]
        let effort = (told ?? more?["reasoning_effort"])?.text
        switch thinking?["type"]?.text {
        case "enabled", "adaptive":
            return .init(isOn: true, tokensMax: thinking?["budget_tokens"]?.integer, effort: effort)
        case "disabled": return .init(isOn: false)
        default: return effort.map { .init(isOn: true, effort: $0) }
        }
    }

    /// - Source: Amazon Bedrock API reference, OutputConfig, for the values; the sentence is Anthropic's.
    private static func check(effort: Document?) throws(ServiceError) {
        guard let effort else { return }
        do throws(ServiceError) {
            try BodyShape.object(["output_config": BodyShape.anthropicOutput]).check(
                .object(["output_config": .object(["effort": effort])]), .anthropic)
        } catch {
            throw .invalid(ClaudeLimits.conversePrefix + error.message)
        }
    }

    /// - Source: Amazon Bedrock User Guide, "Get validated JSON results from models"; the sentence that users report.
    private static func schema(_ output: OutputConfig?) throws(ServiceError) -> Document? {
        guard let format = output?.textFormat else { return nil }
        let place = "outputConfig.textFormat.structure.jsonSchema"
        guard case .jsonSchema(let definition) = format.structure, let schema = Document(json: definition.schema_)
        else {
            throw .invalid("The schema at \(place) is not a JSON document.")
        }
        guard case .object = schema else { throw ContentReader.noObject("\(place).schema") }
        if let fault = StrictSchema.fault(in: schema) {
            throw .invalid("\(ClaudeLimits.conversePrefix)output_config.format.schema: \(fault)")
        }
        return schema
    }
}
