import KeyValue
import Primitives
import Synchronization

/// A store in memory that does something in the midst of somebody else's request, once.
final class HookedStore: OrderedStore {
    typealias Hook = @Sendable () async -> Void

    let inner: MemoryStore
    private let scanHook = Mutex<(range: KeyRange, hook: Hook)?>(nil)
    /// How often memory was asked for what it does not hold; nil while it holds everything.
    private let misses = Mutex<Int?>(nil)
    private let commitHook = Mutex<(isMeant: @Sendable (Batch) -> Bool, hook: Hook)?>(nil)

    init(clock: any WallClock = SystemClock()) {
        self.inner = MemoryStore(clock: clock)
    }

    /// Before the next scan that begins in `range`.
    func beforeScan(_ range: KeyRange, _ hook: @escaping Hook) { self.scanHook.withLock { $0 = (range, hook) } }

    /// Before the next commit that deletes `key`.
    func beforeDeletion(of key: [UInt8], _ hook: @escaping Hook) {
        self.commitHook.withLock { $0 = ({ $0.writes.contains(.delete(key)) }, hook) }
    }

    /// Before the next commit under a token.
    func beforeCommitUnderToken(_ hook: @escaping Hook) {
        self.commitHook.withLock { $0 = ({ $0.token != nil }, hook) }
    }

    /// From now on nothing is in memory.
    func forget() { self.misses.withLock { $0 = 0 } }
    var missCount: Int { self.misses.withLock { $0 ?? 0 } }

    var limits: StoreLimits { self.inner.limits }
    var health: StoreHealth { self.inner.health }
    func healthUpdates() -> AsyncStream<StoreHealth> { self.inner.healthUpdates() }

    func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        let isMiss = self.misses.withLock { count in
            count? += 1
            return count != nil
        }
        return isMiss ? nil : try self.inner.getCached(keys, mode)
    }

    func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.inner.get(keys, mode)
    }

    func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool {
        self.inner.isUntouched(key, since: version)
    }

    func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? { nil }

    func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        let hook = self.scanHook.withLock { waiting -> Hook? in
            guard let present = waiting, present.range.contains(range.start) else { return nil }
            waiting = nil
            return present.hook
        }
        await hook?()
        return try await self.inner.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    @discardableResult
    func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        let hook = self.commitHook.withLock { waiting -> Hook? in
            guard let present = waiting, present.isMeant(batch) else { return nil }
            waiting = nil
            return present.hook
        }
        await hook?()
        return try await self.inner.commit(batch)
    }

    func discard(_ range: KeyRange) async throws(StorageError) { try await self.inner.discard(range) }

    func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        try await self.inner.readLog(log, after: position, limit: limit, byteLimit: byteLimit)
    }

    func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        try await self.inner.trimLog(log, through: position)
    }

    func close() async { await self.inner.close() }
}
