/// How the endpoints are asked whether they are well.
package struct HealthCheck: Sendable {
    /// A label of an endpoint that has another path.
    package static let pathLabel = "health"

    package var path: String
    /// What an endpoint that is well answers.
    package var statuses: ClosedRange<Int>
    package var interval: Duration
    /// For the whole check.
    package var timeout: Duration
    package var rules: ActiveHealth.Settings
    /// Whether an endpoint at work may miss its checks: one that computes may find no time to say that it is well.
    package var sparesBusy: Bool

    package init(
        path: String, interval: Duration = .seconds(5), timeout: Duration = .seconds(2),
        statuses: ClosedRange<Int> = 200...299, rules: ActiveHealth.Settings = ActiveHealth.Settings(),
        sparesBusy: Bool = false
    ) {
        self.path = path
        self.interval = interval
        self.timeout = timeout
        self.statuses = statuses
        self.rules = rules
        self.sparesBusy = sparesBusy
    }
}

/// The limits and rules of a pool.
package struct PoolSettings: Sendable {
    /// nil asks none; then only requests show who is well.
    package var healthCheck: HealthCheck?
    package var breaker = CircuitBreaker.Settings()
    package var ejection = OutlierEjection.Settings()
    package var budget = RetryBudget.Settings()
    package var pick = EndpointPick.Settings()
    package var client = UpstreamOptions()
    /// Requests at a time to one endpoint.
    package var requestsPerEndpointMax = 256
    /// Requests at a time to all.
    package var requestsMax = 4096
    /// Requests that wait until one of those is over; more are refused.
    package var waitingMax = 1024
    /// How long one waits.
    package var waitMax = Duration.seconds(10)
    /// Times that a request is sent, the first among them.
    package var attemptsMax = 3
    /// Before a request goes to the same endpoint again; twice as long each time, less a random part.
    package var retryBase = Duration.milliseconds(25)
    /// Answers that count against an endpoint's health.
    package var failureStatuses: Set<Int> = [502, 503, 504]
    /// Answers in place of which an idempotent request is sent again.
    package var retriedStatuses: Set<Int> = []

    package init(healthCheck: HealthCheck? = nil) {
        self.healthCheck = healthCheck
    }
}

/// Why a pool has no answer.
package enum PoolError: Error, Sendable, Equatable {
    /// No endpoint has been found.
    case noEndpoint
    /// There are endpoints, and each has failed so much that its breaker is open.
    case allUnhealthy
    /// Too many requests wait, or this one waited too long.
    case busy
    /// The asking task was cancelled while it waited.
    case cancelled
    /// An endpoint was asked, the last of perhaps several.
    case failed(UpstreamError, UpstreamEndpoint)
}

/// How a request to an endpoint ended, as health counts it.
package enum LeaseOutcome: Sendable {
    case succeeded
    /// The endpoint, or the way to it, is at fault.
    case failed
    /// It says nothing about the endpoint: the client left, or its request was wrong.
    case abandoned
}
