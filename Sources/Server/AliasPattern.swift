internal import BedrockRuntimeService

/// Aliases as people write them.
package enum AliasPattern {
    /// An alias as ids are compared with it: of `us.anthropic.*`, or of a profile's ARN, what stands behind.
    package static func plain(_ text: String) -> String { ModelCatalog.pattern(text) }
}
