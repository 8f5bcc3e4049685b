package import DynamoDBModel
internal import KeyValue
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DeleteTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DeleteTable", resource: context.tableARN(input.tableName))]
    }

    /// The table is deleted before the answer, unless the server is configured to take time for the states of tables;
    /// its items are removed afterwards, unless a system backup takes them over. A replica is deleted once the others
    /// have everything that was written to it.
    package func deleteTable(
        _ input: DeleteTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> DeleteTableOutput {
        let reference = try TableReference(input.tableName, context)
        let now = self.clock.now()
        let transition = self.transition(.deleting, from: now)
        if let transition { return try await self.beginDeletion(reference, transition, now) }
        for _ in 0..<TableCatalog.attemptsMax {
            guard let table = try await self.catalog.snapshot(reference) else { throw .tableNotFound(reference) }
            if table.descriptor.replication != nil {
                return try await self.beginDeletion(reference, TableTransition(kind: .deleting, end: now), now)
            }
            try Self.checkDeletable(table.descriptor, at: now)
            if try await self.remove(reference, table) {
                return DeleteTableOutput(tableDescription: table.descriptor.description(.deleting))
            }
        }
        throw TableCatalog.tooManyChanges
    }

    /// Makes a table DELETING; a job deletes it.
    private func beginDeletion(
        _ reference: TableReference, _ transition: TableTransition, _ now: Timestamp
    ) async throws(ServiceError) -> DeleteTableOutput {
        let (group, _) = try await self.catalog.updateGroup(reference) { (group, writes) throws(ServiceError) in
            if let replication = group.own.replication {
                guard !replication.isSource(group.own.region, at: now) else { throw .replicaIsSource }
                if !group.own.isBeingFilled { try Self.checkReplicasIdle(group, at: now) }
            }
            try Self.checkDeletable(group.own, isReplica: group.own.replication != nil, at: now)
            group.own.transition = transition
            writes.append(IndexWork.mark(group.own, IndexWork.wholeTable))
        }
        self.startIndexWork(group.own.number, IndexWork.wholeTable)
        var description = group.own.description(.deleting)
        description.show(group, at: now)
        return DeleteTableOutput(tableDescription: description)
    }

    static func checkDeletable(
        _ table: TableDescriptor, isReplica: Bool = false, at now: Timestamp
    ) throws(ServiceError) {
        let status = table.status(at: now)
        switch status {
        case .creating where isReplica: throw .tableInUse("Table: \(table.name) is being used.")
        case .creating: throw .tableInUse("Table is being created: \(table.name)")
        case .deleting: throw .tableInUse("Table is being deleted: \(table.name)")
        default: break
        }
        guard table.indexInState(.creating) == nil, table.indexInState(.deleting) == nil else {
            throw .tableInUse("Cannot delete table while indexes are being created, updated, or deleted.")
        }
        guard status != .updating else { throw .tableInUse("Table: \(table.name) is in the process of being updated.") }
        // DEVIATION: AWS refuses this while a backup is created; here also while a restore or an export reads the
        // table.
        guard table.copies.isEmpty else { throw .tableInUse("Table is being backed up: \(table.name)") }
        guard !table.isDeletionProtected || !isReplica else {
            throw .validation(
                "Cannot delete table \(table.name) in region \(table.region) because it has deletion protection "
                    + "enabled. Disable deletion protection first.")
        }
        guard !table.isDeletionProtected else {
            throw .validation(
                "Resource cannot be deleted as it is currently protected against deletion. "
                    + "Disable deletion protection first."
            )
        }
    }

    /// Deletes a table, and starts removing its items.
    /// - Returns: false when the table was changed concurrently.
    private func remove(
        _ reference: TableReference, _ table: TableCatalog.Snapshot
    ) async throws(ServiceError) -> Bool {
        let heir = try await self.systemBackup(of: table.descriptor)
        guard table.descriptor.replication == nil else {
            try await self.removeReplica(reference, table.descriptor.number, heir: heir)
            return true
        }
        guard try await self.catalog.delete(reference, table, leavingItemsTo: heir.map { [$0] }) else { return false }
        self.startDiscarding()
        return true
    }

    /// Deletes a table that is DELETING, at the end of that state.
    ///
    /// Called by a job, and again after a restart if it was interrupted.
    func finishDeletion(_ number: UInt64) async {
        let key = CatalogKeys.indexWork(number, IndexWork.wholeTable)
        do throws(ServiceError) {
            guard let record = try await self.items.get([key], .forAnswer)[0], let mark = IndexWork(record.value) else {
                return
            }
            // Jobs of the table may still change its descriptor, such as the backfill of its time to live index.
            for _ in 0..<TableCatalog.attemptsMax {
                guard let table = try await self.catalog.snapshot(mark.table), table.descriptor.number == number,
                    let transition = table.descriptor.transition, transition.kind == .deleting
                else { break }
                let wait = transition.end.millisecondsSinceEpoch - self.clock.now().millisecondsSinceEpoch
                // Sleep throws only on cancellation, which is checked below.
                if wait > 0 { try? await Task.sleep(for: .milliseconds(wait)) }
                guard await self.drainReplica(table), !Task.isCancelled else { return }
                if try await self.remove(mark.table, table) { break }
            }
            if let table = try await self.catalog.snapshot(mark.table), table.descriptor.number == number { return }
            try await storing { () throws(StorageError) in
                _ = try await self.store.commit(Batch(writes: [.delete(key)]))
            }
        } catch {
            // The mark stays, so that the next start resumes the work.
            return
        }
    }
}

extension ServiceError {
    /// The error of operations on tables that are in use.
    static func tableInUse(_ reason: String) -> ServiceError {
        DynamoDBError.resourceInUse(message: "Attempt to change a resource which is still in use: \(reason)")
    }
}
