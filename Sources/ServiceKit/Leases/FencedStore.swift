package import KeyValue

/// A store whose commits succeed only while the current task's lease holds, if the task has one (`LeaseTerm.current`).
package final class FencedStore: OrderedStore {
    private static let lostReason = "another server has taken this work over"
    private let base: any OrderedStore

    package init(_ base: any OrderedStore) {
        self.base = base
    }

    package var limits: StoreLimits { self.base.limits }
    package var health: StoreHealth { self.base.health }
    package func healthUpdates() -> AsyncStream<StoreHealth> { self.base.healthUpdates() }

    package func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.base.getCached(keys, mode)
    }

    package func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.base.get(keys, mode)
    }

    package func getFromDisk(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.base.getFromDisk(keys, mode)
    }

    package func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool {
        self.base.isUntouched(key, since: version)
    }

    package func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? {
        try self.base.scanCached(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    package func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        try await self.base.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    package func scanFromDisk(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        try await self.base.scanFromDisk(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    @discardableResult
    package func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        guard let term = LeaseTerm.current else { return try await self.base.commit(batch) }
        var fenced = batch
        fenced.checks.append(term.check)
        // The added check was not part of the read that `readAsOf` refers to.
        fenced.readAsOf = nil
        do throws(StorageError) {
            return try await self.base.commit(fenced)
        } catch .checkFailed(batch.checks.count) {
            throw .unavailable(Self.lostReason)
        } catch {
            throw error
        }
    }

    package func discard(_ range: KeyRange) async throws(StorageError) {
        try await self.requireTerm()
        try await self.base.discard(range)
    }

    package func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        try await self.base.readLog(log, after: position, limit: limit, byteLimit: byteLimit)
    }

    package func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        try await self.requireTerm()
        try await self.base.trimLog(log, through: position)
    }

    package func close() async {
        await self.base.close()
    }

    /// `discard` and `trimLog` cannot carry a check. What they remove is never used again, so checking beforehand is
    /// enough.
    private func requireTerm() async throws(StorageError) {
        guard LeaseTerm.current != nil else { return }
        try await self.commit(Batch())
    }
}
