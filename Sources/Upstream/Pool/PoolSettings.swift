/// How the endpoints' health is checked.
package struct HealthCheck: Sendable {
    /// The label of an endpoint that has another path.
    package static let pathLabel = "health"

    package var path: String
    /// The statuses of a healthy endpoint.
    package var statuses: ClosedRange<Int>
    package var interval: Duration
    /// For the whole check.
    package var timeout: Duration
    package var rules: ActiveHealth.Settings
    /// Whether failed checks are ignored while the endpoint has requests: a busy engine may be too busy to answer a
    /// check.
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
    /// nil makes no checks; then only requests show which endpoints are healthy.
    package var healthCheck: HealthCheck?
    package var breaker = CircuitBreaker.Settings()
    package var ejection = OutlierEjection.Settings()
    package var budget = RetryBudget.Settings()
    package var pick = EndpointPick.Settings()
    package var client = UpstreamOptions()
    /// Concurrent requests to one endpoint.
    package var requestsPerEndpointMax = 256
    /// Concurrent requests to all endpoints together.
    package var requestsMax = 4096
    /// Requests that wait for an endpoint; further ones are refused.
    package var waitingMax = 1024
    /// How long a request may wait for an endpoint.
    package var waitMax = Duration.seconds(10)
    /// Attempts to send a request, including the first.
    package var attemptsMax = 3
    /// The pause before a request is sent to the same endpoint again; doubled each time, minus a random part.
    package var retryBase = Duration.milliseconds(25)
    /// Statuses that count against an endpoint's health.
    package var failureStatuses: Set<Int> = [502, 503, 504]
    /// Statuses after which an idempotent request is sent again.
    package var retriedStatuses: Set<Int> = []

    package init(healthCheck: HealthCheck? = nil) {
        self.healthCheck = healthCheck
    }
}

/// Why a pool could not get an answer.
package enum PoolError: Error, Sendable, Equatable {
    /// No endpoint has been found.
    case noEndpoint
    /// There are endpoints, but every circuit breaker is open.
    case allUnhealthy
    /// Too many requests wait, or this one waited too long.
    case busy
    /// The requesting task was cancelled while it waited.
    case cancelled
    /// An endpoint was asked and failed; the last of perhaps several.
    case failed(UpstreamError, UpstreamEndpoint)
}

/// The outcome of a request to an endpoint, as its health counts it.
package enum LeaseOutcome: Sendable {
    case succeeded
    /// The endpoint, or the network to it, is at fault.
    case failed
    /// Says nothing about the endpoint: the client left, or the request was invalid.
    case abandoned
}
