internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// The catalogue of tables: creates, looks up, lists and deletes them.
///
/// Parsed descriptors are cached, and may be stale: users read the descriptor's key together with the items and compare
/// versions, so that an item is never written to a deleted table.
final class TableCatalog: Sendable {
    /// Cached descriptors; beyond this number, all are evicted.
    static let cachedCountMax = 10_000
    /// Attempts of a change when concurrent changes win.
    static let attemptsMax = 64
    /// Entries read at once by a listing or a removal.
    static let sliceCountMax = 100
    static let sliceBytesMax = 1 << 20

    /// A descriptor with the version of its record. A class, because each request passes it on, and a copy of the
    /// descriptor retains some twenty objects.
    final class Snapshot: Sendable {
        let descriptor: TableDescriptor
        let key: [UInt8]
        let version: CommitVersion
        /// The latest moment at which it is known to be the table's durable descriptor.
        let currentAsOf: CommitVersion

        init(descriptor: TableDescriptor, key: [UInt8], version: CommitVersion, currentAsOf: CommitVersion) {
            self.descriptor = descriptor
            self.key = key
            self.version = version
            self.currentAsOf = currentAsOf
        }
    }

    let store: any OrderedStore
    let clock: any WallClock
    private let cache = Mutex<[TableReference: Snapshot]>([:])
    let policyPresence = PolicyPresence()

