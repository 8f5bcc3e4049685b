/// Leaves out, for a while, an endpoint that fails one request after another while the others do not: passive health. A
/// value for each endpoint.
///
/// Never more than a share of all are left out: where most fail, the fault is likely elsewhere, and fewer endpoints
/// would make it worse. The breakers of the endpoints have no such bound.
package struct OutlierEjection: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// How many failures leave an endpoint out, and for how long.
    package struct Settings: Sendable {
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

    private var failures = 0
    /// Times in a row that it was left out.
    private var spells = 0
    private var until: Instant?

    package init() {}

    package func isEjected(at now: Instant) -> Bool { self.until.map { now < $0 } ?? false }

    /// A request is over.
    /// - Returns: whether the endpoint is to be left out: `eject` follows, if the share of all allows it.
    package mutating func record(isGood: Bool, at now: Instant, _ settings: Settings) -> Bool {
        // What was under way when it was left out says nothing new.
        if self.isEjected(at: now) { return false }
        guard !isGood else {
            self.failures = 0
            // Well for as long as it was left out: the next time counts as the first.
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

    /// Whether one more of so many endpoints may be left out.
    package static func mayEject(ejected: Int, of count: Int, _ settings: Settings) -> Bool {
        (ejected + 1) * 100 <= count * settings.sharePercentMax
    }
}
