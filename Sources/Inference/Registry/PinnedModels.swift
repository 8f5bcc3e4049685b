/// Models that are not the registry's, and which of them stay loaded, which it knows.
package struct PinnedModels: ModelSource {
    private let source: any ModelSource
    private let view: RegistryView

    package init(_ source: any ModelSource, _ view: RegistryView) {
        self.source = source
        self.view = view
    }

    package func resolve(_ name: String) async throws(InferenceError) -> ModelPlace? {
        let place = try await self.source.resolve(name)
        guard case .local(var model)? = place, self.view.listing.pins.contains(name) else { return place }
        model.isPinned = true
        return .local(model)
    }

    package func names() async -> [String] { await self.source.names() }
}
