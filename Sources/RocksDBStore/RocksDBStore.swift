package import KeyValue
internal import Primitives
internal import Synchronization

/// The embedded engine: RocksDB, with versions, checks and the order of commits kept in Swift.
///
/// - Reads run on the calling thread, from memory only; what is not in memory is read by a small pool of threads.
/// - Commits are decided under one short lock (`Admission`), queued, and written by one thread of the store in groups,
///   one synced write each. Nothing here blocks an event loop or Swift's cooperative pool (except as `ReadPace`
///   allows).
/// - `close` must be called; until then the store's threads keep it alive.
package final class RocksDBStore: OrderedStore {
    /// Rounds of reading and asking again before a commit throws `conflict`.
    static let admissionRoundsMax = 16
    /// How long a read waits for the engine to be reopened.
    static let reopenWaitMillisecondsMax = 10_000
    /// Versions that are skipped at each start: more than a crash can have left unsynced, so that no version is
    /// assigned twice even when `commit` does not wait for the disk.
    static let versionGapAtOpen: UInt64 = 1 << 20
    static let closedReason = "the store is closed"

    package let limits: StoreLimits
    let options: StoreOptions
    let directory: StoreDirectory
    let beacon = HealthBeacon(.takingWrites)
    let admission: Mutex<Admission>
    /// Copies of `Admission.lastVersion` and `.settledVersion`: set under its lock, read without it.
    let lastVersion: Atomic<UInt64>
    let settledVersion: Atomic<UInt64>
    let pool: ReadPool
    let wakeup = Wakeup()
    let recordCache: RecordCache
    let pageCache: PageCache
    let readPace = ReadPace()
    private let slot: Mutex<EngineSlot>
    private let closing = Mutex(Closing.open)

    /// What reads find.
    private struct EngineSlot {
        /// nil while it is being reopened, when that failed, and after `close`.
        var engine: Engine?
        /// Reads wait for an engine only while this is set.
        var isReopening = false
    }

    private enum Closing {
        case open
        case closing([Waiter<Void>])
        case closed
    }

    /// Opens the store in the directory at `path`, creating it if it does not exist.
    ///
    /// Blocks while the log is read: call it at start, not on an event loop.
    ///
    /// On a disk without room for what opening may write, an existing store is opened for reads, and takes writes once
    /// there is room.
    package init(path: String, options: StoreOptions = StoreOptions()) throws(StoreOpenError) {
        self.directory = try StoreDirectory(path: path)
        CrashPoint.reach("store.open.afterFormat")
        // If groups are not synced, a power cut may take the whole log, so a short log proves nothing.
        if options.durability == .durable { try LogMark.check(self.directory) }
        let recovered: (version: UInt64, time: Timestamp)
        let engine: Engine
        let shortage: String?
        do throws(EngineFailure) {
            (engine, shortage) = try Self.openEngine(self.directory, options)
            recovered = try Self.lastCommit(of: engine)
        } catch {
            throw Self.openError(error, path: path)
        }
        try self.directory.noteEngine()
        self.options = options
        self.limits = options.limits
        let version = recovered.version + Self.versionGapAtOpen
        var admission = Admission(recoveredVersion: version, time: recovered.time)
        if let shortage { admission.refuse(.unavailable(shortage), isResumable: true) }
        self.admission = Mutex(admission)
        self.lastVersion = Atomic(version)
        self.settledVersion = Atomic(version)
        self.pool = ReadPool(threadCount: options.readThreadCount)
        self.recordCache = RecordCache(bytesMax: options.recordCacheBytes)
        self.pageCache = PageCache(bytesMax: options.pageCacheBytes)
        self.slot = Mutex(EngineSlot(engine: engine))
        if let shortage { self.beacon.set(.readOnly(reason: shortage)) }
        BlockingThread.start("store-commit") { self.runCommitter(mustReopen: shortage != nil) }
    }

    package var health: StoreHealth { self.beacon.health }

    package func healthUpdates() -> AsyncStream<StoreHealth> { self.beacon.updates() }

    package func close() async {
        await Waiter<Void>.wait { waiter in
            let isFirst: Bool? = self.closing.withLock { state in
                switch state {
                case .open:
                    state = .closing([waiter])
                    return true
                case .closing(var waiters):
                    waiters.append(waiter)
                    state = .closing(waiters)
                    return false
                case .closed:
                    return nil
                }
            }
            switch isFirst {
            case nil: waiter.resume(())
            case false?: break
            case true?:
                self.admission.withLock { $0.close() }
                self.wakeup.signal()
            }
        }
    }

    /// The last step of the committer's thread.
    func finishClosing() {
        self.pool.stop {
            // A flush makes the next start quick; if it fails, the log still has everything.
            if let engine = self.engine { try? engine.flush() }
            self.dropEngine()
            self.directory.release()
            self.beacon.set(.closed)
            let waiters: [Waiter<Void>] = self.closing.withLock { state in
                defer { state = .closed }
                if case .closing(let waiters) = state { return waiters }
                return []
            }
            for waiter in waiters { waiter.resume(()) }
        }
    }
}

