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
        for standIn in Self.standIns(for: id.name, self.aliases, self.registry) {
            if let model = try await self.named(standIn.model) { return model }
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
        return (ModelID.isOpaque(text) ? [] : [id]) + self.standIns(for: id, aliases, registry).map(\.model)
    }

    /// Further names under which policies may deny the model that a text means: the alias without the version that was
    /// asked for, each name with and without `:latest`, and the model's own name if an alias leads to it. A name with a
    /// model of its own means that one.
    func otherNames(of text: String) -> [String] {
        guard let id = ModelID.id(in: text) else { return [] }
        let isOpaque = ModelID.isOpaque(text)
        var spellings = [id]
        var model: String?
        if isOpaque || !self.knows(id) {
            let standIn = Self.standIns(for: id, self.aliases, self.registry).first { self.knows($0.model) }
            guard let standIn else { return [] }
            spellings.append(standIn.id)
            model = standIn.model
        }
        spellings += spellings.compactMap(Self.otherSpelling)
        var names = Set(spellings.filter { !self.knows($0) })
        if let model { names.insert(model) }
        if !isOpaque { names.remove(id) }
        return names.sorted()
    }

    /// A name with `:latest`, the version that a name without one means to Ollama's users, or without it; nil for a
    /// name with another version.
    private static func otherSpelling(_ name: String) -> String? {
        let latest = ":latest"
        if name.hasSuffix(latest) { return String(name.dropLast(latest.utf8.count)) }
        return name.utf8.contains(UInt8(ascii: ":")) ? nil : name + latest
    }

    /// An alias as ids are compared with it: without the prefix of an inference profile and without ARN, which are
    /// taken away from ids too. With them it would never hold.
    /// A pattern of which nothing but stars would remain stays as it is, and fits nothing: `us.*` is not all models.
    package static func pattern(_ text: String) -> String {
        guard let id = ModelID.pattern(in: text), id.contains(where: { $0 != "*" }) else { return text }
        return id
    }

    /// A model that answers for an id that is no name itself.
    private struct StandIn {
        /// The id as the alias has it, perhaps without the version that was asked for.
        let id: String
        let model: String
    }

    /// What answers for an id that is no name itself, in the order in which it is looked for.
    private static func standIns(for id: String, _ aliases: [Alias], _ registry: RegistryView?) -> [StandIn] {
        let ids = self.spellings(id)
        let configured = ids.flatMap { id in
            aliases.filter { ModelAlias.fits(id, pattern: $0.pattern) }.map { StandIn(id: id, model: $0.model) }
        }
        let registered = ids.compactMap { id in registry?.alias(for: id).map { StandIn(id: id, model: $0.model) } }
        let same = FamilyRules.sameModel(as: id).map { StandIn(id: id, model: $0) }
        return configured + registered + [same].compactMap(\.self)
    }

    /// An id unchanged, and without the part after its first colon.
    private static func spellings(_ id: String) -> [String] {
        guard let colon = id.utf8.firstIndex(of: UInt8(ascii: ":")), colon != id.startIndex else { return [id] }
        return [id, String(id[..<colon])]
    }

    private func knows(_ name: String) -> Bool {
        self.models[name] != nil || self.host?.knows(name) ?? false
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
