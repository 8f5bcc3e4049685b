package import KeyValue
package import Primitives

/// How a `RocksDBStore` is opened. Sizes in bytes.
package struct StoreOptions: Sendable {
    /// What `commit` has waited for when it returns.
    package enum Durability: String, Sendable, CaseIterable {
        /// The disk has the commit (fsync of the log, one for each group of commits). The default.
        case durable
        /// The operating system has the commit: it survives the end of the process, even by `kill -9`; a power cut or a
        /// crash of the system may lose the last seconds, whole commits from the end.
        case processCrashOnly
    }

    package var durability: Durability = .durable
    /// Uncompressed blocks of tables, with their indexes and filters.
    package var blockCacheBytes = 128 << 20
    /// Recently read or written records, ready to be returned; in addition to the block cache.
    package var recordCacheBytes = 16 << 20
    /// Pages of scans that are requested repeatedly; in addition to both.
    package var pageCacheBytes = 8 << 20
    /// The size of one memtable. With `logBytesMax` it bounds the log that a restart must read: 0.2–0.4 s.
    package var writeBufferBytes = 32 << 20
    /// The log is kept below this size by flushing memtables.
    package var logBytesMax: UInt64 = 64 << 20
    /// Threads that read from the disk.
    package var readThreadCount = 4
    /// Writes are refused while less than this is free on the disk: room for memtables and running compactions.
    package var freeBytesReserve: UInt64 = 256 << 20
    /// Writes are accepted again once this much more than the reserve is free.
    package var freeBytesHysteresis: UInt64 = 64 << 20
    /// How often a store without space looks again.
    package var spaceCheckMilliseconds = 1000
    package var limits: StoreLimits = .embedded
    package var clock: any WallClock = SystemClock()
    package var freeSpace: any FreeSpaceProbe = DiskFreeSpace()
    /// For tests: stands between the committer and the disk.
    package var gate: (any CommitGate)?
    /// The rounds of the event loops that commit; nil: each commit is due at once.
    package var rounds: CommitRounds?
    /// Told about each group of commits, so that an executor can wake its loop once for the whole group.
    package var groupObserver: (any CommitGroupObserver)?

    package init() {}
}

/// Reports how much space the disk has.
package protocol FreeSpaceProbe: Sendable {
    /// Bytes that this process can still write to the file system of `path`; nil when the system does not tell.
    func freeBytes(at path: String) -> UInt64?
}

/// Notified when the committer begins and ends resuming the tasks of one group, on the committer's thread: an executor
/// may collect the jobs that it receives in between and wake its thread once.
///
/// SwiftNIO's loops do not need it: a loop that was woken and has not run yet is not woken again.
package protocol CommitGroupObserver: Sendable {
    func groupResumes()
    func groupResumed(commitCount: Int)
}

/// For tests: sees each group of commits just before and just after it is written, on the committer's thread, and may
/// block there. A sentence in the form of RocksDB's own makes the write fail with it.
package protocol CommitGate: Sendable {
    /// - Returns: nil to go on; a sentence to fail without having written.
    func beforeWrite(commitCount: Int) -> String?
    /// - Returns: nil to continue; a sentence to fail although the log was written, so that the outcome is unknown.
    func afterWrite(commitCount: Int) -> String?
}
