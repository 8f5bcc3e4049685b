import Testing
import Upstream

struct CircuitBreakerTests {
    private let settings = CircuitBreaker.Settings(
        window: .seconds(10), requestsMin: 4, failurePercent: 50, openBase: .seconds(5), openMax: .seconds(15),
        probesMax: 2, probesNeeded: 2)
    private let start = ContinuousClock.now

    private func ask(_ breaker: inout CircuitBreaker, _ outcomes: [Bool?], at seconds: Int = 0) {
        let now = self.start + .seconds(seconds)
        for outcome in outcomes {
            let ticket = breaker.begin(at: now, self.settings)
            breaker.end(ticket, isGood: outcome, at: now, self.settings)
        }
    }

    private func isOpen(_ breaker: CircuitBreaker, at seconds: Int) -> Bool {
        !breaker.allows(at: self.start + .seconds(seconds), self.settings)
    }

    @Test(
        arguments: [
            ([false, false, false], false), ([false, false, false, false], true), ([true, true, false, false], true),
            ([true, true, true, false], false), ([nil, nil, false, false, false], false),
            ([true, true, true, false, false, false], true),
        ] as [([Bool?], Bool)])
    func `it opens with so many failures of enough requests`(_ outcomes: [Bool?], _ opens: Bool) {
        var breaker = CircuitBreaker()
        self.ask(&breaker, outcomes)
        #expect(self.isOpen(breaker, at: 0) == opens)
    }

    @Test func `failures of an earlier window do not count`() {
        var breaker = CircuitBreaker()
        self.ask(&breaker, [false, false, false])
        self.ask(&breaker, [false], at: 10)
        #expect(!self.isOpen(breaker, at: 10))
    }

    @Test func `it lets probes through after a while, and closes when they succeed`() {
        var breaker = CircuitBreaker()
        self.ask(&breaker, [false, false, false, false])
        #expect(self.isOpen(breaker, at: 4))
        #expect(!self.isOpen(breaker, at: 5))
        let now = self.start + .seconds(5)
        let first = breaker.begin(at: now, self.settings)
        let second = breaker.begin(at: now, self.settings)
        #expect(breaker.state == .halfOpen(running: 2, succeeded: 0))
        #expect(self.isOpen(breaker, at: 5))
        breaker.end(first, isGood: true, at: now, self.settings)
        #expect(breaker.state == .halfOpen(running: 1, succeeded: 1))
        breaker.end(second, isGood: true, at: now, self.settings)
        #expect(breaker.state == .closed(since: nil, requests: 0, failures: 0))
    }

    @Test func `a probe that fails opens it for twice as long, up to a bound`() {
        var breaker = CircuitBreaker()
        self.ask(&breaker, [false, false, false, false])
        self.ask(&breaker, [false], at: 5)
        #expect(self.isOpen(breaker, at: 14))
        self.ask(&breaker, [false], at: 15)
        #expect(self.isOpen(breaker, at: 29))
        self.ask(&breaker, [true, true], at: 30)
        self.ask(&breaker, [false, false, false, false], at: 30)
        #expect(self.isOpen(breaker, at: 34))
        #expect(!self.isOpen(breaker, at: 35))
    }

    @Test func `a probe whose client left makes room for another`() {
        var breaker = CircuitBreaker()
        self.ask(&breaker, [false, false, false, false])
        self.ask(&breaker, [nil, nil, nil], at: 5)
        #expect(breaker.state == .halfOpen(running: 0, succeeded: 0))
    }

    @Test func `what began before it opened says nothing afterwards`() {
        var breaker = CircuitBreaker()
        let old = breaker.begin(at: self.start, self.settings)
        self.ask(&breaker, [false, false, false, false])
        breaker.end(old, isGood: true, at: self.start, self.settings)
        #expect(self.isOpen(breaker, at: 0))
        let probe = breaker.begin(at: self.start + .seconds(5), self.settings)
        breaker.end(old, isGood: false, at: self.start + .seconds(5), self.settings)
        #expect(breaker.state == .halfOpen(running: 1, succeeded: 0))
        breaker.end(probe, isGood: true, at: self.start + .seconds(5), self.settings)
        #expect(breaker.state == .halfOpen(running: 0, succeeded: 1))
    }
}
