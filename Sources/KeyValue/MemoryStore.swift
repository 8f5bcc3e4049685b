package import Primitives
internal import Synchronization

/// An engine that keeps everything in memory: for tests and for data that may be lost. It obeys the same rules as any
/// other; a commit counts as durable when it returns.
package final class MemoryStore: OrderedStore {
    struct State {
        var entries = SortedMap()
        var logs: [LogID: [LogEntry]] = [:]
        var tokens: [[UInt8]: RememberedToken] = [:]
        /// The number of remembered tokens at which expired ones are removed.
        var tokenSweepCount = MemoryStore.tokenSweepCountMin
        var version: UInt64 = 0
        var time = Timestamp(millisecondsSinceEpoch: 0)
    }

    struct RememberedToken {
        let fingerprint: [UInt8]
        let expires: Timestamp
        let receipt: CommitReceipt
    }

    static let tokenSweepCountMin = 1024

    package let limits: StoreLimits
    private let clock: any WallClock
    private let beacon = HealthBeacon(.takingWrites)
    private let state = Mutex(State())

    package init(clock: any WallClock = SystemClock(), limits: StoreLimits = .embedded) {
        self.clock = clock
        self.limits = limits
    }

    package var health: StoreHealth { self.beacon.health }

    package func healthUpdates() -> AsyncStream<StoreHealth> { self.beacon.updates() }

    /// Makes the store refuse writes with `reason`, as if the disk were full; nil makes it take writes again.
    package func refuseWrites(_ reason: String?) {
        self.beacon.set(reason.map { .readOnly(reason: $0) } ?? .takingWrites)
    }

    package func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.requireOpen()
        return self.state.withLock { state in
            ReadResult(values: keys.map { state.entries[$0] }, asOf: CommitVersion(state.version))
        }
    }

    package func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        guard let result = try self.getCached(keys, mode) else { preconditionFailure("memory is always cached") }
        return result
    }

    /// Coarse: true only if there was no commit at all since `version`.
    package func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool {
        self.state.withLock { $0.version <= version.rawValue }
    }

    package func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? {
        precondition(limit >= 1 && byteLimit >= 1, "a page holds at least one entry")
        try self.requireOpen()
        return self.state.withLock { state in
            var entries = Page.Entries()
            var continuation: [UInt8]?
            state.entries.forEach(in: range, reverse: reverse) { entry in
                guard entries.count < limit, entries.bytes.count < byteLimit else {
                    continuation = reverse ? entries[entries.count - 1].key : entry.key
                    return false
                }
                entries.append(entry)
                return true
            }
            return Page(entries: entries, asOf: CommitVersion(state.version), continuation: continuation)
        }
    }

    package func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        guard let page = try self.scanCached(range, limit: limit, byteLimit: byteLimit, reverse: reverse) else {
            preconditionFailure("memory is always cached")
        }
        return page
    }

    @discardableResult
    package func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        try self.commitAtOnce(batch)
    }

    /// `commit` without suspension: nothing needs waiting for here.
    @discardableResult
    package func commitAtOnce(_ batch: Batch) throws(StorageError) -> CommitReceipt {
        try self.requireOpen()
        _ = try self.limits.checkedBytes(of: batch)
        let now = self.clock.now()
        let health = self.beacon.health
        let result: Result<CommitReceipt, StorageError> = self.state.withLock { state in
            state.commit(batch, now: now, health: health)
        }
        return try result.get()
    }

    package func discard(_ range: KeyRange) async throws(StorageError) {
        try self.requireTakingWrites()
        self.state.withLock { state in
            state.version += 1
            state.entries.removeAll(in: range)
        }
    }

    package func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        precondition(limit >= 1 && byteLimit >= 1, "a page holds at least one entry")
        try self.requireOpen()
        return self.state.withLock { state in
            let watermark = CommitVersion(state.version)
            let kept = state.logs[log] ?? []
            let start =
                position.flatMap { position in
                    kept.firstIndex { $0.position > position } ?? kept.count
                } ?? 0
            var entries: [LogEntry] = []
            var bytes = 0
            for entry in kept[start...] {
                guard entries.count < limit, bytes < byteLimit else {
                    return LogPage(entries: entries, hasMore: true, watermark: watermark)
                }
                entries.append(entry)
                bytes += entry.payload.count
            }
            return LogPage(entries: entries, hasMore: false, watermark: watermark)
        }
    }

    package func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        try self.requireTakingWrites()
        self.state.withLock { state in
            state.logs[log]?.removeAll { $0.position <= position }
        }
    }

    package func close() async {
        self.beacon.set(.closed)
    }

    private func requireOpen() throws(StorageError) {
        guard self.beacon.health != .closed else { throw .unavailable("the store is closed") }
    }

    private func requireTakingWrites() throws(StorageError) {
        try self.requireOpen()
        if case .readOnly(let reason) = self.beacon.health { throw .unavailable(reason) }
    }
}
