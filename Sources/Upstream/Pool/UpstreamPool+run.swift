internal import Primitives
internal import Synchronization

extension UpstreamPool {
    /// Concurrent health checks.
    private static let checksMax = 16
    /// The longest answer to a health check.
    private static let checkBytesMax = 64 << 10

    /// Follows a provider and checks the endpoints' health until the task is cancelled; returns earlier only if the
    /// provider ends and there are no health checks. Only one task may run it.
    package func run(_ provider: some DiscoveryProvider) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await update in provider { self.accept(update) }
            }
            if let check = self.settings.healthCheck {
                group.addTask { await self.runChecks(check) }
            }
            await group.waitForAll()
        }
    }

    private func runChecks(_ check: HealthCheck) async {
        while !Task.isCancelled {
            await self.checkAll(check)
            // A tenth more or less, so that many pools do not check at the same moment.
            let tenths = Int(self.random.next() % 21) - 10
            await self.time.sleep(self.time.now() + check.interval * (100 + tenths) / 100)
        }
    }

    /// Checks every endpoint once.
    package func checkAll(_ check: HealthCheck) async {
        let clients = self.shared.withLock { shared in
            shared.state.endpoints.compactMap { found in
                shared.clients[found.endpoint].map { ($0, found.labels[HealthCheck.pathLabel] ?? check.path) }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for (index, (client, path)) in clients.enumerated() {
                if index >= Self.checksMax { await group.next() }
                group.addTask {
                    let begun = self.time.now()
                    let failure = await Self.failure(client, path, check)
                    guard !Task.isCancelled else { return }
                    self.change { $0.state.check(client.endpoint, failure: failure, since: begun, at: self.time.now()) }
                }
            }
        }
        self.serveWaiters()
    }

    /// - Returns: the reason of the failure; nil when it is healthy.
    private static func failure(_ client: UpstreamClient, _ path: String, _ check: HealthCheck) async -> String? {
        let timeouts = UpstreamTimeouts(
            connect: check.timeout, firstByte: check.timeout, idle: check.timeout, total: check.timeout)
        do throws(UpstreamError) {
            let answer = try await client.ask(
                UpstreamRequest("GET", path, timeouts: timeouts), bytesMax: self.checkBytesMax)
            return check.statuses.contains(answer.head.status) ? nil : "\(path) answered \(answer.head.status)"
        } catch {
            return error.sentence
        }
    }
}