extension RocksDBStore {
    /// The current engine.
    var engine: Engine? { self.slot.withLock { $0.engine } }

    /// The current engine, or whether there will be one soon.
    var engineToWaitFor: (engine: Engine?, isReopening: Bool) {
        self.slot.withLock { ($0.engine, $0.isReopening) }
    }

    var isClosed: Bool { self.beacon.health == .closed || self.admission.withLock { $0.isClosed } }

    /// Ends what `dropEngine` began; nil: there is no engine until the next attempt, and reads fail at once.
    func install(_ engine: Engine?) {
        self.slot.withLock { $0 = EngineSlot(engine: engine) }
    }

    /// Withdraws the engine from new reads, waits for those in progress, and closes it. Blocks.
    func dropEngine() {
        var engine = self.slot.withLock { slot in
            defer { slot = EngineSlot(isReopening: true) }
            return slot.engine
        }
        var waitedMilliseconds = 0
        while engine != nil, !isKnownUniquelyReferenced(&engine),
            waitedMilliseconds < Self.reopenWaitMillisecondsMax
        {
            BlockingThread.sleep(milliseconds: 1)
            waitedMilliseconds += 1
        }
    }

    /// Maps an engine's read failure to the store's error, and stops writes if data is damaged.
    func storageError(_ failure: EngineFailure) -> StorageError {
        guard case .corrupt(let sentence) = failure else { return .unavailable(failure.sentence) }
        self.refuseWrites("damaged data was found (\(sentence)): restore the store from a backup")
        return .corrupt(sentence)
    }

    /// Refuses writes until the next restart.
    func refuseWrites(_ reason: String) {
        self.admission.withLock { $0.refuse(.unavailable(reason), isResumable: false) }
        self.beacon.set(.readOnly(reason: reason))
    }

    /// Updates the copies that are read without the lock; call it under the lock.
    func publish(_ state: borrowing Admission) {
        self.lastVersion.store(state.lastVersion, ordering: .releasing)
        self.settledVersion.store(state.settledVersion, ordering: .releasing)
    }

    static func lastCommit(of engine: Engine) throws(EngineFailure) -> (version: UInt64, time: Timestamp) {
        let view = Engine.View(tier: .disk)
        guard let value = try engine.bytes(.meta, StoreLayout.lastCommitKey, view) else {
            return (0, Timestamp(millisecondsSinceEpoch: 0))
        }
        guard let version = BigEndian.read(UInt64.self, from: value),
            let time = BigEndian.read(UInt64.self, from: value, at: 8)
        else { throw .corrupt("the number of the last commit is too short") }
        return (version, Timestamp(millisecondsSinceEpoch: Int64(bitPattern: time)))
    }

    /// - Returns: the engine, and why it is open for reads only; nil when it takes writes.
    private static func openEngine(
        _ directory: StoreDirectory, _ options: StoreOptions
    ) throws(EngineFailure) -> (Engine, shortage: String?) {
        let freeBytes = options.freeSpace.freeBytes(at: directory.path)
        var shortage: String?
        if let freeBytes, freeBytes < self.openBytesMin(options) {
            guard directory.hasEngine else { throw .noSpace("\(freeBytes >> 20) MiB free") }
            shortage = self.shortage(directory.path, freeBytes: freeBytes, neededBytes: options.freeBytesReserve)
        } else {
            do throws(EngineFailure) {
                return (try Engine.open(path: directory.enginePath, options: options), nil)
            } catch {
                guard case .noSpace(let sentence) = error, directory.hasEngine else { throw error }
                shortage = self.fullDisk(sentence)
            }
        }
        return (try Engine.open(path: directory.enginePath, options: options, isReadOnly: true), shortage)
    }

    static func shortage(_ path: String, freeBytes: UInt64, neededBytes: UInt64) -> String {
        "the disk of \(path) has \(freeBytes >> 20) MiB free and \(neededBytes >> 20) MiB are kept in reserve: make"
            + " room, writes are taken again by themselves"
    }

    static func fullDisk(_ sentence: String) -> String {
        "the disk is full (\(sentence)): make room, writes are taken again by themselves"
    }

    /// Opening may have to write out everything in the log.
    private static func openBytesMin(_ options: StoreOptions) -> UInt64 {
        min(options.freeBytesReserve, 2 * options.logBytesMax)
    }

    private static func openError(_ failure: EngineFailure, path: String) -> StoreOpenError {
        switch failure {
        case .locked: .locked(path: path, processID: nil)
        case .noSpace(let reason): .noSpace(path: path, reason: reason)
        case .corrupt(let reason): .corrupt(path: path, reason: reason)
        case .sync(let reason): .unwritable(path: path, reason: reason)
        case .incomplete: .corrupt(path: path, reason: failure.sentence)
        case .other(let reason):
            reason.hasPrefix("IO error")
                ? .unwritable(path: path, reason: reason) : .corrupt(path: path, reason: reason)
        }
    }
}