    init(store: any OrderedStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Evicts a table that was deleted.
    func forget(_ reference: TableReference) {
        self.cache.withLock { _ = $0.removeValue(forKey: reference) }
    }

    // Looking up

    /// The cached descriptor.
    func cached(_ reference: TableReference) -> Snapshot? {
        self.cache.withLock { $0[reference] }
    }

    /// Whether items of a table can currently be read and written; for most tables without reading the clock.
    func servesItems(_ table: TableDescriptor) -> Bool {
        guard table.transition != nil else { return !table.isBeingFilled }
        return table.servesItems(at: self.clock.now())
    }

    /// Caches the descriptor that a caller read; `index` is the place of its key in the read, which must be durable: a
    /// descriptor whose commit fails would remain, and no read of the store would ever agree with it.
    /// - Returns: nil when the table does not exist.
    private func note(
        _ reference: TableReference, _ key: [UInt8], _ read: ReadResult, at index: Int = 0
    ) throws(ServiceError) -> Snapshot? {
        guard let record = read[index] else {
            self.cache.withLock { _ = $0.removeValue(forKey: reference) }
            return nil
        }
        let known = self.cached(reference).flatMap { $0.version == record.version ? $0.descriptor : nil }
        guard let descriptor = known ?? TableRecord.decode(record.value) else {
            throw ServiceError(.corrupt("table record"))
        }
        if known == nil { self.policyPresence.note(descriptor) }
        let snapshot = Snapshot(descriptor: descriptor, key: key, version: record.version, currentAsOf: read.asOf)
        self.cache.withLock { cache in
            // A slow read must not restore an older descriptor.
            if let known = cache[reference],
                (known.version, known.currentAsOf) > (snapshot.version, snapshot.currentAsOf)
            {
                return
            }
            if cache.count >= Self.cachedCountMax { cache.removeAll() }
            cache[reference] = snapshot
        }
        return snapshot
    }

    /// The current table; nil when it does not exist.
    func snapshot(_ reference: TableReference) async throws(ServiceError) -> Snapshot? {
        let key = CatalogKeys.table(reference)
        return try self.note(reference, key, try await self.get([key], .forAnswer))
    }

    /// Whether a table has not changed by the moment of a read, which has the table's key at `index`.
    ///
    /// What the read saw of a change that is not durable yet is waited for, so that the caller finds it when it looks
    /// the table up again, or learns that it failed.
    /// - Throws: `resourceNotFound` when the table is gone.
    func isCurrent(
        _ table: Snapshot, _ reference: TableReference, in read: ReadResult, at index: Int = 0
    ) async throws(ServiceError) -> Bool {
        let version = read[index]?.version
        if read.undurable == nil {
            guard try self.note(reference, table.key, read, at: index) != nil else { throw .resourceNotFound }
        } else if version != table.version, try await self.snapshot(reference)?.version != version {
            // A commit of checks is answered once the state that it is based on is durable.
            let check = Batch(checks: [.unchanged(table.key, since: version)], readAsOf: read.asOf)
            if try await self.commit(check) { _ = try await self.snapshot(reference) }
        }
        return version == table.version
    }

    /// Names in the order of their bytes, after `after`, which need not exist.
    func names(
        _ account: AccountID, _ region: Region, after: String?, limit: Int
    ) async throws(ServiceError) -> (names: [String], hasMore: Bool) {
        var range = CatalogKeys.tables(account, region)
        let prefixCount = range.start.count
        if let after { range = KeyRange(start: range.start + Array(after.utf8) + [0], end: range.end) }
        var names: [String] = []
        while !range.isEmpty {
            let page = try await self.scan(range, limit: min(limit + 1 - names.count, Self.sliceCountMax))
            names += page.entries.map { String(decoding: $0.key[prefixCount...], as: UTF8.self) }
            guard names.count <= limit, let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        return (Array(names.prefix(limit)), names.count > limit)
    }

    // Changing

    /// Creates a table; `make` receives its number, which is never reused.
    ///
    /// `also` returns further checks and writes of the commit, such as the mark of a job that fills the table; it is
    /// called again, and must read again, when a concurrent change won.
    func create(
        _ reference: TableReference, _ make: (UInt64) -> TableDescriptor,
        also: (TableDescriptor) async throws(ServiceError) -> (checks: [Check], writes: [Write]) = { _ in ([], []) }
    ) async throws(ServiceError) -> TableDescriptor {
        let key = CatalogKeys.table(reference)
        // Every CreateTable changes the next number, so that those at the same time win one after the other: what reads
        // all tables is done once and not for each attempt.
        var isWithinQuotas = false
        for _ in 0..<Self.attemptsMax {
            let read = try await self.get([key, CatalogKeys.nextTable], .forDecision)
            if let present = read[0] {
                let check = Batch(checks: [.unchanged(key, since: present.version)], readAsOf: read.asOf)
                // The refusal waits until the table on which it is based is durable.
                if read.undurable != nil, !(try await self.commit(check)) { continue }
                let table = TableRecord.decode(present.value)
                if table?.restoreSummary != nil { throw .tableInUse("Table is being used: \(reference.name)") }
                if table?.status(at: self.clock.now()) == .creating {
                    throw .tableInUse("Table is being created: \(reference.name)")
                }
                throw DynamoDBError.resourceInUse(message: "Table already exists: \(reference.name)")
            }
            let number = try Self.nextNumber(read[1])
            var next: [UInt8] = []
            BigEndian.append(number + 1, to: &next)
            let descriptor = make(number)
            if !isWithinQuotas { try await self.checkQuotas(from: nil, to: descriptor) }
            isWithinQuotas = true
            let others = try await also(descriptor)
            self.policyPresence.note(descriptor)
            let batch = Batch(
                checks: [.absent(key), .unchanged(CatalogKeys.nextTable, since: read[1]?.version)] + others.checks,
                writes: [.set(key, TableRecord.encode(descriptor)), .set(CatalogKeys.nextTable, next)]
                    + Self.notes(from: nil, to: descriptor) + others.writes,
                // The other checks may be based on other reads.
                readAsOf: others.checks.isEmpty ? read.asOf : nil
            )
            if try await self.commit(batch) { return descriptor }
        }
        throw Self.tooManyChanges
    }

    /// Changes a table's descriptor, and everything that must change with it, in one durable commit.
    ///
    /// `change` is pure, and called again when a concurrent change won; an unchanged descriptor is not written. It may
    /// add writes of its own, such as the mark of a job that continues the change. The end of a job is recorded in any
    /// state of the table (`isByJob`), which may have become DELETING.
    /// - Throws: the errors of `change`, `tableNotFound`, and `tableInUse` for a table that is CREATING or DELETING by
    ///   the clock; a table that a restore fills is left to `change`.
    @discardableResult
    func update<Answer: Sendable>(
        _ reference: TableReference,
        isByJob: Bool = false,
        _ change: (inout TableDescriptor, inout [Write]) throws(ServiceError) -> Answer
    ) async throws(ServiceError) -> (table: TableDescriptor, answer: Answer) {
        var answer: Answer?
        let table = try await self.changed(reference, isByJob: isByJob) { (table, writes) throws(ServiceError) in
            answer = try change(&table, &writes)
        }
        guard let answer else { preconditionFailure("the change that was committed was not asked for") }
        return (table, answer)
    }

    /// `update` without an answer, and so compiled once.
    private func changed(
        _ reference: TableReference, isByJob: Bool,
        _ change: (inout TableDescriptor, inout [Write]) throws(ServiceError) -> Void
    ) async throws(ServiceError) -> TableDescriptor {
        for _ in 0..<Self.attemptsMax {
            guard let snapshot = try await self.snapshot(reference) else { throw .tableNotFound(reference) }
            if !isByJob { try self.checkTransition(snapshot.descriptor) }
            var table = snapshot.descriptor
            var writes: [Write] = []
            try change(&table, &writes)
            if table != snapshot.descriptor {
                try await self.checkQuotas(from: snapshot.descriptor, to: table)
                writes.append(.set(snapshot.key, TableRecord.encode(table)))
                writes += Self.notes(from: snapshot.descriptor, to: table)
            }
            self.policyPresence.note(table)
            if writes.isEmpty { return table }
            let check = Check.unchanged(snapshot.key, since: snapshot.version)
            if try await self.commit(Batch(checks: [check], writes: writes)) { return table }
        }
        throw Self.tooManyChanges
    }

    /// Refuses to change a table that is CREATING or DELETING by the clock.
    func checkTransition(_ table: TableDescriptor, allowsDeleting: Bool = false) throws(ServiceError) {
        guard let transition = table.transition else { return }
        switch transition.kind {
        case .creating where self.clock.now() < transition.end:
            throw .tableInUse("Table is being created: \(table.name)")
        case .deleting where !allowsDeleting:
            throw .tableInUse("Table is being deleted: \(table.name)")
        default: break
        }
    }

    /// - Returns: false also when the table does not exist.
    func isBeingCreated(_ reference: TableReference, at now: Timestamp) async throws(ServiceError) -> Bool {
        try await self.snapshot(reference)?.descriptor.isBeingCreated(at: now) ?? false
    }

    /// - Returns: false also when the table does not exist.
    func isReplicaBeingAdded(_ reference: TableReference, at now: Timestamp) async throws(ServiceError) -> Bool {
        try await self.snapshot(reference)?.descriptor.isReplicaBeingAdded(at: now) ?? false
    }

    /// A number for keys that do not belong to a table: no table has it or will have it.
    func newNumber() async throws(ServiceError) -> UInt64 {
        for _ in 0..<Self.attemptsMax {
            let read = try await self.get([CatalogKeys.nextTable], .forDecision)
            let number = try Self.nextNumber(read[0])
            var next: [UInt8] = []
            BigEndian.append(number + 1, to: &next)
            let batch = Batch(
                checks: [.unchanged(CatalogKeys.nextTable, since: read[0]?.version)],
                writes: [.set(CatalogKeys.nextTable, next)],
                readAsOf: read.asOf
            )
            if try await self.commit(batch) { return number }
        }
        throw Self.tooManyChanges
    }

    /// The writes of records besides the descriptor, in the commit that changes it.
    static func notes(from old: TableDescriptor?, to new: TableDescriptor?) -> [Write] {
        StreamNotes.writes(from: old, to: new) + ExpiryNotes.writes(from: old, to: new)
    }

    private static func nextNumber(_ record: Versioned?) throws(ServiceError) -> UInt64 {
        guard let record else { return 1 }
        // An unreadable number must not lead to one that was used before.
        guard let number = BigEndian.read(UInt64.self, from: record.value), number > 0, number < .max else {
            throw ServiceError(.corrupt("next table number"))
        }
        return number
    }

    /// AWS's error for too many concurrent changes of tables; clients retry it.
    static var tooManyChanges: ServiceError {
        DynamoDBError.limitExceeded(
            message: "Subscriber limit exceeded: Only \(self.attemptsMax) tables can be created, updated, or deleted "
                + "simultaneously"
        )
    }

    /// Deletes a table at once; its items are removed afterwards, by `discardDeletedTables`.
    ///
    /// `heir` contains the writes of whatever takes over the items; the table's log is removed a day later in either
    /// case.
    /// - Returns: false when the table was changed or deleted concurrently.
    func delete(
        _ reference: TableReference, _ table: Snapshot, leavingItemsTo heir: [Write]? = nil
    ) async throws(ServiceError) -> Bool {
        let number = table.descriptor.number
        let end = heir.map { $0 + [.set(CatalogKeys.retiredLog(number), [])] }
        let batch = Batch(
            checks: [.unchanged(table.key, since: table.version)],
            writes: [.delete(table.key)] + (end ?? [.set(CatalogKeys.deletedTable(number), [])])
                + Self.notes(from: table.descriptor, to: nil)
        )
        guard try await self.commit(batch) else { return false }
        self.cache.withLock { _ = $0.removeValue(forKey: reference) }
        return true
    }

    // Removing the data of deleted tables

    /// Removes the items of deleted tables. May be interrupted at any point and called again.
    func discardDeletedTables() async {
        do throws(StorageError) {
            var range = CatalogKeys.deletedTables
            while !range.isEmpty {
                let page = try await self.store.scan(
                    range,
                    limit: Self.sliceCountMax,
                    byteLimit: Self.sliceBytesMax,
                    reverse: false
                )
                for entry in page.entries {
                    guard let number = CatalogKeys.deletedNumber(entry.key) else { continue }
                    try await self.store.discard(CatalogKeys.contents(number))
                    try await self.store.commit(
                        Batch(writes: [.delete(entry.key)] + (try await self.retirement(ofLog: number))))
                }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // The mark of the table stays, so that the next start, or the next deletion, resumes the work.
            return
        }
    }

    /// Streams of a deleted table can be read for a day, so its log is only marked, and removed later by the trimming.
    private func retirement(ofLog number: UInt64) async throws(StorageError) -> [Write] {
        let log = try await self.store.readLog(LogID(number), after: nil, limit: 1, byteLimit: 1)
        return log.entries.isEmpty ? [] : [.set(CatalogKeys.retiredLog(number), [])]
    }

    // The store

    func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(ServiceError) -> ReadResult {
        do throws(StorageError) {
            if let cached = try self.store.getCached(keys, mode) { return cached }
            return try await self.store.getFromDisk(keys, mode)
        } catch {
            throw ServiceError(error)
        }
    }

    func scan(_ range: KeyRange, limit: Int) async throws(ServiceError) -> Page {
        do throws(StorageError) {
            return try await self.store.scan(range, limit: limit, byteLimit: Self.sliceBytesMax, reverse: false)
        } catch {
            throw ServiceError(error)
        }
    }

    /// - Returns: false when a check failed, so that the caller must decide again.
    func commit(_ batch: Batch) async throws(ServiceError) -> Bool {
        do throws(StorageError) {
            try await self.store.commit(batch)
            return true
        } catch .checkFailed, .conflict {
            return false
        } catch {
            throw ServiceError(error)
        }
    }
}
