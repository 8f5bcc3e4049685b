/// Bounds retries to a share of all requests, so that they cannot double the load of servers that fail because of load.
/// A token bucket; a value.
package struct RetryBudget: Sendable {
    /// How large the budget is.
    package struct Settings: Sendable {
        /// Retries as a percentage of requests.
        package var percent: Int
        /// The capacity of the bucket, which is full at the beginning.
        package var retriesMax: Int

        package init(percent: Int = 20, retriesMax: Int = 20) {
            self.percent = max(percent, 0)
            self.retriesMax = max(retriesMax, 0)
        }
    }

    private let settings: Settings
    /// In hundredths of a retry.
    private var hundredths: Int

    package init(_ settings: Settings) {
        self.settings = settings
        self.hundredths = settings.retriesMax * 100
    }

    /// Records a request.
    package mutating func deposit() {
        self.hundredths = min(self.hundredths + self.settings.percent, self.settings.retriesMax * 100)
    }

    /// - Returns: whether a request may be retried.
    package mutating func withdraw() -> Bool {
        guard self.hundredths >= 100 else { return false }
        self.hundredths -= 100
        return true
    }
}
