internal import BedrockRuntimeModel
package import Inference
internal import ServiceModel
internal import Synchronization

/// Determines the model that answers for an id of Bedrock.
package final class ModelCatalog: Sendable {
    /// A configured alias: a local model answers for the ids that match a pattern.
    package struct Alias: Sendable, Equatable {
        /// An id in which `*` matches any characters.
        package var pattern: String
        /// The name of a local model.
        package var model: String

        package init(pattern: String, model: String) {
            self.pattern = pattern
            self.model = model
        }
    }

    private let models: [String: any ChatModel]
    private let host: ModelHost?
    private let registry: RegistryView?
    private let listed: Mutex<[Alias]>
    /// The configured aliases.
    private var aliases: [Alias] { self.listed.withLock { $0 } }

    /// - Parameters:
    ///   - models: always available.
    ///   - host: provides models that are loaded on demand.
    ///   - registry: provides further aliases; its models are the host's.
    ///   - aliases: the first one that matches an id applies.
    package init(
        models: [String: any ChatModel] = [EchoModel.name: EchoModel()], host: ModelHost? = nil,
        registry: RegistryView? = nil, aliases: [Alias] = []
    ) {
        self.models = models
        self.host = host
        self.registry = registry
        self.listed = Mutex(aliases)
    }

    /// Replaces the configured aliases; those of the registry stay.
    func setAliases(_ aliases: [Alias]) {
        self.listed.withLock { $0 = aliases }
    }

    /// The names of models, and the aliases for a single id; sorted.
    func names() async -> [String] {
        let ids = self.aliases.map(\.pattern) + (self.registry?.listing.aliases.map(\.pattern) ?? [])
        let hosted = await self.host?.names() ?? []
        return Set(self.models.keys).union(ids.filter { !$0.contains("*") }).union(hosted).sorted()
    }

    /// The model that answers for an id: one with that name, unless a policy for that model does not cover the id; else
    /// the one of an alias (configured aliases before those of `brume model alias`), else the identical open model, if
    /// it is available under its short name. The alias of an id with a version, such as `…-v1:0`, is looked up with it
    /// first, then without.
    func model(_ id: ModelID) async throws(ServiceError) -> any ChatModel {
        if !ModelID.isOpaque(id.text), let model = try await self.named(id.name) { return model }
        for name in Self.standIns(for: id.name, self.aliases, self.registry) {
            if let model = try await self.named(name) { return model }
        }
        guard !id.isForMedia else {
            throw BedrockRuntimeError.resourceNotFound(
                message: "No model of this machine answers for \(id.name), which is for images, videos or speech.")
        }
        throw BedrockRuntimeError.resourceNotFound(
            message: "No model of this machine answers for \(id.name). \(FamilyRules.remedy(for: id.name)). For the "
                + "built-in model, which repeats what it is told: `brume model alias '\(id.name)' \(EchoModel.name)`.")
    }

    /// The names that a text in a request can mean: an id, a profile's or an ARN. The first one with a model applies.
    package static func meanings(of text: String, aliases: [Alias], registry: RegistryView) -> [String] {
        guard let id = ModelID.id(in: text) else { return [] }
        return (ModelID.isOpaque(text) ? [] : [id]) + self.standIns(for: id, aliases, registry)
    }

    /// An alias as ids are compared with it: without the prefix of an inference profile and without ARN, which are
    /// taken away from ids too. With them it would never hold.
    /// A pattern of which nothing but stars would remain stays as it is, and fits nothing: `us.*` is not all models.
    package static func pattern(_ text: String) -> String {
        guard let id = ModelID.pattern(in: text), id.contains(where: { $0 != "*" }) else { return text }
        return id
    }

    /// What answers for an id that is no name itself, in the order in which it is looked for.
    private static func standIns(for id: String, _ aliases: [Alias], _ registry: RegistryView?) -> [String] {
        let ids = self.spellings(id)
        let configured = ids.flatMap { id in aliases.filter { ModelAlias.fits(id, pattern: $0.pattern) } }
        let registered = ids.compactMap { registry?.alias(for: $0)?.model }
        return configured.map(\.model) + registered + [FamilyRules.sameModel(as: id)].compactMap(\.self)
    }

    /// An id unchanged, and without the part after its first colon.
    private static func spellings(_ id: String) -> [String] {
        guard let colon = id.utf8.firstIndex(of: UInt8(ascii: ":")), colon != id.startIndex else { return [id] }
        return [id, String(id[..<colon])]
    }

    private func named(_ name: String) async throws(ServiceError) -> (any ChatModel)? {
        if let model = self.models[name] { return model }
        do throws(InferenceError) {
            return try await self.host?.model(name)
        } catch {
            throw ServiceError(error)
        }
    }
}
