internal import Primitives
internal import Synchronization

/// A server's view of the registry, which is read again only after changes.
///
/// Checking for changes takes three system calls. Every change to the registry renames files and thus updates the
/// change times of directories and files; a time younger than `settledMilliseconds` is not trusted, because a second
/// change within the same tick of the system's clock would not be visible.
package final class RegistryView: Sendable {
    private static let settledMilliseconds: Int64 = 100

    private struct State {
        var listing: RegistryListing
        var stamp: [FileFacts?]
        var isSettled: Bool
    }

    package let registry: ModelRegistry
    private let state = Mutex<State?>(nil)

    package init(_ registry: ModelRegistry) {
        self.registry = registry
    }

    /// The current content. An unreadable registry is presented as empty, with a damage.
    package var listing: RegistryListing {
        let stamp = [self.registry.manifests, self.registry.aliasFile, self.registry.pinFile].map { Files.facts($0) }
        if let listing = self.state.withLock({ state in
            state?.isSettled == true && state?.stamp == stamp ? state?.listing : nil
        }) {
            return listing
        }
        let now = self.registry.clock.now().millisecondsSinceEpoch
        let changed = stamp.compactMap { $0.map { $0.changedNanoseconds / 1_000_000 } }.max() ?? 0
        let listing: RegistryListing
        do throws(RegistryError) {
            listing = try self.registry.list()
        } catch {
            return RegistryListing(models: [], aliases: [], damage: [error.sentence])
        }
        self.state.withLock {
            $0 = State(listing: listing, stamp: stamp, isSettled: now - changed >= Self.settledMilliseconds)
        }
        return listing
    }

    /// The model for a name: the one with that name, or the one with the best matching alias. An alias equal to the
    /// name takes precedence over patterns, then the pattern with the most characters, then the oldest one.
    package func model(answering name: String) -> ModelRecord? {
        let listing = self.listing
        if let record = listing.models.first(where: { $0.name == name }) { return record }
        return self.alias(for: name, in: listing).flatMap { alias in
            listing.models.first { $0.name == alias.model }
        }
    }

    /// The alias that applies to a name.
    package func alias(for name: String) -> ModelAlias? {
        self.alias(for: name, in: self.listing)
    }

    private func alias(for name: String, in listing: RegistryListing) -> ModelAlias? {
        var best: ModelAlias?
        for alias in listing.aliases where alias.fits(name) {
            guard alias.pattern != name else { return alias }
            if best.map({ alias.fixedCount > $0.fixedCount }) ?? true { best = alias }
        }
        return best
    }
}
