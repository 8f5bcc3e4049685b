internal import Primitives

/// All decisions of a pool: which endpoints are usable, which have requests, and who waits. A value; `UpstreamPool`
/// runs it.
package struct PoolState: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// The requirements of a request.
    package struct Demand: Sendable {
        package var affinity: AffinityKey?
        package var work: Int
        /// Endpoints that have failed this request before; used only if there is no other.
        package var avoiding: Set<UpstreamEndpoint>

        package init(affinity: AffinityKey? = nil, work: Int = 1, avoiding: Set<UpstreamEndpoint> = []) {
            self.affinity = affinity
            self.work = work
            self.avoiding = avoiding
        }
    }

    /// An endpoint that was given to a request.
    package struct Grant: Sendable {
        package let endpoint: DiscoveredEndpoint
        let work: Int
        fileprivate let ticket: CircuitBreaker.Ticket
        /// Identifies the member: an endpoint that was removed and added again is another member.
        fileprivate let serial: UInt64
    }

    /// The answer to a request for an endpoint.
    package enum Answer: Sendable {
        case granted(Grant)
        /// All usable endpoints are at their limit.
        case full
        case refused(PoolError)
    }

    private struct Member: Sendable {
        var discovered: DiscoveredEndpoint
        let key: AffinityKey
        let serial: UInt64
        var requests = 0
        var work = 0
        var health = ActiveHealth()
        var breaker = CircuitBreaker()
        var ejection = OutlierEjection()
        var lastSuccess: Instant?
        /// Why it failed last, in words.
        var lastFailure: String?
        /// Whether its exclusion was reported, and how often it was excluded.
        var isOut = false
        var timesOut = 0
    }

    private struct Waiter: Sendable {
        let id: UInt64
        let demand: Demand
    }

    let settings: PoolSettings
    private var members: [Member] = []
    private var waiters: [Waiter] = []
    private var requests = 0
    private var serials: UInt64 = 0
    private var events: [PoolEvent] = []

    package init(_ settings: PoolSettings) {
        self.settings = settings
    }

    var endpoints: [DiscoveredEndpoint] { self.members.map(\.discovered) }
    var endpointCount: Int { self.members.count }
    package var waitingCount: Int { self.waiters.count }

    /// - Returns: the added and the removed endpoints.
    package mutating func update(_ set: EndpointSet) -> (new: [UpstreamEndpoint], gone: [UpstreamEndpoint]) {
        var old: [UpstreamEndpoint: Member] = [:]
        for member in self.members { old[member.discovered.endpoint] = member }
        var new: [UpstreamEndpoint] = []
        self.members = set.endpoints.map { discovered in
            if var member = old.removeValue(forKey: discovered.endpoint) {
                member.discovered = discovered
                return member
            }
            new.append(discovered.endpoint)
            self.tell(.joined(discovered.endpoint))
            self.serials += 1
            let key = AffinityKey(discovered.endpoint.description.utf8)
            return Member(discovered: discovered, key: key, serial: self.serials)
        }
        for endpoint in old.keys { self.tell(.left(endpoint)) }
        return (new, Array(old.keys))
    }

    /// Gives an endpoint to a request; `random` breaks ties.
    package mutating func acquire(_ demand: Demand, at now: Instant, random: UInt64) -> Answer {
        guard !self.members.isEmpty else { return .refused(.noEndpoint) }
        var usable = self.members.indices.filter { self.mayBeAsked($0, at: now) }
        if usable.isEmpty {
            // If none is healthy, the checks may be at fault; only the breakers are trusted.
            usable = self.members.indices.filter {
                self.members[$0].breaker.allows(at: now, self.settings.breaker)
            }
        }
        guard !usable.isEmpty else {
            // A probe in progress will show whether waiting is worthwhile.
            return self.members.contains { $0.breaker.isTried } ? .full : .refused(.allUnhealthy)
        }
        if !demand.avoiding.isEmpty {
            let others = usable.filter { !demand.avoiding.contains(self.members[$0].discovered.endpoint) }
            if !others.isEmpty { usable = others }
        }
        guard self.requests < self.settings.requestsMax else { return .full }
        usable.removeAll { self.members[$0].requests >= self.settings.requestsPerEndpointMax }
        let candidates = usable.map { index in
            EndpointPick.Candidate(
                key: self.members[index].key, work: self.members[index].work,
                weight: self.members[index].discovered.weight, priority: self.members[index].discovered.priority)
        }
        guard
            let picked = EndpointPick.choose(
                candidates, affinity: demand.affinity, work: demand.work, random: random, self.settings.pick)
        else { return .full }
        return .granted(self.grant(usable[picked], demand.work, now))
    }

    private mutating func grant(_ index: Int, _ work: Int, _ now: Instant) -> Grant {
        self.requests += 1
        self.members[index].requests += 1
        self.members[index].work += work
        return Grant(
            endpoint: self.members[index].discovered, work: work,
            ticket: self.members[index].breaker.begin(at: now, self.settings.breaker),
            serial: self.members[index].serial)
    }

    private func mayBeAsked(_ index: Int, at now: Instant) -> Bool {
        self.members[index].health.isHealthy && !self.members[index].ejection.isEjected(at: now)
            && self.members[index].breaker.allows(at: now, self.settings.breaker)
    }

    /// Records the end of a request; `reason` says why it failed, for operators.
    package mutating func finish(
        _ grant: Grant, _ outcome: LeaseOutcome, reason: String? = nil, at now: Instant
    ) {
        self.requests -= 1
        guard let index = self.members.firstIndex(where: { $0.serial == grant.serial }) else { return }
        self.members[index].requests -= 1
        self.members[index].work -= grant.work
        let isGood: Bool? =
            switch outcome {
            case .succeeded: true
            case .failed: false
            case .abandoned: nil
            }
        self.members[index].breaker.end(grant.ticket, isGood: isGood, at: now, self.settings.breaker)
        guard let isGood else { return }
        if isGood { self.members[index].lastSuccess = now } else { self.members[index].lastFailure = reason }
        if self.members[index].ejection.record(isGood: isGood, at: now, self.settings.ejection) {
            let ejected = self.members.count { $0.ejection.isEjected(at: now) }
            if OutlierEjection.mayEject(ejected: ejected, of: self.members.count, self.settings.ejection) {
                self.members[index].ejection.eject(at: now, self.settings.ejection)
            }
        }
        self.note(index, at: now)
    }

    /// Records a health check. A failed check is ignored if a request has succeeded since it began or, with
    /// `HealthCheck.sparesBusy`, while the endpoint has requests: requests tell more. `failure` is nil when it
    /// succeeded.
    package mutating func check(
        _ endpoint: UpstreamEndpoint, failure: String?, since begun: Instant, at now: Instant
    ) {
        guard let check = self.settings.healthCheck,
            let index = self.members.firstIndex(where: { $0.discovered.endpoint == endpoint })
        else { return }
        if let failure {
            let isAtWork = check.sparesBusy && self.members[index].requests > 0
            guard !isAtWork, self.members[index].lastSuccess.map({ $0 < begun }) ?? true else { return }
            self.members[index].lastFailure = failure
        } else {
            self.members[index].breaker.allowProbe(at: now)
        }
        _ = self.members[index].health.record(isGood: failure == nil, check.rules)
        self.note(index, at: now)
    }

    /// Reports a change of an endpoint's usability, for operators. An expired exclusion is noticed with the next check
    /// or request.
    private mutating func note(_ index: Int, at now: Instant) {
        var isOut = !self.members[index].health.isHealthy || self.members[index].ejection.isEjected(at: now)
        if case .open = self.members[index].breaker.state { isOut = true }
        guard isOut != self.members[index].isOut else { return }
        let member = self.members[index]
        self.members[index].isOut = isOut
        if isOut { self.members[index].timesOut += 1 }
        let endpoint = member.discovered.endpoint
        self.tell(isOut ? .leftOut(endpoint, reason: member.lastFailure ?? "") : .takenBack(endpoint))
    }

    /// Events that have not been taken; further ones are dropped.
    private static let eventCountMax = 4 * EndpointSet.countMax

    private mutating func tell(_ event: PoolEvent) {
        if self.events.count < Self.eventCountMax { self.events.append(event) }
    }

    /// The events since the last call.
    package mutating func takeEvents() -> [PoolEvent] {
        if self.events.isEmpty { return [] }
        defer { self.events = [] }
        return self.events
    }

    // Those that wait, first come first served.

    /// - Returns: whether there was room.
    package mutating func wait(_ id: UInt64, _ demand: Demand) -> Bool {
        guard self.waiters.count < self.settings.waitingMax else { return false }
        self.waiters.append(Waiter(id: id, demand: demand))
        return true
    }

    package mutating func stopWaiting(_ id: UInt64) {
        self.waiters.removeAll { $0.id == id }
    }

    /// The requests that need not wait any longer. Call it after everything that may have made room.
    package mutating func served(at now: Instant, random: () -> UInt64) -> [(id: UInt64, answer: Answer)] {
        var served: [(id: UInt64, answer: Answer)] = []
        while let first = self.waiters.first {
            let answer = self.acquire(first.demand, at: now, random: random())
            if case .full = answer { break }
            self.waiters.removeFirst()
            served.append((first.id, answer))
        }
        return served
    }

    package func status(at now: Instant) -> [EndpointStatus] {
        self.members.map { member in
            let breaker: EndpointStatus.Breaker =
                switch member.breaker.state {
                case .closed: .closed
                case .open: .open
                case .halfOpen: .halfOpen
                }
            return EndpointStatus(
                endpoint: member.discovered, requests: member.requests, work: member.work,
                isHealthy: member.health.isHealthy,
                isEjected: member.ejection.isEjected(at: now), breaker: breaker,
                timesOut: member.timesOut, lastFailure: member.lastFailure)
        }
    }
}

/// The status of one endpoint, for operators.
package struct EndpointStatus: Sendable {
    /// The state of its circuit breaker.
    package enum Breaker: String, Sendable {
        case closed, open, halfOpen
    }

    package let endpoint: DiscoveredEndpoint
    /// Requests in progress.
    package let requests: Int
    package let work: Int
    /// According to its health checks.
    package let isHealthy: Bool
    /// According to its requests.
    package let isEjected: Bool
    package let breaker: Breaker
    /// How often it was excluded since it was added.
    package let timesOut: Int
    /// The reason of its last failure; nil if it never failed.
    package let lastFailure: String?

    /// Whether requests go to it.
    package var isUsable: Bool { self.isHealthy && !self.isEjected && self.breaker != .open }
}

/// An event that operators want to see.
package enum PoolEvent: Sendable, Equatable {
    case joined(UpstreamEndpoint)
    case left(UpstreamEndpoint)
    /// It gets no requests for now; the reason of its last failure.
    case leftOut(UpstreamEndpoint, reason: String)
    case takenBack(UpstreamEndpoint)
    /// Discovery failed; the endpoints stay as they are.
    case notFound(String)
}
