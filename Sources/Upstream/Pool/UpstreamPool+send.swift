internal import Primitives
internal import Synchronization

extension UpstreamPool {
    /// Sends a request to one of the endpoints and returns when the head of the answer is there.
    ///
    /// Where an endpoint fails before it answers, the request goes to another one: if no byte of it was sent, or it is
    /// idempotent; at most `PoolSettings.attemptsMax` times, and as far as the budget of retries goes.
    package func send(
        _ request: UpstreamRequest, body: [UInt8]? = nil, affinity: AffinityKey? = nil, work: Int = 1
    ) async throws(PoolError) -> PoolResponse {
        var failed: Set<UpstreamEndpoint> = []
        var attempt = 1
        while true {
            let lease = try await self.lease(affinity: affinity, work: work, avoiding: failed)
            let endpoint = lease.endpoint.endpoint
            do throws(UpstreamError) {
                let response = try await lease.client.send(request, body: body)
                let isRetried =
                    request.isIdempotent && self.settings.retriedStatuses.contains(response.status)
                    && self.mayRetry(attempt)
                if !isRetried {
                    let isFailure = self.settings.failureStatuses.contains(response.status)
                    return PoolResponse(response, lease, isFailure: isFailure)
                }
                response.close()
                lease.finish(.failed, reason: "it answered \(response.status)")
            } catch {
                lease.finish(error)
                guard error.isUpstreamFault, !error.wasSent || request.isIdempotent, self.mayRetry(attempt) else {
                    throw .failed(error, endpoint)
                }
            }
            await self.prepareRetry(attempt, endpoint, &failed)
            attempt += 1
        }
    }

    /// Sends a request whose body comes piece by piece, while its answer is read, to one of the endpoints; to another
    /// one only where no byte of it was sent.
    ///
    /// `use` gets the answer when its head is there; this throws `PoolError`, or what `use` threw.
    package func stream<Body: AsyncSequence & Sendable, Value: Sendable>(
        _ request: UpstreamRequest, body: Body, affinity: AffinityKey? = nil, work: Int = 1,
        _ use: (PoolResponse) async throws -> Value
    ) async throws -> Value where Body.Element == [UInt8] {
        var failed: Set<UpstreamEndpoint> = []
        var attempt = 1
        while true {
            let lease = try await self.lease(affinity: affinity, work: work, avoiding: failed)
            let endpoint = lease.endpoint.endpoint
            var isAnswered = false
            do {
                return try await lease.client.stream(request, body: body) { response in
                    isAnswered = true
                    let isFailure = self.settings.failureStatuses.contains(response.status)
                    return try await use(PoolResponse(response, lease, isFailure: isFailure))
                }
            } catch let error as UpstreamError where !isAnswered {
                lease.finish(error)
                guard error.isUpstreamFault, !error.wasSent, self.mayRetry(attempt) else {
                    throw PoolError.failed(error, endpoint)
                }
            }
            await self.prepareRetry(attempt, endpoint, &failed)
            attempt += 1
        }
    }

    /// Whether a request that may be sent again is, by the number of its attempts and by the budget, which this takes
    /// from. `prepareRetry` follows.
    package func mayRetry(_ attempt: Int) -> Bool {
        guard attempt < self.settings.attemptsMax, !Task.isCancelled else { return false }
        return self.shared.withLock { shared in
            guard shared.budget.withdraw() else { return false }
            shared.retryCount += 1
            return true
        }
    }

    /// Remembers who failed a request, and waits where there is nobody else: between a half and the whole of a time
    /// that doubles.
    package func prepareRetry(
        _ attempt: Int, _ endpoint: UpstreamEndpoint, _ failed: inout Set<UpstreamEndpoint>
    ) async {
        let isAlone = !failed.insert(endpoint).inserted || self.endpointCount < 2
        guard isAlone else { return }
        let whole = Backoff.duration(self.settings.retryBase, max: .seconds(1), attempt: attempt)
        let percent = 50 + Int(self.random.next() % 51)
        await self.time.sleep(self.time.now() + whole * percent / 100)
    }
}
