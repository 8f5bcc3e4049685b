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
    /// What the engine accepts; the layer above refuses or splits what is larger.
    var limits: StoreLimits { get }

    /// Whether the store takes writes now, and if not, why.
    var health: StoreHealth { get }

    /// The present health and then each change of it; a slow reader sees the newest only.
    func healthUpdates() -> AsyncStream<StoreHealth>

    /// Reads without waiting: from memory, on the calling thread, never touching the disk.
    ///
    /// This is what a handler on an event loop calls first; `get` does the same and then waits for the disk.
    /// - Returns: nil when the answer is not in memory; call `get` then.
    func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult?

    /// The values of `keys`, in that order, as of one moment; nil for a key that is absent.
    func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult

    /// As `get`, for those whom `getCached` just told nil: memory is not asked once more.
    func getFromDisk(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult

    /// Whether no commit that was accepted after `version` touched `key`, as far as the store knows without reading.
    ///
    /// It lets a caller that read a key as of `version` use what it read again for the price of a look-up. False
    /// promises nothing: a store may always answer so.
    func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool

    /// As `scan`, from memory and without waiting.
    ///
    /// - Returns: nil when a part of the answer is not in memory; call `scan` then.
    func scanCached(_ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool) throws(StorageError) -> Page?

    /// One page of durable entries as of one moment.
    ///
    /// At most `limit` entries, which is at least 1; `reverse` goes from the end of `range` to its start. The page ends
    /// with the entry that brings keys and values to `byteLimit` bytes; at least one entry is returned where there is
    /// one, however large.
    func scan(_ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool) async throws(StorageError) -> Page

    /// As `scan`, for those whom `scanCached` just told nil: memory is not asked once more.
    func scanFromDisk(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page

    /// Does all of `batch`, or nothing of it.
    ///
    /// A batch of checks only is how an answer that rests on undurable state waits until that state is durable.
    /// - Throws: `checkFailed` once the state that failed the check is durable; the other cases as `StorageError`
    ///   says.
    @discardableResult
    func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt

    /// Removes every key of `range` that is there now, piece by piece, outside transactions: for data that is dead as a
    /// whole, such as that of a deleted table. What is written into the range meanwhile stays.
    ///
    /// May be called again at any time, and must be when it threw or the process ended before it returned.
    func discard(_ range: KeyRange) async throws(StorageError)

    /// Entries of one change log in commit order, without gaps up to `LogPage.watermark`.
    ///
    /// `position` is the last entry that was read, nil for the oldest that is kept; `limit` and `byteLimit` are as in
    /// `scan`, over payloads.
    func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage

    /// Forgets the entries of one change log up to and including `position`. May be called again at any time.
    func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError)

    /// Finishes the commits that were accepted, then lets go of the files. Further calls throw `unavailable`.
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
