/// Leaves out, for a while, endpoints that fail one request after another while the others do not: passive health. A
/// value.
///
/// It never leaves out more than a share of all: where most fail, the fault is likely elsewhere, and fewer endpoints
/// would make it worse. The breakers of the endpoints have no such bound.
package struct OutlierEjection: Sendable, Hashable {
    package typealias Instant = ContinuousClock.Instant

    /// How many failures leave an endpoint out, and for how long.
    package struct Settings: Sendable, Hashable {
        /// Failures in a row.
        package var failuresMax: Int
        /// How long the first time; twice as long each time that follows.
        package var base: Duration
        package var max: Duration
        /// Of a hundred endpoints, so many at most are left out at a time, rounded down: the only one never is.
        package var sharePercentMax: Int

        package init(
            failuresMax: Int = 5, base: Duration = .seconds(10), max: Duration = .seconds(300),
            sharePercentMax: Int = 50
        ) {
            self.failuresMax = Swift.max(failuresMax, 1)
            self.base = base
            self.max = max
            self.sharePercentMax = Swift.min(Swift.max(sharePercentMax, 0), 100)
        }
    }

    private struct Entry: Sendable, Hashable {
        var failures = 0
        /// Times in a row that it was left out.
        var spells = 0
        var until: Instant?
    }

    private var entries: [UpstreamEndpoint: Entry] = [:]

    package init() {}

    package func isEjected(_ endpoint: UpstreamEndpoint, at now: Instant) -> Bool {
        self.entries[endpoint]?.until.map { now < $0 } ?? false
    }

    package func ejectedCount(at now: Instant) -> Int {
        self.entries.values.count { $0.until.map { now < $0 } ?? false }
    }

    /// A request to an endpoint is over; `endpointCount` counts all endpoints, those left out among them.
    /// - Returns: whether the endpoint is left out from now on.
    package mutating func record(
        isGood: Bool, _ endpoint: UpstreamEndpoint, at now: Instant, endpointCount: Int, _ settings: Settings
    ) -> Bool {
        var entry = self.entries[endpoint] ?? Entry()
        defer { self.entries[endpoint] = entry.failures == 0 && entry.spells == 0 ? nil : entry }
        // What was under way when it was left out says nothing new.
        if let until = entry.until, now < until { return false }
        guard !isGood else {
            entry.failures = 0
            // Well for as long as it was left out: the next time counts as the first.
            if let until = entry.until,
                now >= until + Backoff.duration(settings.base, max: settings.max, attempt: entry.spells)
            {
                entry = Entry()
            }
            return false
        }
        entry.failures += 1
        guard entry.failures >= settings.failuresMax,
            (self.ejectedCount(at: now) + 1) * 100 <= endpointCount * settings.sharePercentMax
        else { return false }
        entry.failures = 0
        entry.spells += 1
        entry.until = now + Backoff.duration(settings.base, max: settings.max, attempt: entry.spells)
        return true
    }

    /// Forgets the endpoints that are gone.
    package mutating func keep(only endpoints: Set<UpstreamEndpoint>) {
        self.entries = self.entries.filter { endpoints.contains($0.key) }
    }
}
