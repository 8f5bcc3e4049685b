import KeyValue
import KeyValueConformance
import Primitives
import Synchronization

/// A store in memory that does something in the midst of somebody else's request, once.
final class HookedStore: ForwardingStore {
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

    func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        let isMiss = self.misses.withLock { count in
            count? += 1
            return count != nil
        }
        return isMiss ? nil : try self.inner.getCached(keys, mode)
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
}
