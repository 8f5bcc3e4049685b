package import Primitives

/// What a polled source has found.
package struct DiscoveryPollResult: Sendable {
    /// nil when the endpoints are known to be unchanged.
    package var update: DiscoveryUpdate?
    /// How long to wait before the next poll.
    package var lifetime: Duration

    package init(_ update: DiscoveryUpdate?, lifetime: Duration) {
        self.update = update
        self.lifetime = lifetime
    }
}

/// A source that is polled, because it does not report changes itself.
package protocol DiscoverySource: Sendable {
    mutating func poll() async -> DiscoveryPollResult
}

/// The iterator of polling providers: waits between polls, and yields an update only if it differs from the previous
/// one.
package struct DiscoveryPollIterator<Source: DiscoverySource>: AsyncIteratorProtocol, Sendable {
    private var source: Source
    private let time: SteadyTime
    /// When the next poll is due; nil before the first.
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
            let result = await self.source.poll()
            guard !Task.isCancelled else { return nil }
            self.until = self.time.now() + result.lifetime
            if let update = result.update, self.isChange(update) { return update }
        }
    }

    /// Unchanged endpoints are reported again after a failure; a failure is reported once.
    private mutating func isChange(_ update: DiscoveryUpdate) -> Bool {
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
