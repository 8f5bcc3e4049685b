import Testing
import Upstream

struct PoolStateTests {
    private let now = ContinuousClock.now

    private func state(_ count: Int = 2, _ change: (inout PoolSettings) -> Void = { _ in }) -> PoolState {
        var settings = PoolSettings(healthCheck: HealthCheck(path: "/health"))
        change(&settings)
        var state = PoolState(settings)
        _ = state.update(.of((1...count).map { .node($0) }))
        return state
    }

    private func acquire(_ state: inout PoolState, avoiding: Set<UpstreamEndpoint> = [], work: Int = 1)
        -> PoolState.Answer
    {
        state.acquire(PoolState.Demand(affinity: nil, work: work, avoiding: avoiding), at: self.now, random: 0)
    }

    private func granted(_ state: inout PoolState, avoiding: Set<UpstreamEndpoint> = []) throws -> PoolState.Grant {
        guard case .granted(let grant) = self.acquire(&state, avoiding: avoiding) else {
            throw PoolError.busy
        }
        return grant
    }

    @Test func `requests spread over the endpoints`() throws {
        var state = self.state(3)
        let grants = try (0..<6).map { _ in try self.granted(&state) }
        for node in 1...3 { #expect(grants.count { $0.endpoint.endpoint == .node(node) } == 2) }
        for grant in grants { state.finish(grant, .succeeded, at: self.now) }
        #expect(state.status(at: self.now).allSatisfy { $0.requests == 0 && $0.work == 0 })
    }

    @Test func `without endpoints it is said so`() {
        var empty = PoolState(PoolSettings())
        guard case .refused(.noEndpoint) = self.acquire(&empty) else {
            Issue.record("there is none")
            return
        }
    }

    @Test func `who fails health checks is asked only where nobody is well`() throws {
        var state = self.state(2)
        state.check(.node(1), failure: "x", since: self.now, at: self.now)
        for _ in 0..<4 { #expect(try self.granted(&state).endpoint.endpoint == .node(2)) }
        state.check(.node(2), failure: "x", since: self.now, at: self.now)
        #expect(try self.granted(&state).endpoint.endpoint == .node(1))
        for _ in 0..<2 { state.check(.node(1), failure: nil, since: self.now, at: self.now) }
        for _ in 0..<4 { #expect(try self.granted(&state).endpoint.endpoint == .node(1)) }
    }

    @Test func `a check that fails says less than a request that succeeded since it began`() throws {
        var state = self.state(1)
        let grant = try self.granted(&state)
        state.finish(grant, .succeeded, at: self.now)
        state.check(.node(1), failure: "x", since: self.now, at: self.now)
        #expect(state.status(at: self.now).map(\.isHealthy) == [true])
        let later = self.now + .seconds(1)
        state.check(.node(1), failure: "x", since: later, at: later)
        #expect(state.status(at: later).map(\.isHealthy) == [false])
    }

    @Test(arguments: [true, false])
    func `who is at work may miss a check where the settings say so`(_ sparesBusy: Bool) throws {
        var state = self.state(1) { $0.healthCheck?.sparesBusy = sparesBusy }
        let grant = try self.granted(&state)
        state.check(.node(1), failure: "x", since: self.now, at: self.now)
        #expect(state.status(at: self.now).map(\.isHealthy) == [sparesBusy])
        state.finish(grant, .abandoned, at: self.now)
        state.check(.node(1), failure: "x", since: self.now, at: self.now)
        #expect(state.status(at: self.now).map(\.isHealthy) == [false])
    }

    @Test func `a check that succeeds lets a probe through an open breaker, and others wait for it`() throws {
        var state = self.state(1) { $0.breaker.probesNeeded = 1 }
        for _ in 0..<10 { state.finish(try self.granted(&state), .failed, at: self.now) }
        guard case .refused(.allUnhealthy) = self.acquire(&state) else {
            Issue.record("its breaker is open")
            return
        }
        state.check(.node(1), failure: nil, since: self.now, at: self.now)
        let probe = try self.granted(&state)
        guard case .full = self.acquire(&state) else {
            Issue.record("it is tried")
            return
        }
        state.finish(probe, .succeeded, at: self.now)
        _ = try self.granted(&state)
    }

    @Test func `what happens to endpoints is told once`() throws {
        var state = self.state(2)
        #expect(state.takeEvents() == [.joined(.node(1)), .joined(.node(2))])
        for _ in 0..<6 {
            state.finish(try self.granted(&state, avoiding: [.node(2)]), .failed, reason: "gone", at: self.now)
        }
        #expect(state.takeEvents() == [.leftOut(.node(1), reason: "gone")])
        let later = self.now + .seconds(11)
        state.check(.node(1), failure: nil, since: later, at: later)
        #expect(state.takeEvents() == [.takenBack(.node(1))])
        #expect(state.status(at: later).map(\.timesOut) == [1, 0])
        _ = state.update(.of([.node(2)]))
        #expect(state.takeEvents() == [.left(.node(1))])
        #expect(state.takeEvents().isEmpty)
    }

    @Test func `an endpoint that is to be avoided is asked only alone`() throws {
        var two = self.state(2)
        for _ in 0..<4 { #expect(try self.granted(&two, avoiding: [.node(1)]).endpoint.endpoint == .node(2)) }
        var one = self.state(1)
        #expect(try self.granted(&one, avoiding: [.node(1)]).endpoint.endpoint == .node(1))
    }

    @Test func `bounds for one and for all endpoints hold, and those that wait are served in turn`() throws {
        var state = self.state(2) {
            $0.requestsPerEndpointMax = 2
            $0.requestsMax = 3
            $0.waitingMax = 2
        }
        let grants = try (0..<3).map { _ in try self.granted(&state) }
        guard case .full = self.acquire(&state) else {
            Issue.record("it is full")
            return
        }
        let demand = PoolState.Demand(affinity: nil, work: 1, avoiding: [])
        let waits = [1, 2, 3].map { state.wait($0, demand) }
        #expect(waits == [true, true, false])
        #expect(state.served(at: self.now, random: { 0 }).isEmpty)
        state.finish(grants[0], .succeeded, at: self.now)
        #expect(state.served(at: self.now, random: { 0 }).map(\.id) == [1])
        state.stopWaiting(2)
        state.finish(grants[1], .succeeded, at: self.now)
        #expect(state.served(at: self.now, random: { 0 }).isEmpty)
        #expect(state.waitingCount == 0)
    }

    @Test func `an endpoint that went and came again owes nothing for its former requests`() throws {
        var state = self.state(1)
        let old = try self.granted(&state)
        let gone = state.update(.of([])).gone
        #expect(gone == [.node(1)])
        #expect(state.update(.of([.node(1)])).new == [.node(1)])
        state.finish(old, .failed, at: self.now)
        #expect(state.status(at: self.now).map(\.requests) == [0])
    }

    @Test func `an endpoint that stays keeps what is known of it`() {
        var state = self.state(2)
        state.check(.node(1), failure: "x", since: self.now, at: self.now)
        let change = state.update(.of([.node(1), .node(3)]))
        #expect(change.new == [.node(3)])
        #expect(change.gone == [.node(2)])
        #expect(state.status(at: self.now).map(\.isHealthy) == [false, true])
    }

    @Test func `failures leave out one of two endpoints, and open the breaker of the only one`() throws {
        var two = self.state(2)
        for _ in 0..<5 {
            let grant = try self.granted(&two, avoiding: [.node(2)])
            two.finish(grant, .failed, at: self.now)
        }
        #expect(two.status(at: self.now).map(\.isEjected) == [true, false])
        var one = self.state(1)
        for _ in 0..<10 {
            let grant = try self.granted(&one)
            one.finish(grant, .failed, at: self.now)
        }
        #expect(one.status(at: self.now).map(\.isEjected) == [false])
        #expect(one.status(at: self.now).map(\.breaker) == [.open])
        guard case .refused(.allUnhealthy) = self.acquire(&one) else {
            Issue.record("its breaker is open")
            return
        }
    }
}
