/// Models outside the registry, with the registry's information about which are pinned.
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

    package func knows(_ name: String) -> Bool { self.source.knows(name) }

    package func names() async -> [String] { await self.source.names() }
}
