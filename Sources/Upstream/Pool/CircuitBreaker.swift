/// Stops sending requests to an endpoint that fails most of them, and then probes it with a few. A value.
///
///     closed ── failures ≥ their share of a window ──▶ open ── after a while ──▶ half open
///       ▲                                               ▲                           │
///       └────────────── enough probes succeed ──────────┼──── any probe fails ──────┘
package struct CircuitBreaker: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// When it opens, for how long, and what closes it.
    package struct Settings: Sendable {
        /// The length of the window in which requests are counted.
        package var window: Duration
        /// With fewer requests in a window the breaker stays closed.
        package var requestsMin: Int
        /// The percentage of failed requests at which it opens.
        package var failurePercent: Int
        /// How long it stays open the first time; doubled each time that a probe fails.
        package var openBase: Duration
        package var openMax: Duration
        /// Concurrent requests while it is half open.
        package var probesMax: Int
        /// Successful probes that close it.
        package var probesNeeded: Int

        package init(
            window: Duration = .seconds(10), requestsMin: Int = 10, failurePercent: Int = 50,
            openBase: Duration = .seconds(5), openMax: Duration = .seconds(60), probesMax: Int = 1,
            probesNeeded: Int = 2
        ) {
            self.window = window
            self.requestsMin = max(requestsMin, 1)
            self.failurePercent = min(max(failurePercent, 1), 100)
            self.openBase = openBase
            self.openMax = openMax
            self.probesMax = max(probesMax, 1)
            self.probesNeeded = max(probesNeeded, 1)
        }
    }

    /// The state, as in the pattern of that name: closed lets requests pass, open refuses them.
    package enum State: Sendable, Equatable {
        case closed(since: Instant?, requests: Int, failures: Int)
        case open(until: Instant)
        case halfOpen(running: Int, succeeded: Int)
    }

    /// Handed out with a request, and to be returned with its outcome: a request that began in an earlier state says
    /// nothing about the current one.
    package struct Ticket: Sendable {
        fileprivate let epoch: Int
    }

    package private(set) var state = State.closed(since: nil, requests: 0, failures: 0)
    private var epoch = 0
    /// How many times in a row it has opened.
    private var spells = 0

    package init() {}

    /// Whether probes are in progress.
    package var isTried: Bool { if case .halfOpen = self.state { true } else { false } }

    /// Whether a request may be sent now.
    package func allows(at now: Instant, _ settings: Settings) -> Bool {
        switch self.state {
        case .closed: true
        case .open(let until): until <= now
        case .halfOpen(let running, _): running < settings.probesMax
        }
    }

    /// Records that a request is sent; `allows` must be true.
    package mutating func begin(at now: Instant, _ settings: Settings) -> Ticket {
        precondition(self.allows(at: now, settings), "the breaker is open")
        switch self.state {
        case .closed: break
        case .open: self.enter(.halfOpen(running: 1, succeeded: 0))
        case .halfOpen(let running, let succeeded):
            self.state = .halfOpen(running: running + 1, succeeded: succeeded)
        }
        return Ticket(epoch: self.epoch)
    }

    /// Records the end of a request; `isGood` is nil when it says nothing, as when its client left.
    package mutating func end(_ ticket: Ticket, isGood: Bool?, at now: Instant, _ settings: Settings) {
        guard ticket.epoch == self.epoch else { return }
        switch (self.state, isGood) {
        case (.closed(let since, let requests, let failures), let isGood?):
            // What was counted before this window says nothing any more.
            let isCurrent = since.map { $0.duration(to: now) < settings.window } ?? false
            let requests = (isCurrent ? requests : 0) + 1
            let failures = (isCurrent ? failures : 0) + (isGood ? 0 : 1)
            self.state = .closed(since: isCurrent ? since : now, requests: requests, failures: failures)
            if !isGood, requests >= settings.requestsMin, failures * 100 >= requests * settings.failurePercent {
                self.open(now, settings)
            }
        case (.halfOpen(let running, let succeeded), nil):
            self.state = .halfOpen(running: running - 1, succeeded: succeeded)
        case (.halfOpen(let running, let succeeded), true?):
            if succeeded + 1 >= settings.probesNeeded {
                self.spells = 0
                self.enter(.closed(since: nil, requests: 0, failures: 0))
            } else {
                self.state = .halfOpen(running: running - 1, succeeded: succeeded + 1)
            }
        case (.halfOpen, false?): self.open(now, settings)
        case (.closed, nil), (.open, _): break
        }
    }

    /// A health check has succeeded: an open breaker lets the next probe through at once.
    package mutating func allowProbe(at now: Instant) {
        if case .open = self.state { self.state = .open(until: now) }
    }

    private mutating func open(_ now: Instant, _ settings: Settings) {
        self.spells += 1
        self.enter(
            .open(until: now + Backoff.duration(settings.openBase, max: settings.openMax, attempt: self.spells)))
    }

    private mutating func enter(_ state: State) {
        self.state = state
        self.epoch += 1
    }
}

/// Exponential backoff.
enum Backoff {
    /// The first attempt gives `base`.
    static func duration(_ base: Duration, max: Duration, attempt: Int) -> Duration {
        var duration = base
        for _ in 1..<Swift.max(attempt, 1) {
            if duration >= max { break }
            duration *= 2
        }
        return min(duration, max)
    }
}
