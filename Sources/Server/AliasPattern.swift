internal import BedrockRuntimeService
package import Inference

/// Aliases as people write them.
package enum AliasPattern {
    /// An alias as ids are compared with it: of `us.anthropic.*`, or of a profile's ARN, what stands behind.
    package static func plain(_ text: String) -> String { ModelCatalog.pattern(text) }

    /// The names of models that may answer for a text of a request, by this configuration's aliases and the registry's;
    /// the first that exists does.
    package static func meanings(
        of text: String, _ configuration: Configuration, _ registry: ModelRegistry
    ) -> [String] {
        ModelCatalog.meanings(of: text, aliases: configuration.bedrockAliases, registry: RegistryView(registry))
    }
}
