package import KeyValue
internal import Primitives
internal import Synchronization

extension RocksDBStore {
    package func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.fromMemory { engine throws(EngineFailure) in
            try self.read(keys, mode, engine, tier: .memory)
        }
    }

    package func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        if let result = try self.getCached(keys, mode) { return result }
        return try await self.getFromDisk(keys, mode)
    }

    package func getFromDisk(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        guard keys.count == 1 else {
            return try await self.fromDisk { engine throws(EngineFailure) in
                try self.read(keys, mode, engine, tier: .disk)
            }
        }
        let read: @Sendable (Engine) throws(EngineFailure) -> ReadResult = { engine throws(EngineFailure) in
            let start = ContinuousClock.now
            let result = try self.read(keys, mode, engine, tier: .disk)
            self.readPace.note(ContinuousClock.now - start)
            return result
        }
        if self.readPace.isQuick, let result = try self.fromMemory(read) { return result }
        return try await self.fromDisk(read)
    }

    package func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool {
        let hashed = HashedKey(key)
        return self.admission.withLock { $0.stripeVersion(hashed) <= version.rawValue }
    }

    package func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? {
        precondition(limit >= 1 && byteLimit >= 1, "a page holds at least one entry")
        return try self.fromMemory { engine throws(EngineFailure) in
            try self.page(range, limit, byteLimit, reverse: reverse, engine, tier: .memory)
        }
    }

    package func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        if let page = try self.scanCached(range, limit: limit, byteLimit: byteLimit, reverse: reverse) { return page }
        return try await self.scanFromDisk(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    package func scanFromDisk(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        precondition(limit >= 1 && byteLimit >= 1, "a page holds at least one entry")
        return try await self.fromDisk { engine throws(EngineFailure) in
            try self.page(range, limit, byteLimit, reverse: reverse, engine, tier: .disk)
        }
    }

    /// Runs `body` on the calling thread; nil when it would have to touch the disk, or while there is no engine.
    func fromMemory<Value>(
        _ body: (Engine) throws(EngineFailure) -> Value
    ) throws(StorageError) -> Value? {
        guard let engine = self.engine else {
            guard !self.isClosed else { throw .unavailable(Self.closedReason) }
            return nil
        }
        do throws(EngineFailure) {
            return try body(engine)
        } catch {
            guard error != .incomplete else { return nil }
            throw self.storageError(error)
        }
    }

    /// Runs `body` on a thread that may wait for the disk.
    func fromDisk<Value: Sendable>(
        _ body: @escaping @Sendable (Engine) throws(EngineFailure) -> Value
    ) async throws(StorageError) -> Value {
        try await self.pool.run {
            guard let engine = self.waitForEngine() else {
                return .failure(.unavailable(self.isClosed ? Self.closedReason : "the store is not open"))
            }
            do throws(EngineFailure) {
                return .success(try body(engine))
            } catch {
                return .failure(self.storageError(error))
            }
        }.get()
    }

    /// Waits while the engine is being reopened, for at most `reopenWaitMillisecondsMax`. Blocks.
    ///
    /// Not between two attempts: the next may be a minute away, and each waiting read would hold a thread of the pool.
    private func waitForEngine() -> Engine? {
        for _ in 0..<Self.reopenWaitMillisecondsMax {
            let (engine, isReopening) = self.engineToWaitFor
            if let engine { return engine }
            guard isReopening, !self.isClosed else { return nil }
            BlockingThread.sleep(milliseconds: 1)
        }
        return nil
    }

    /// The initial capacity of a page: entries, and bytes for each. It grows when needed.
    private static let (roomEntries, roomBytes) = (64, 256)

    /// A cached page, or one that is read now.
    private func page(
        _ range: KeyRange, _ limit: Int, _ byteLimit: Int, reverse: Bool, _ engine: Engine, tier: Engine.ReadTier
    ) throws(EngineFailure) -> Page {
        let asOf = CommitVersion(self.settledVersion.load(ordering: .acquiring))
        guard !range.isEmpty else { return Page(entries: Page.Entries(), asOf: asOf, continuation: nil) }
        let question = PageQuestion(range, limit: limit, byteLimit: byteLimit, isReverse: reverse)
        guard let question else {
            return try self.pageOfEngine(
                range, limit, byteLimit, reverse: reverse, engine, tier: tier, asOf: asOf)
        }
        if let kept = self.pageCache.find(question),
            self.admission.withLock({ $0.leadVersion(question.lead) }) <= kept.asOf.rawValue
        {
            // Nothing was written there since, so the page is also valid as of `asOf`.
            return Page(entries: kept.entries, asOf: max(asOf, kept.asOf), continuation: kept.continuation)
        }
        let page = try self.pageOfEngine(
            range, limit, byteLimit, reverse: reverse, engine, tier: tier, asOf: asOf)
        self.pageCache.insert(question, page)
        return page
    }

    private func pageOfEngine(
        _ range: KeyRange, _ limit: Int, _ byteLimit: Int, reverse: Bool, _ engine: Engine, tier: Engine.ReadTier,
        asOf: CommitVersion
    ) throws(EngineFailure) -> Page {
        var entries = Page.Entries()
        entries.reserveCapacity(
            entries: min(limit, Self.roomEntries), bytes: min(byteLimit, min(limit, Self.roomEntries) * Self.roomBytes))
        var continuation: [UInt8]?
        try unsafe engine.forEach(
            .items, from: range.start, to: range.end, reverse: reverse, tier: tier
        ) { key, value throws(EngineFailure) in
            guard entries.count < limit, entries.bytes.count < byteLimit else {
                continuation = unsafe reverse ? entries[entries.count - 1].key : Array(key)
                return false
            }
            let header = try unsafe RecordCodec.header(value)
            unsafe entries.append(
                key: key, value: UnsafeRawBufferPointer(rebasing: value[header.byteCount...]),
                version: header.version, time: header.time, stamp: header.stamp)
            return true
        }
        return Page(entries: entries, asOf: asOf, continuation: continuation)
    }

    /// A consistent read: from the newest state if no commit is in progress, which is nearly always so; else from a
    /// snapshot or, for decisions, from the overlay over the engine.
    private func read(
        _ keys: [[UInt8]], _ mode: ReadMode, _ engine: Engine, tier: Engine.ReadTier
    ) throws(EngineFailure) -> ReadResult {
        let settled = self.settledVersion.load(ordering: .acquiring)
        let isQuiet = self.lastVersion.load(ordering: .acquiring) == settled
        let asOf = CommitVersion(settled)
        var view = Engine.View(tier: tier)
        if isQuiet || (keys.count == 1 && mode == .forAnswer) {
            let values = try self.newestRecords(keys, engine, tier: tier, asOf: settled)
            // One key is always consistent; several are if no commit was accepted while they were read.
            if keys.count == 1 || self.lastVersion.load(ordering: .acquiring) == settled {
                return ReadResult(values: values, asOf: asOf)
            }
        }
        guard mode == .forAnswer else { return try self.readOverlaid(keys, engine, tier: tier) }
        view.snapshot = Engine.Snapshot(engine)
        return ReadResult(values: try Self.records(keys, engine, view), asOf: asOf)
    }

    /// The newest durable record of each key, from the cache if it has it. `asOf` was settled before this is called.
    private func newestRecords(
        _ keys: [[UInt8]], _ engine: Engine, tier: Engine.ReadTier, asOf: UInt64
    ) throws(EngineFailure) -> [Versioned?] {
        let view = Engine.View(tier: tier)
        var values: [Versioned?] = []
        values.reserveCapacity(keys.count)
        for key in keys { values.append(try self.newestRecord(HashedKey(key), engine, view, asOf: asOf)) }
        return values
    }

    private func newestRecord(
        _ key: HashedKey, _ engine: Engine, _ view: Engine.View, asOf: UInt64
    ) throws(EngineFailure) -> Versioned? {
        if let found = self.recordCache.find(key), self.admission.withLock({ $0.stripeVersion(key) }) <= found.asOf {
            return found.record
        }
        let record = try engine.record(key.bytes, view)
        if let record { self.recordCache.insert(key, record, asOf: asOf) }
        return record
    }

    private static func records(
        _ keys: [[UInt8]], _ engine: Engine, _ view: Engine.View
    ) throws(EngineFailure) -> [Versioned?] {
        var values: [Versioned?] = []
        values.reserveCapacity(keys.count)
        for key in keys { values.append(try engine.record(key, view)) }
        return values
    }

    /// How often a read of several keys is repeated because of a concurrent commit, before it takes a snapshot.
    private static let overlaidReadsMax = 3

    private func readOverlaid(
        _ keys: [[UInt8]], _ engine: Engine, tier: Engine.ReadTier
    ) throws(EngineFailure) -> ReadResult {
        let hashed = keys.map(HashedKey.init)
        for attempt in 0...Self.overlaidReadsMax {
            // Keys that are not in the overlay are in the engine: it has everything up to what was settled when the
            // overlay was read.
            var view = Engine.View(tier: tier)
            let isLast = attempt == Self.overlaidReadsMax
            let cut = self.admission.withLock { state in
                OverlaySnapshot(state, hashed, snapshot: isLast ? Engine.Snapshot(engine) : nil)
            }
            view.snapshot = cut.snapshot
            var values: [Versioned?] = []
            var engineKeys: [HashedKey] = []
            values.reserveCapacity(keys.count)
            for (key, entry) in zip(hashed, cut.entries) {
                if let entry {
                    values.append(entry.record)
                } else {
                    values.append(
                        view.snapshot == nil
                            ? try self.newestRecord(key, engine, view, asOf: cut.version)
                            : try engine.record(key.bytes, view))
                    engineKeys.append(key)
                }
            }
            let isOneMoment =
                isLast || keys.count == 1 || engineKeys.isEmpty
                || self.admission.withLock { state in
                    engineKeys.allSatisfy { state.stripeVersion($0) <= cut.version }
                }
            guard isOneMoment else { continue }
            return ReadResult(
                values: values, asOf: CommitVersion(cut.version), undurable: cut.undurable.map(CommitVersion.init)
            )
        }
        preconditionFailure("the last attempt reads a snapshot")
    }
}

/// The contents of the overlay at one moment.
private struct OverlaySnapshot {
    /// The last accepted commit at that moment.
    let version: UInt64
    let entries: [Overlay.Entry?]
    let undurable: UInt64?
    /// A snapshot of the engine from the same moment.
    let snapshot: Engine.Snapshot?

    init(_ state: borrowing Admission, _ keys: [HashedKey], snapshot: Engine.Snapshot?) {
        self.version = state.lastVersion
        let overlay = state.overlay
        self.entries = keys.map { overlay.entry($0) }
        let newest = self.entries.reduce(0) { max($0, $1?.version ?? 0) }
        self.undurable = newest > state.settledVersion ? newest : nil
        self.snapshot = snapshot
    }
}
