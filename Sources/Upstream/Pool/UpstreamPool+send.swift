internal import Primitives
internal import Synchronization

extension UpstreamPool {
    /// Sends a request to one of the endpoints, and returns when the head of the answer has arrived.
    ///
    /// If an endpoint fails before it answers, the request is sent to another one, provided that no byte of it was sent
    /// or it is idempotent; at most `PoolSettings.attemptsMax` times, and within the retry budget.
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

    /// Sends a request with a streamed body to one of the endpoints, while its answer is read; to another one only if
    /// no byte of it was sent.
    ///
    /// `use` gets the answer when its head has arrived; this throws `PoolError`, or what `use` threw.
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

    /// Whether a repeatable request is repeated, according to its attempts and the retry budget, from which this takes.
    /// Followed by `prepareRetry`.
    package func mayRetry(_ attempt: Int) -> Bool {
        guard attempt < self.settings.attemptsMax, !Task.isCancelled else { return false }
        return self.shared.withLock { shared in
            guard shared.budget.withdraw() else { return false }
            shared.retryCount += 1
            return true
        }
    }

    /// Remembers which endpoint failed the request, and if there is no other waits for a random time between half and
    /// all of an exponential backoff.
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
