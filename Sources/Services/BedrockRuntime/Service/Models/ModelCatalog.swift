internal import BedrockRuntimeModel
package import Inference
internal import ServiceModel

/// Which model answers for an id of Bedrock.
package struct ModelCatalog: Sendable {
    /// A rule of the configuration: ids that a pattern fits are answered by a model of this machine.
    package struct Alias: Sendable, Hashable {
        /// An id, in which `*` stands for any characters.
        package var pattern: String
        /// The name of a model here.
        package var model: String

        package init(pattern: String, model: String) {
            self.pattern = pattern
            self.model = model
        }
    }

    private let models: [String: any ChatModel]
    private let aliases: [Alias]

    /// The first alias that fits an id holds.
    package init(models: [String: any ChatModel] = [EchoModel.name: EchoModel()], aliases: [Alias] = []) {
        self.models = models
        self.aliases = aliases
    }

    /// The models, and the ids of aliases that stand for one id each; sorted.
    var names: [String] {
        let ids = self.aliases.map(\.pattern).filter { !$0.contains("*") }
        return Set(self.models.keys).union(ids).sorted()
    }

    /// Whether there is a model of that name.
    package func has(_ name: String) -> Bool { self.models[name] != nil }

    func model(_ id: ModelID) throws(ServiceError) -> any ChatModel {
        if let model = self.models[id.name] { return model }
        for alias in self.aliases where Self.fits(id.name[...], alias.pattern[...]) {
            if let model = self.models[alias.model] { return model }
        }
        throw BedrockRuntimeError.resourceNotFound(
            message: "No model of this machine answers for \(id.name). Start the server with "
                + "--bedrock-aliases '\(id.name)=\(EchoModel.name)' to have the built-in model answer."
        )
    }

    /// - Complexity: O(characters of both), but for patterns with several stars.
    private static func fits(_ text: Substring, _ pattern: Substring) -> Bool {
        var parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return text == pattern }
        var rest = text
        let (first, last) = (parts.removeFirst(), parts.removeLast())
        guard rest.hasPrefix(first) else { return false }
        rest = rest.dropFirst(first.count)
        for part in parts where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
