/// The registry as a source of models: resolves names, and determines how their engines are started.
package struct RegistryModels: ModelSource {
    /// Determines how a model is started: the planner, if the machine's memory is known.
    package typealias Launching = @Sendable (ModelRecord, ModelPaths) async throws(InferenceError) -> LocalModel

    private let view: RegistryView
    private let launching: Launching

    package init(_ view: RegistryView, launching: @escaping Launching = RegistryModels.onProcessor) {
        self.view = view
        self.launching = launching
    }

    package func resolve(_ name: String) async throws(InferenceError) -> ModelPlace? {
        // Only names: aliases are resolved earlier, so that a model is not loaded under two names.
        guard let record = self.view.listing.models.first(where: { $0.name == name }) else { return nil }
        let paths: ModelPaths
        do throws(RegistryError) {
            paths = try self.view.registry.paths(record)
        } catch {
            throw .failed(error.sentence)
        }
        return .local(try await self.launching(record, paths))
    }

    package func knows(_ name: String) -> Bool { self.view.listing.models.contains { $0.name == name } }

    package func names() async -> [String] { self.view.listing.models.map(\.name) }

    /// A launch that works on any machine: on the CPU, with a moderate context.
    package static func onProcessor(
        _ record: ModelRecord, _ paths: ModelPaths
    ) async throws(InferenceError) -> LocalModel {
        let trained = record.facts.contextTokensMax ?? 4096
        var launch = EngineLaunch(
            modelPath: paths.weights, alias: record.name, purpose: record.purpose,
            slotContextTokens: min(trained, record.kind == .chat ? 8192 : EngineLaunch.textTokensMax))
        launch.projectorPath = paths.projector
        var model = LocalModel(
            name: record.name, launch: launch, isPinned: record.isPinned, expectedBytes: Int(clamping: record.bytes))
        model.contentID = record.digest.hex
        return model
    }
}

extension ModelRecord {
    /// The engine's purpose for it.
    package var purpose: EngineLaunch.Purpose { self.kind.purpose }
}

extension ModelRecord.Kind {
    /// The engine's purpose for such a model.
    package var purpose: EngineLaunch.Purpose {
        switch self {
        case .chat: .chat
        case .embedding: .embeddings
        case .rerank: .reranking
        }
    }
}
