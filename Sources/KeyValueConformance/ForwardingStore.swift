package import KeyValue

/// A store that passes every call on to another one. A test's store conforms to it, and implements only what it does
/// otherwise.
///
/// `getFromDisk` and `scanFromDisk` go through the conforming type's own `get` and `scan`.
package protocol ForwardingStore: OrderedStore {
    associatedtype Inner: OrderedStore

    /// The store that takes the next call.
    var inner: Inner { get }
}

extension ForwardingStore {
    package var limits: StoreLimits { self.inner.limits }
    package var health: StoreHealth { self.inner.health }
    package func healthUpdates() -> AsyncStream<StoreHealth> { self.inner.healthUpdates() }

    package func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.inner.getCached(keys, mode)
    }

    package func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.inner.get(keys, mode)
    }

    package func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool {
        self.inner.isUntouched(key, since: version)
    }

    package func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? {
        try self.inner.scanCached(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    package func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        try await self.inner.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    @discardableResult
    package func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        try await self.inner.commit(batch)
    }

    package func discard(_ range: KeyRange) async throws(StorageError) { try await self.inner.discard(range) }

    package func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        try await self.inner.readLog(log, after: position, limit: limit, byteLimit: byteLimit)
    }

    package func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        try await self.inner.trimLog(log, through: position)
    }

    package func close() async { await self.inner.close() }
}
