/// Passive health: excludes an endpoint for a while when its requests fail one after another. One value for each
/// endpoint.
///
/// Never more than a share of all endpoints is excluded: if most fail, the cause is likely elsewhere, and fewer
/// endpoints would make it worse. The circuit breakers have no such limit.
package struct OutlierEjection: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// How many failures leave an endpoint out, and for how long.
    package struct Settings: Sendable {
        /// Consecutive failures that exclude an endpoint.
        package var failuresMax: Int
        /// How long the first time; doubled each time that follows.
        package var base: Duration
        package var max: Duration
        /// The percentage of endpoints that may be excluded at a time, rounded down: a single endpoint never is.
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

    private var failures = 0
    /// How many times in a row it was excluded.
    private var spells = 0
    private var until: Instant?

    package init() {}

    package func isEjected(at now: Instant) -> Bool { self.until.map { now < $0 } ?? false }

    /// Records the end of a request.
    /// - Returns: whether the endpoint should be excluded: call `eject`, if `mayEject` allows it.
    package mutating func record(isGood: Bool, at now: Instant, _ settings: Settings) -> Bool {
        // Requests that were in progress when it was excluded say nothing new.
        if self.isEjected(at: now) { return false }
        guard !isGood else {
            self.failures = 0
            // It was well for as long as it had been excluded: the next exclusion counts as the first.
            if let until = self.until,
                now >= until + Backoff.duration(settings.base, max: settings.max, attempt: self.spells)
            {
                self = OutlierEjection()
            }
            return false
        }
        self.failures += 1
        return self.failures >= settings.failuresMax
    }

    package mutating func eject(at now: Instant, _ settings: Settings) {
        self.failures = 0
        self.spells += 1
        self.until = now + Backoff.duration(settings.base, max: settings.max, attempt: self.spells)
    }

    /// Whether one more of `count` endpoints may be excluded.
    package static func mayEject(ejected: Int, of count: Int, _ settings: Settings) -> Bool {
        (ejected + 1) * 100 <= count * settings.sharePercentMax
    }
}
