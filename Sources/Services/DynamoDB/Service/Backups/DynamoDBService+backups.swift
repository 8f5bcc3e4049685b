internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// Backups: looking up, starting, copying.
extension DynamoDBService {
    /// A backup with the version of its record.
    struct StoredBackup: Sendable {
        let backup: BackupDescriptor
        let version: CommitVersion
    }

    /// The backup with this ARN.
    func backup(
        _ arn: String, lookup: CopyReference.RegionLookup, _ context: RequestContext
    ) async throws(ServiceError) -> StoredBackup {
        let reference = try CopyReference(backup: arn, lookup: lookup, context)
        guard let found = try await self.backup(at: reference.key), !found.backup.isExpired(at: self.clock.now()) else {
            throw .backupNotFound(arn)
        }
        return found
    }

    private func backup(at key: [UInt8]) async throws(ServiceError) -> StoredBackup? {
        let read = try await storing { () throws(StorageError) in try await self.store.get([key], .forAnswer) }
        guard let record = read[0] else { return nil }
        guard let backup = BackupDescriptor.decode(record.value) else { throw ServiceError(.corrupt("backup")) }
        return StoredBackup(backup: backup, version: record.version)
    }

    /// Backups in the order of their creation, after a key.
    func backups(
        _ context: RequestContext, after key: [UInt8]?, limit: Int, where isListed: (BackupDescriptor) -> Bool
    ) async throws(ServiceError) -> (backups: [BackupDescriptor], hasMore: Bool) {
        var range = BackupKeys.all(.backup, context.account, context.region)
        if let key, KeyOrder.compare(range.start, key) < 0 { range = KeyRange(start: key + [0], end: range.end) }
        var backups: [BackupDescriptor] = []
        while !range.isEmpty {
            let rest = range
            let page = try await storing { () throws(StorageError) in
                try await self.store.scan(
                    rest, limit: TableCatalog.sliceCountMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
            }
            for entry in page.entries {
                guard let backup = BackupDescriptor.decode(entry.record.value) else {
                    throw ServiceError(.corrupt("backup"))
                }
                guard isListed(backup) else { continue }
                if backups.count == limit { return (backups, true) }
                backups.append(backup)
            }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
            // The pages may come from memory, without suspension: this lets other tasks run between them.
            await Task.yield()
        }
        return (backups, false)
    }

    // System backups

    /// "A system backup is automatically created and is retained for 35 days (at no additional cost)."
    static let systemBackupDays: Int64 = 35

    /// The backup that takes over the items of a table with point-in-time recovery when the table is deleted: they stay
    /// where they are.
    /// - Returns: nil for a table without point-in-time recovery.
    func systemBackup(of table: TableDescriptor) async throws(ServiceError) -> Write? {
        guard table.recovery != nil else { return nil }
        let statistics = try await self.items.statistics(table.space)
        let creation = self.clock.now()
        let milliseconds = Self.systemBackupDays * RecoverySettings.dayMilliseconds
        var backup = BackupDescriptor(
            // AWS's ids of these have no random digits; a table of the same name may be deleted twice within a
            // millisecond.
            id: CopyReference.newID(at: creation, self.random),
            name: "\(table.name)$DeletedTableBackup",
            origin: .system,
            table: table,
            creation: creation,
            expiry: Timestamp(millisecondsSinceEpoch: creation.millisecondsSinceEpoch + milliseconds),
            contents: table.number
        )
        backup.itemCount = statistics.itemCount
        backup.sizeBytes = statistics.sizeBytes
        return .set(backup.key, backup.encoded)
    }

    private static let removalPauseSeconds = 3600

    /// Removes expired backups, exports and imports every hour, until the server stops.
    func startRemovingExpiredRecords() {
        self.jobs.start("expired backups and transfers") {
            while !Task.isCancelled {
                await self.removeExpiredBackups()
                await self.removeOldTransfers()
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .seconds(Self.removalPauseSeconds))
            }
        }
    }

    /// Removes the expired system backups of every account. May be interrupted at any point.
    package func removeExpiredBackups() async {
        var range = BackupKeys.all(.backup)
        let now = self.clock.now()
        do throws(ServiceError) {
            while !range.isEmpty, !Task.isCancelled {
                let rest = range
                let page = try await storing { () throws(StorageError) in
                    try await self.store.scan(
                        rest, limit: TableCatalog.sliceCountMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
                }
                for entry in page.entries {
                    guard let backup = BackupDescriptor.decode(entry.record.value), backup.isExpired(at: now) else {
                        continue
                    }
                    guard try await !self.isRestored(backup) else { continue }
                    _ = try await self.delete(StoredBackup(backup: backup, version: entry.record.version))
                    self.startDiscarding()
                }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // Expired backups are not shown; the next round removes the rest.
            return
        }
    }

    /// One step of the copy of a table into its backup.
    /// - Returns: whether the backup is AVAILABLE, or deleted.
    func copyStep(_ key: [UInt8]) async throws(ServiceError) -> Bool {
        guard let found = try await self.backup(at: key) else { return true }
        var backup = found.backup
        guard var progress = backup.progress else { return true }
        CrashPoint.reach("dynamodb.backup.step")
        let check = Check.unchanged(key, since: found.version)
        guard let version = progress.version else {
            // The record's version is still that of the commit that started keeping the changes.
            progress.version = found.version
            backup.progress = progress
            let batch = Batch(checks: [check], writes: [.set(key, backup.encoded)])
            try await storing { () throws(StorageError) in _ = try await self.store.commit(batch) }
            return false
        }
        let source = CopySource(
            contents: backup.table.number,
            schema: backup.table.schema,
            history: .init(log: backup.table.log, moment: .version(version), number: progress.number)
        )
        let reader = CopyReader(store: self.store, source: source)
        let place = progress.next
        let slice = try await storing { () throws(StorageError) in try await reader.slice(from: place) }
        let prefix = KeySpace(table: backup.contents).prefix
        var writes: [Write] = []
        for (place, item) in slice.items {
            writes.append(.set(prefix + place, item.bytes))
            backup.itemCount += 1
            backup.sizeBytes += item.itemBytes
        }
        progress.next = slice.next ?? []
        backup.progress = slice.next == nil ? nil : progress
        writes.append(.set(key, backup.encoded))
        guard slice.next == nil else {
            let batch = Batch(checks: [check], writes: writes)
            try await storing { () throws(StorageError) in _ = try await self.store.commit(batch) }
            return false
        }
        writes.append(.delete(BackupKeys.work(.backup, key)))
        writes.append(.set(CatalogKeys.deletedTable(progress.number), []))
        try await self.endCopy(progress.number, of: backup.table, writes)
        return true
    }
}

extension ServiceError {
    static func backupNotFound(_ arn: String) -> ServiceError {
        DynamoDBError.backupNotFound(message: "Backup not found: \(arn)")
    }

    /// The error of backup operations on a table that does not exist.
    static func sourceNotFound(_ reference: TableReference) -> ServiceError {
        self.sourceNotFound(reference.name)
    }

    /// The same, with the table as the request names it.
    static func sourceNotFound(_ table: String) -> ServiceError {
        DynamoDBError.tableNotFound(message: "Table not found: \(table)")
    }
}
