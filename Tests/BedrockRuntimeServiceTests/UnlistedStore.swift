import KeyValue
import KeyValueConformance
import Synchronization

/// A store in memory whose scans fail until they are allowed; everything else works.
final class UnlistedStore: ForwardingStore {
    let inner: MemoryStore
    private let mayScan = Mutex(false)

    init(_ inner: MemoryStore) {
        self.inner = inner
    }

    func allowScans() { self.mayScan.withLock { $0 = true } }

    func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? { nil }

    func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        guard self.mayScan.withLock({ $0 }) else { throw .overloaded }
        return try await self.inner.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }
}
