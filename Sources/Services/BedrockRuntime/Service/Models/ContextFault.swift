internal import BedrockRuntimeModel
internal import ServiceModel

/// A ValidationException for a prompt that exceeds the model's context, with what other notations say instead of
/// Bedrock's sentence: their clients shorten a conversation when they recognise it.
struct ContextFault: WritableShape {
    static let schema = ValidationException.schema

    static let message = "Input is too long for requested model."
    /// - Source: OpenAI API reference, "Error codes".
    static let openAICode = "context_length_exceeded"

    /// The number of prompt tokens, or a lower bound of it; 0 when it is not known.
    let tokens: Int
    /// The size of the context in tokens; 0 when it is not known.
    let tokensMax: Int

    /// Anthropic's sentence, without the numbers when the model's server does not tell them.
    /// - Source: the sentence that users of Anthropic's API report (boldsoftware/exe.dev#62); its clients look for the
    ///   first four words.
    var anthropicSentence: String {
        guard self.tokensMax > 0, self.tokens > self.tokensMax else { return "prompt is too long" }
        return "prompt is too long: \(self.tokens) tokens > \(self.tokensMax) maximum"
    }

    func write(to writer: any ShapeWriter) {
        ValidationException(message: Self.message).write(to: writer)
    }
}
