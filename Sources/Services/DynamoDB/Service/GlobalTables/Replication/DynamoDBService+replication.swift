internal import KeyValue
internal import ServiceKit
package import ServiceModel

/// Replication between the replicas of global tables, and the delivery of changes to data streams.
///
/// One job for each table whose writes are replicated or delivered. It is started by a write, at the start of the
/// server, and every few seconds for what a failure left; it ends when there is nothing more to do.
extension DynamoDBService {
    private static let roundsPauseSeconds = 5
    /// Consecutive failures of the store after which the work waits for its next start, and the pause after each.
    private static let failuresMax = 20
    private static let pauseMilliseconds = 100
    private static let linksMax = 100

    /// Subscribes to changes of tables. Call once, before the first change.
    func connectReplication() {
        self.items.replicationSignal.connect { [weak self] number in self?.startReplication(number) }
    }

    /// Starts the work of all links, now and every few seconds, until the server stops.
    func startReplicating() {
        self.jobs.start("replication") {
            while !Task.isCancelled {
                await self.startReplicationOfAll()
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .seconds(Self.roundsPauseSeconds))
            }
        }
    }

    /// Starts replicating a table's log; does not wait for it.
    func startReplication(_ source: UInt64) {
        self.items.replicationSignal.add(source)
        guard self.replicatesByItself else { return }
        self.jobs.start("replication of table \(source)") { await self.replicate(source) }
    }

    /// Starts the work of every link.
    func startReplicationOfAll() async {
        // If the store cannot be read, the next round tries again.
        guard let keys = try? await self.replicationLinks(), let delivering = try? await self.deliveringTables() else {
            return
        }
        for source in Set(keys.compactMap(ReplicationLink.source(ofKey:)) + delivering) {
            self.startReplication(source)
        }
    }

    private func replicate(_ source: UInt64) async {
        var failureCount = 0
        while !Task.isCancelled, failureCount < Self.failuresMax {
            do throws(ServiceError) {
                switch try await self.replicateRound(source) {
                case .more: await Task.yield()
                // Sleep throws only on cancellation, which the loop's condition sees.
                case .pause(let milliseconds): try? await Task.sleep(for: .milliseconds(milliseconds))
                case .idle: return
                case .gone:
                    self.items.replicationSignal.remove(source)
                    return
                }
                failureCount = 0
            } catch {
                failureCount += 1
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
            }
        }
    }

    /// Advances each link of a table by one step, and its delivery.
    /// - Returns: `gone` when there is none; `idle` with the lowest version up to which all are done.
    func replicateRound(_ source: UInt64) async throws(ServiceError) -> Replicator.Step {
        let replicator = Replicator(items: self.items, clock: self.clock, telemetry: self.telemetry)
        var steps: [Replicator.Step] = []
        for key in try await self.keys(in: ReplicationLink.all(from: source)) {
            steps.append(try await replicator.step(key))
        }
        if let step = try await self.deliveryStep(source) { steps.append(step) }
        let rest = steps.filter { $0 != .gone }
        guard !rest.isEmpty else { return steps.isEmpty ? .gone : .more }
        if rest.contains(.more) { return .more }
        var through = CommitVersion(.max)
        for step in rest {
            if case .pause = step { return step }
            if case .idle(let version) = step { through = min(through, version) }
        }
        return .idle(through)
    }

    /// The keys of all records in a range of the catalogue.
    func keys(in range: KeyRange) async throws(ServiceError) -> [[UInt8]] {
        var (range, keys) = (range, [[UInt8]]())
        while !range.isEmpty {
            let page = try await self.items.scan(
                range, limit: Self.linksMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
            keys += page.entries.map(\.key)
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        return keys
    }

    // For tests, which control when replication runs

    /// The keys of all links, of every account.
    package func replicationLinks() async throws(ServiceError) -> [[UInt8]] {
        try await self.keys(in: ReplicationLink.all)
    }

    /// Advances one link by at most `limit` changes.
    /// - Returns: whether there may be more to do.
    @discardableResult
    package func replicationStep(_ link: [UInt8], limit: Int) async throws(ServiceError) -> Bool {
        var replicator = Replicator(items: self.items, clock: self.clock, telemetry: self.telemetry)
        replicator.sliceCount = limit
        return try await replicator.step(link) == .more
    }
}
