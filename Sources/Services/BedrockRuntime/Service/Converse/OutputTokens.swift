internal import ServiceModel

/// The limit on output tokens of Converse, by the model's id.
/// - Source: the providers' own figures, if users report them from Bedrock too; other ids have no limit here.
enum OutputTokens {
    /// By prefix of the id.
    private static let known: [(prefix: String, tokensMax: Int)] = [
        ("amazon.nova-lite-v1", 10_000), ("amazon.nova-micro-v1", 10_000), ("amazon.nova-premier-v1", 10_000),
        ("amazon.nova-pro-v1", 10_000), ("amazon.titan-text-premier", 3072),
        ("anthropic.claude-3-haiku", 4096), ("anthropic.claude-3-opus", 4096), ("anthropic.claude-3-sonnet", 4096),
        ("anthropic.claude-3-5-haiku", 8192), ("anthropic.claude-3-5-sonnet-20241022", 8192),
        ("anthropic.claude-haiku-4-5", 64_000), ("anthropic.claude-sonnet-4-2025", 64_000),
        ("anthropic.claude-sonnet-4-5", 64_000), ("anthropic.claude-opus-4-6", 128_000),
        ("anthropic.claude-opus-4-7", 128_000), ("anthropic.claude-opus-4-8", 128_000),
    ]

    /// Refuses a maximum beyond the model's limit.
    static func check(_ tokensMax: Int?, _ id: ModelID) throws(ServiceError) {
        guard let tokensMax, let bound = self.known.first(where: { id.name.hasPrefix($0.prefix) })?.tokensMax,
            tokensMax > bound
        else { return }
        throw .invalid(
            "The maximum tokens you requested exceeds the model limit of \(bound). Try again with a maximum tokens "
                + "value that is lower than \(bound).")
    }
}
