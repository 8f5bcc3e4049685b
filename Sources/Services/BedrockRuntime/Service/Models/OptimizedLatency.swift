internal import BedrockRuntimeModel
internal import Primitives
internal import ServiceModel

/// The models that AWS does not serve with optimized latency.
///
/// - Source: AWS's refusals as users of Converse and InvokeModel recorded them in 2026. Ids that nobody has reported
///   are accepted.
enum OptimizedLatency {
    /// By prefix of the id.
    private static let refusedPrefixes = [
        "amazon.nova-2-lite", "amazon.nova-lite", "amazon.nova-micro", "amazon.titan-embed-text-v2",
        "anthropic.claude-3-haiku", "anthropic.claude-haiku-4-5", "anthropic.claude-opus-4-6", "google.gemma-3",
        "meta.llama3-3-70b",
    ]
    /// Refused by the model's own id, but not by that of its inference profile.
    private static let profilePrefix = "amazon.nova-pro"

    static func check(
        _ latency: PerformanceConfigLatency?, _ id: ModelID, _ context: RequestContext
    ) throws(ServiceError) {
        guard latency == .optimized else { return }
        let isRefused = Self.refusedPrefixes.contains { id.name.hasPrefix($0) }
        guard isRefused || id.text.hasPrefix(Self.profilePrefix) else { return }
        throw .invalid("Latency performance configuration is not supported for \(id.name) in \(context.region)")
    }
}
