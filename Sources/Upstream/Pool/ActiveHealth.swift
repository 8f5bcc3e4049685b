/// What the health checks of one endpoint have shown. A value; time and network are the runner's.
package struct ActiveHealth: Sendable {
    /// How many checks decide.
    package struct Settings: Sendable {
        /// Checks in a row that must fail before an endpoint is asked no more.
        package var unhealthyAfter: Int
        /// Checks in a row that must succeed before it is asked again.
        package var healthyAfter: Int

        package init(unhealthyAfter: Int = 3, healthyAfter: Int = 2) {
            self.unhealthyAfter = max(unhealthyAfter, 1)
            self.healthyAfter = max(healthyAfter, 1)
        }
    }

    /// An endpoint that was never checked counts as healthy: a request will show.
    package private(set) var isHealthy = true
    /// Checks in a row that say the other thing.
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
        // The first check decides: nothing else is known.
        guard isFirst || self.streak >= (isGood ? settings.healthyAfter : settings.unhealthyAfter) else {
            return false
        }
        self.isHealthy = isGood
        self.streak = 0
        return true
    }
}
