import KeyValue
import Synchronization

/// A store in memory whose scans fail until they are allowed; everything else works.
final class UnlistedStore: OrderedStore {
    private let inner: MemoryStore
    private let mayScan = Mutex(false)

    init(_ inner: MemoryStore) {
        self.inner = inner
    }

    func allowScans() { self.mayScan.withLock { $0 = true } }

    var limits: StoreLimits { self.inner.limits }
    var health: StoreHealth { self.inner.health }
    func healthUpdates() -> AsyncStream<StoreHealth> { self.inner.healthUpdates() }

    func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.inner.getCached(keys, mode)
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
        guard self.mayScan.withLock({ $0 }) else { throw .overloaded }
        return try await self.inner.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    @discardableResult
    func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt { try await self.inner.commit(batch) }

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
