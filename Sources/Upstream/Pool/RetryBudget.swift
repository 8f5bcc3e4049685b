/// How many requests may be sent a second time: a share of those that come, so that retries cannot double the load of
/// servers that fail because of it. A token bucket; a value.
package struct RetryBudget: Sendable {
    /// How large the budget is.
    package struct Settings: Sendable {
        /// Of a hundred requests, so many may be sent again.
        package var percent: Int
        /// Retries that are saved up, and that there are from the beginning.
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

    /// A request came.
    package mutating func deposit() {
        self.hundredths = min(self.hundredths + self.settings.percent, self.settings.retriesMax * 100)
    }

    /// - Returns: whether a request may be sent again.
    package mutating func withdraw() -> Bool {
        guard self.hundredths >= 100 else { return false }
        self.hundredths -= 100
        return true
    }
}
