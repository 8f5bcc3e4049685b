/// The state of one endpoint's health checks. A value; the pool's runner has the clock and the network.
package struct ActiveHealth: Sendable {
    /// How many checks decide.
    package struct Settings: Sendable {
        /// Consecutive failed checks that make an endpoint unhealthy.
        package var unhealthyAfter: Int
        /// Consecutive successful checks that make it healthy again.
        package var healthyAfter: Int

        package init(unhealthyAfter: Int = 3, healthyAfter: Int = 2) {
            self.unhealthyAfter = max(unhealthyAfter, 1)
            self.healthyAfter = max(healthyAfter, 1)
        }
    }

    /// An endpoint that was never checked counts as healthy: requests will show.
    package private(set) var isHealthy = true
    /// Consecutive checks that contradict the current state.
    private var streak = 0
    private var isChecked = false

    package init() {}

    /// - Returns: whether it changed.
    package mutating func record(isGood: Bool, _ settings: Settings) -> Bool {
        let isFirst = !self.isChecked
        self.isChecked = true
        guard isGood != self.isHealthy else {
            self.streak = 0
            return false
        }
        self.streak += 1
        // The first check decides alone, because nothing else is known.
        guard isFirst || self.streak >= (isGood ? settings.healthyAfter : settings.unhealthyAfter) else {
            return false
        }
        self.isHealthy = isGood
        self.streak = 0
        return true
    }
}
