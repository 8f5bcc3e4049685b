internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// Restores: started, then done step by step.
extension DynamoDBService {
    /// "Any number of users can execute up to 50 concurrent restores (any type of restore) in a given account."
    static let restoreCountMax = 50

    /// The table that a restore creates.
    struct RestorePlan: Sendable {
        var definition: TableDefinition
        var settings: StoredSettings
        var origin: RestoreOrigin

        init(
            _ overrides: RestoreOverrides, of source: TableDescriptor, _ origin: RestoreOrigin,
            _ context: RequestContext
        ) throws(ServiceError) {
            (self.definition, self.settings) = try overrides.definition(of: source, context)
            self.origin = origin
        }
    }

    /// Creates the restored table, CREATING, with the mark of the work that fills it.
    ///
    /// `source` determines the source of the items for a table of that number, and returns what else the commit must
    /// check and write.
    func beginRestore(
        _ target: TableReference, _ plan: RestorePlan,
        _ source: (UInt64) async throws(ServiceError) -> (RestoreDescriptor, [Check], [Write])
    ) async throws(ServiceError) -> TableDescriptor {
        try await self.checkRestoreCount()
        let tableID = RequestID.uuid(self.random).description
        let creation = self.clock.now()
        do throws(ServiceError) {
            let table = try await self.catalog.create(target) { number in
                var table = plan.definition.table(target, number, id: tableID, at: creation)
                table.settings = plan.settings
                table.origin = plan.origin
                table.isBeingFilled = true
                return table
            } also: { (table) async throws(ServiceError) in
                let (restore, checks, writes) = try await source(table.number)
                let own: [Write] = [
                    .set(restore.key, restore.encoded), .set(BackupKeys.work(.restore, restore.key), []),
                ]
                return (checks, writes + own)
            }
            self.startWork(.restore)
            return table
        } catch  where error.code == "ResourceInUseException" {
            throw DynamoDBError.tableAlreadyExists(message: "Table already exists: \(target.name)")
        }
    }

    private func checkRestoreCount() async throws(ServiceError) {
        let page = try await storing { () throws(StorageError) in
            try await self.store.scan(
                BackupKeys.work(.restore), limit: Self.restoreCountMax, byteLimit: 1 << 20, reverse: false)
        }
        guard page.entries.count < Self.restoreCountMax else {
            throw DynamoDBError.limitExceeded(
                message: "Subscriber limit exceeded: Only \(Self.restoreCountMax) restore operations can be done "
                    + "simultaneously"
            )
        }
    }

    /// Whether a restore reads a backup.
    func isRestored(_ backup: BackupDescriptor) async throws(ServiceError) -> Bool {
        let key = backup.key
        // At most `restoreCountMax`, plus one for each concurrent request.
        let page = try await storing { () throws(StorageError) in
            try await self.store.scan(
                BackupKeys.restores, limit: 4 * Self.restoreCountMax, byteLimit: 16 << 20, reverse: false)
        }
        return page.entries.contains { RestoreDescriptor.decode($0.record.value)?.backupKey == key }
    }

    /// One step of a restore.
    /// - Returns: whether the table is ACTIVE, or deleted.
    func restoreStep(_ key: [UInt8]) async throws(ServiceError) -> Bool {
        let read = try await storing { () throws(StorageError) in try await self.store.get([key], .forAnswer) }
        guard let record = read[0] else { return true }
        guard var restore = RestoreDescriptor.decode(record.value) else { throw ServiceError(.corrupt("restore")) }
        CrashPoint.reach("dynamodb.restore.step")
        let target = try await self.catalog.snapshot(restore.target)
        guard let target, target.descriptor.number == restore.targetNumber, !restore.isWhole else {
            try await self.endRestore(restore, at: key)
            return true
        }
        let checks: [Check] = [
            .unchanged(key, since: record.version), .unchanged(target.key, since: target.version),
        ]
        var writes: [Write] = []
        if let source = restore.copySource {
            let reader = CopyReader(store: self.store, source: source)
            let place = restore.next
            let slice = try await storing { () throws(StorageError) in try await reader.slice(from: place) }
            let prefix = target.descriptor.space.prefix
            for (place, item) in slice.items {
                writes += ItemStore.effects(.put(item), at: prefix + place, nil, target.descriptor).writes
            }
            restore.next = slice.next ?? []
            restore.isWhole = slice.next == nil
        } else {
            // The record's version is still that of the commit that started the restore.
            restore.version = record.version
        }
        writes.append(.set(key, restore.encoded))
        let batch = Batch(checks: checks, writes: writes)
        try await storing { () throws(StorageError) in _ = try await self.store.commit(batch) }
        return false
    }

    /// Releases the source first: as long as the record exists, a restart gets here again.
    private func endRestore(_ restore: RestoreDescriptor, at key: [UInt8]) async throws(ServiceError) {
        if let copy = restore.copy {
            try await self.endCopy(copy, of: restore.source, [.set(CatalogKeys.deletedTable(copy), [])])
        }
        let end: [Write] = [.delete(key), .delete(BackupKeys.work(.restore, key))]
        do throws(ServiceError) {
            try await self.catalog.update(restore.target) { (table, writes) in
                if table.number == restore.targetNumber { table.isBeingFilled = false }
                writes += end
            }
        } catch  where error.code == "ResourceNotFoundException" {
            try await storing { () throws(StorageError) in _ = try await self.store.commit(Batch(writes: end)) }
        }
    }
}
