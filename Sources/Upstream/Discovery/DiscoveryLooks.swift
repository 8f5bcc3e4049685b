package import Primitives

/// One look after the other at a source that does not tell by itself when it changes.
package protocol DiscoverySource: Sendable {
    /// - Returns: what is there now, or nil where that is known to be as at the last look; and how long it holds.
    mutating func look() async -> (update: DiscoveryUpdate?, lifetime: Duration)
}

/// The iterator of providers that look at their source again and again: it waits between two looks, and gives an update
/// only where it is another one than before.
package struct DiscoveryLooks<Source: DiscoverySource>: AsyncIteratorProtocol, Sendable {
    private var source: Source
    private let time: SteadyTime
    /// When what was found is over; nil before the first look.
    private var until: ContinuousClock.Instant?
    private var endpoints: EndpointSet?
    private var failure: String?

    package init(_ source: Source, time: SteadyTime) {
        self.source = source
        self.time = time
    }

    package mutating func next(isolation actor: isolated (any Actor)?) async -> DiscoveryUpdate? {
        await self.next()
    }

    package mutating func next() async -> DiscoveryUpdate? {
        while true {
            if let until = self.until { await self.time.sleep(until) }
            guard !Task.isCancelled else { return nil }
            let (update, lifetime) = await self.source.look()
            guard !Task.isCancelled else { return nil }
            self.until = self.time.now() + lifetime
            if let update, self.isNews(update) { return update }
        }
    }

    /// The same endpoints again are news after a failure, and a failure is told once.
    private mutating func isNews(_ update: DiscoveryUpdate) -> Bool {
        switch update {
        case .endpoints(let set):
            let wasFailing = self.failure.take() != nil
            guard set != self.endpoints || wasFailing else { return false }
            self.endpoints = set
        case .failed(let sentence):
            guard sentence != self.failure else { return false }
            self.failure = sentence
        }
        return true
    }
}
