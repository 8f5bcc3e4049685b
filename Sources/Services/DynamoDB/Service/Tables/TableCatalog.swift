internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// The tables that there are: made, found, listed and deleted.
///
/// A descriptor that was seen is kept parsed, and may be stale: whoever uses it reads its key together with the items
/// and compares versions, so that an item is never written under a table that is gone.
final class TableCatalog: Sendable {
    /// Parsed descriptors; beyond, all are forgotten and read anew.
    static let cachedCountMax = 10_000
    /// How often a change is tried anew because another one was faster.
    static let attemptsMax = 64
    /// Tables of an account in a region that one listing walks at once.
    static let listingCountMax = 100

    /// A descriptor with the commit that wrote it.
    struct Snapshot: Sendable {
        let descriptor: TableDescriptor
        let key: [UInt8]
        let version: CommitVersion
    }

    private let store: any OrderedStore
    private let cache = Mutex<[TableReference: Snapshot]>([:])

    init(store: any OrderedStore) {
        self.store = store
    }

    // Finding

    /// The descriptor last seen.
    func cached(_ reference: TableReference) -> Snapshot? {
        self.cache.withLock { $0[reference] }
    }

    /// Takes what a caller read under the descriptor's key.
    /// - Returns: nil when there is no such table now.
    func note(_ reference: TableReference, _ key: [UInt8], _ record: Versioned?) throws(ServiceError) -> Snapshot? {
        guard let record else {
            self.cache.withLock { _ = $0.removeValue(forKey: reference) }
            return nil
        }
        if let known = self.cached(reference), known.version == record.version { return known }
        guard let descriptor = TableRecord.decode(record.value) else { throw ServiceError(.corrupt("table record")) }
        let snapshot = Snapshot(descriptor: descriptor, key: key, version: record.version)
        self.cache.withLock { cache in
            if cache.count >= Self.cachedCountMax { cache.removeAll() }
            cache[reference] = snapshot
        }
        return snapshot
    }

    /// The table as it is now; nil when there is none.
    func snapshot(_ reference: TableReference) async throws(ServiceError) -> Snapshot? {
        let key = CatalogKeys.table(reference)
        return try self.note(reference, key, try await self.get([key], .forAnswer)[0])
    }

    /// Names in order, after one.
    func names(
        _ account: AccountID, _ region: Region, after: String?, limit: Int
    ) async throws(ServiceError) -> (names: [String], hasMore: Bool) {
        var range = CatalogKeys.tables(account, region)
        let prefixCount = range.start.count
        if let after { range = KeyRange(start: range.start + Array(after.utf8) + [0], end: range.end) }
        var names: [String] = []
        while !range.isEmpty {
            let page = try await self.scan(range, limit: min(limit + 1 - names.count, Self.listingCountMax))
            names += page.entries.map { String(decoding: $0.key[prefixCount...], as: UTF8.self) }
            guard names.count <= limit, let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        return (Array(names.prefix(limit)), names.count > limit)
    }

    // Changing

    /// Makes a table; `make` is given its number, which no other table has or will have.
    func create(
        _ reference: TableReference, _ make: (UInt64) -> TableDescriptor
    ) async throws(ServiceError) -> TableDescriptor {
        let key = CatalogKeys.table(reference)
        for _ in 0..<Self.attemptsMax {
            let read = try await self.get([key, CatalogKeys.nextTable], .forDecision)
            guard read[0] == nil else {
                throw DynamoDBError.resourceInUse(message: "Table already exists: \(reference.name)")
            }
            let number = read[1].flatMap { BigEndian.read(UInt64.self, from: $0.value) } ?? 1
            var next: [UInt8] = []
            BigEndian.append(number + 1, to: &next)
            let descriptor = make(number)
            let batch = Batch(
                checks: [.absent(key), .unchanged(CatalogKeys.nextTable, since: read[1]?.version)],
                writes: [.set(key, TableRecord.encode(descriptor)), .set(CatalogKeys.nextTable, next)],
                readAsOf: read.asOf
            )
            if try await self.commit(batch) { return descriptor }
        }
        throw ServiceError(.conflict)
    }

    /// Takes a table away at once; its items are removed afterwards, by `discardDeletedTables`.
    /// - Returns: false when the table was changed or deleted by somebody else meanwhile.
    func delete(_ reference: TableReference, _ table: Snapshot) async throws(ServiceError) -> Bool {
        let batch = Batch(
            checks: [.unchanged(table.key, since: table.version)],
            writes: [.delete(table.key), .set(CatalogKeys.deletedTable(table.descriptor.number), [])]
        )
        guard try await self.commit(batch) else { return false }
        self.cache.withLock { _ = $0.removeValue(forKey: reference) }
        return true
    }

    /// Removes the items of tables that were deleted. May be interrupted at any point and called again.
    func discardDeletedTables() async {
        do throws(StorageError) {
            var range = CatalogKeys.deletedTables
            while !range.isEmpty {
                let page = try await self.store.scan(range, limit: 100, byteLimit: 1 << 16, reverse: false)
                for entry in page.entries {
                    guard let number = BigEndian.read(UInt64.self, from: entry.key, at: 10) else { continue }
                    try await self.store.discard(CatalogKeys.contents(number))
                    try await self.store.commit(Batch(writes: [.delete(entry.key)]))
                }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // The mark of the table stays, so the next start, or the next deletion, goes on here.
            return
        }
    }

    // The store

    private func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(ServiceError) -> ReadResult {
        do throws(StorageError) {
            if let cached = try self.store.getCached(keys, mode) { return cached }
            return try await self.store.get(keys, mode)
        } catch {
            throw ServiceError(error)
        }
    }

    private func scan(_ range: KeyRange, limit: Int) async throws(ServiceError) -> Page {
        do throws(StorageError) {
            return try await self.store.scan(range, limit: limit, byteLimit: 1 << 20, reverse: false)
        } catch {
            throw ServiceError(error)
        }
    }

    private func commit(_ batch: Batch) async throws(ServiceError) -> Bool {
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
