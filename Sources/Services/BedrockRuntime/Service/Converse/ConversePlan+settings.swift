internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// What steers an answer: from the members of Converse, and from those that the makers of models have of their own.
extension ConversePlan {
    mutating func addSettings(
        _ inference: InferenceConfiguration?, _ more: Document?, _ output: OutputConfig?
    ) throws(ServiceError) {
        // As Claude's and OpenAI's models are told.
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
        // Nova's stands in an object of its own.
        sampling.topK = (more?["top_k"] ?? more?["topK"] ?? more?["inferenceConfig"]?["topK"])?.integer
        sampling.minP = more?["min_p"]?.double
        sampling.seed = more?["seed"]?.integer
        sampling.presencePenalty = more?["presence_penalty"]?.double
        sampling.frequencyPenalty = more?["frequency_penalty"]?.double
        return sampling
    }

    /// Whether to think, as Anthropic's and Nova's models are told, and how hard, as those of OpenAI are.
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

    /// - Source: Amazon Bedrock API reference, OutputConfig, for the words; the sentence is Anthropic's.
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
