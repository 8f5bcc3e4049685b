/// All that a service knows of storage: an ordered map from byte keys to versioned byte values, changed by checked,
/// atomic, durable commits.
///
/// The rule: read with versions, decide in a value, commit with checks. There is no transaction object, no open cursor
/// and no callback, so that the same protocol fits an embedded engine, PostgreSQL and a distributed store.
///
/// ```swift
/// let read = try await store.get([key], .forDecision)
/// let decision = decide(read[0])
/// try await store.commit(Batch(
///     checks: [.unchanged(key, since: read[0]?.version)],
///     writes: [.set(key, decision.record)],
///     readAsOf: read.asOf
/// ))
/// ```
///
/// What an engine promises, and `KeyValueConformance` tests:
/// - Keys are ordered as unsigned bytes, a prefix before what it begins.
/// - Commits are serialisable: a batch whose checks hold behaves as if nothing ran between its reads and its writes.
/// - `commit` returns after the batch is durable (unless the engine was opened with a weaker, named setting).
/// - A version is never given out twice, not even after a crash or a delete.
package protocol OrderedStore: AnyObject, Sendable {
    /// The sizes that the engine accepts; the layer above refuses or splits larger ones.
    var limits: StoreLimits { get }

    /// Whether the store takes writes now; if not, why.
    var health: StoreHealth { get }

    /// The current health, then each change; a slow reader sees only the newest.
    func healthUpdates() -> AsyncStream<StoreHealth>

    /// Reads without waiting: from memory, on the calling thread, never touching the disk.
    ///
    /// A handler on an event loop calls this first.
    /// - Returns: nil when the answer is not in memory; call `getFromDisk` then, or `get`, which tries memory again.
    func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult?

    /// The values of `keys`, in the same order, from one snapshot; nil for an absent key.
    func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult

    /// As `get`, for a caller that has just got nil from `getCached`: skips the attempt to read from memory.
    func getFromDisk(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult

    /// Whether certainly no commit accepted after `version` touched `key`. Decided without reading.
    ///
    /// A caller that read a key as of `version` can keep using what it read, for the price of a lookup. False says
    /// nothing: an implementation may always return false.
    func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool

    /// As `scan`, but from memory and without waiting.
    ///
    /// - Returns: nil when a part of the answer is not in memory; call `scanFromDisk` then, or `scan`.
    func scanCached(_ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool) throws(StorageError) -> Page?

    /// One page of durable entries from one snapshot.
    ///
    /// The page has at most `limit` entries (1 or more); `reverse` reads from the end of `range` towards its start. It
    /// ends with the entry that brings the keys and values to `byteLimit` bytes, so it has at least one entry, however
    /// large, unless the range is empty.
    func scan(_ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool) async throws(StorageError) -> Page

    /// As `scan`, for a caller that has just got nil from `scanCached`: skips the attempt to read from memory.
    func scanFromDisk(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page

    /// Applies all of `batch`, or nothing.
    ///
    /// A batch of checks only waits until the state that the checks rest on is durable: this is how an answer based on
    /// a `forDecision` read is made safe.
    /// - Throws: `checkFailed`, only after the state that failed the check is durable; the other cases as
    ///   `StorageError` says.
    @discardableResult
    func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt

    /// Removes every key that is in `range` now, in pieces and outside transactions: for data that is dead as a whole,
    /// such as that of a deleted table. Keys written into the range meanwhile stay.
    ///
    /// Idempotent. Must be called again when it threw, or when the process ended before it returned.
    func discard(_ range: KeyRange) async throws(StorageError)

    /// A page of entries of one change log in commit order, without gaps up to `LogPage.watermark`.
    ///
    /// `position` is the last entry that was read; nil starts at the oldest entry. `limit` and `byteLimit` are as in
    /// `scan`, with `byteLimit` counting payloads.
    func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage

    /// Removes the entries of one change log up to and including `position`. Idempotent.
    func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError)

    /// Finishes the accepted commits, then releases the files. Later calls throw `unavailable`.
    func close() async
}

extension OrderedStore {
    package func getFromDisk(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.get(keys, mode)
    }

    package func scanFromDisk(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        try await self.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }
}
