package import Primitives
internal import Synchronization

/// Several endpoints that answer the same requests: finds a healthy one with room for each request.
///
/// `PoolState` decides; the clock, the clients and the waiting tasks are here.
package final class UpstreamPool: Sendable {
    private typealias Answer = Result<UpstreamLease, PoolError>

    struct Shared: Sendable {
        var state: PoolState
        var budget: RetryBudget
        var clients: [UpstreamEndpoint: UpstreamClient] = [:]
        var waiting: [UInt64: CheckedContinuation<Result<UpstreamLease, PoolError>, Never>] = [:]
        var waiterCount: UInt64 = 0
        var discoveryFailure: String?
        var tls: UpstreamTLS?
        var retryCount = 0
    }

    /// For messages.
    package let name: String
    package let settings: PoolSettings
    let time: SteadyTime
    let random: any RandomSource
    let shared: Mutex<Shared>
    private let observe: @Sendable (PoolEvent) -> Void

    /// - Parameters:
    ///   - name: for messages.
    ///   - settings: limits and rules.
    ///   - tls: for endpoints with TLS; nil reads the system's authorities when the first such endpoint is added.
    ///   - time: the clock to wait by.
    ///   - random: breaks ties, and spreads what would otherwise happen at the same time.
    ///   - observe: receives events for operators; called on the thread on which they happen.
    package init(
        name: String, settings: PoolSettings = PoolSettings(), tls: UpstreamTLS? = nil, time: SteadyTime = .system,
        random: any RandomSource = PooledRandomSource(), observe: @escaping @Sendable (PoolEvent) -> Void = { _ in }
    ) {
        self.name = name
        self.settings = settings
        self.time = time
        self.random = random
        self.observe = observe
        self.shared = Mutex(Shared(state: PoolState(settings), budget: RetryBudget(settings.budget), tls: tls))
    }

    /// Every endpoint, for operators.
    package var status: [EndpointStatus] { self.shared.withLock { $0.state.status(at: self.time.now()) } }

    package var endpointCount: Int { self.shared.withLock { $0.state.endpointCount } }

    /// Requests that were retried since the start.
    package var retryCount: Int { self.shared.withLock { $0.retryCount } }

    /// Changes the state under the lock, and acts on the consequences after releasing it.
    func change(_ body: (inout Shared) -> Void) {
        let events = self.shared.withLock { shared in
            body(&shared)
            return shared.state.takeEvents()
        }
        for event in events { self.observe(event) }
    }

    /// Why the last discovery failed; nil when it succeeded.
    package var discoveryFailure: String? { self.shared.withLock { $0.discoveryFailure } }

    /// Requests that wait for an endpoint.
    package var waitingCount: Int { self.shared.withLock { $0.state.waitingCount } }

    /// Applies a discovery update. `run` does so by itself.
    package func accept(_ update: DiscoveryUpdate) {
        switch update {
        case .failed(let sentence):
            self.shared.withLock { $0.discoveryFailure = sentence }
            self.observe(.notFound(sentence))
        case .endpoints(let set):
            var gone: [UpstreamClient] = []
            self.change { gone = self.accept(set, &$0) }
            for client in gone { client.close() }
            self.serveWaiters()
        }
    }

    /// - Returns: the clients of removed endpoints.
    private func accept(_ set: EndpointSet, _ shared: inout Shared) -> [UpstreamClient] {
        shared.discoveryFailure = nil
        var usable: [DiscoveredEndpoint] = []
        for found in set.endpoints {
            if shared.clients[found.endpoint] != nil {
                usable.append(found)
                continue
            }
            do throws(UpstreamError) {
                if found.endpoint.isTLS, shared.tls == nil { shared.tls = try UpstreamTLS() }
                shared.clients[found.endpoint] = try UpstreamClient(
                    found.endpoint, options: self.settings.client, tls: shared.tls)
                usable.append(found)
            } catch {
                shared.discoveryFailure = "\(found.endpoint) cannot be asked: \(error.sentence)"
            }
        }
        guard let usable = EndpointSet(usable) else { preconditionFailure("there are no more than there were") }
        return shared.state.update(usable).gone.compactMap { shared.clients.removeValue(forKey: $0) }
    }

    /// Acquires the right to ask an endpoint, at once or when one has room.
    /// - Parameters:
    ///   - affinity: requests with the same key go to the same endpoint while it has room.
    ///   - work: the size of this request, in the caller's own unit.
    ///   - avoiding: endpoints that failed this request before; used only if there is no other.
    /// - Returns: a lease, to be finished or released.
    /// - Throws: why there is none.
    package func lease(
        affinity: AffinityKey? = nil, work: Int = 1, avoiding: Set<UpstreamEndpoint> = []
    ) async throws(PoolError) -> UpstreamLease {
        let demand = PoolState.Demand(affinity: affinity, work: max(work, 0), avoiding: avoiding)
        switch self.leaseAtOnce(demand) {
        case .answered(let answer): return try answer.get()
        case .waits(let id): return try await self.leaseLater(id, demand).get()
        }
    }

    /// The immediate answer to a request for a lease.
    private enum ImmediateAnswer {
        case answered(Answer)
        /// It must wait under this id.
        case waits(UInt64)
    }

    // Separate functions, so that what they hold is not part of every request's frame.

    @inline(never)
    private func leaseAtOnce(_ demand: PoolState.Demand) -> ImmediateAnswer {
        self.shared.withLock { shared in
            // A request's first attempt pays for the retries of others.
            if demand.avoiding.isEmpty { shared.budget.deposit() }
            // Requests that already wait come first.
            if shared.state.waitingCount == 0, let answer = self.answer(demand, &shared) { return .answered(answer) }
            shared.waiterCount += 1
            return .waits(shared.waiterCount)
        }
    }

    @inline(never)
    private func leaseLater(_ id: UInt64, _ demand: PoolState.Demand) async -> Answer {
        let deadline = self.time.now() + self.settings.waitMax
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.time.sleep(deadline)
                if !Task.isCancelled { self.stopWaiting(id, .busy) }
            }
            let answer = await self.wait(id, demand)
            group.cancelAll()
            return answer
        }
    }

    /// - Returns: nil when the request must wait.
    private func answer(_ demand: PoolState.Demand, _ shared: inout Shared) -> Answer? {
        self.answer(shared.state.acquire(demand, at: self.time.now(), random: self.random.next()), shared)
    }

    private func answer(_ answer: PoolState.Answer, _ shared: borrowing Shared) -> Answer? {
        switch answer {
        case .full: return nil
        case .refused(let error): return .failure(error)
        case .granted(let grant):
            guard let client = shared.clients[grant.endpoint.endpoint] else {
                preconditionFailure("each endpoint has a client")
            }
            return .success(
                UpstreamLease(endpoint: grant.endpoint, client: client) { outcome, reason in
                    self.change { $0.state.finish(grant, outcome, reason: reason, at: self.time.now()) }
                    self.serveWaiters()
                })
        }
    }

    private func wait(_ id: UInt64, _ demand: PoolState.Demand) async -> Answer {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = self.shared.withLock { shared -> Answer? in
                    // Room may have become available meanwhile.
                    if shared.state.waitingCount == 0, let answer = self.answer(demand, &shared) { return answer }
                    guard shared.state.wait(id, demand) else { return .failure(.busy) }
                    shared.waiting[id] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
                // Cancelled before it was registered.
                if Task.isCancelled { self.stopWaiting(id, .cancelled) }
            }
        } onCancel: {
            self.stopWaiting(id, .cancelled)
        }
    }

    private func stopWaiting(_ id: UInt64, _ error: PoolError) {
        let continuation = self.shared.withLock { shared in
            shared.state.stopWaiting(id)
            return shared.waiting.removeValue(forKey: id)
        }
        continuation?.resume(returning: .failure(error))
    }

    func serveWaiters() {
        let served = self.shared.withLock { shared in
            guard shared.state.waitingCount > 0 else {
                return [] as [(CheckedContinuation<Answer, Never>?, Answer)]
            }
            return shared.state.served(at: self.time.now(), random: self.random.next).compactMap { served in
                self.answer(served.answer, shared).map { (shared.waiting.removeValue(forKey: served.id), $0) }
            }
        }
        for (continuation, answer) in served { continuation?.resume(returning: answer) }
    }
}
