internal import DynamoDBValues
internal import KeyValue
internal import ServiceKit
internal import ServiceModel

/// Backfilling and removing the indexes of time to live.
///
/// Unfinished work is recorded in the store, so that it is resumed after a restart.
extension DynamoDBService {
    private static let filledCountMax = 200
    private static let filledBytesMax = 1 << 20
    private static let notesMax = 100
    /// Attempts of a step before the work waits for the next start.
    private static let attemptsMax = 64

    /// Starts the unfinished work; does not wait for it.
    func startExpiryWork() {
        self.jobs.start("time to live indexes") { await self.doExpiryWork() }
    }

    private func doExpiryWork() async {
        var range = CatalogKeys.expiryWork
        do throws(StorageError) {
            while !range.isEmpty, !Task.isCancelled {
                let page = try await self.store.scan(
                    range, limit: Self.notesMax, byteLimit: Self.filledBytesMax, reverse: false)
                for entry in page.entries { try await self.doExpiryWork(entry.key) }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // The records stay, so that the next start, or the next change of a table, resumes the work.
            return
        }
    }

    private func doExpiryWork(_ key: [UInt8]) async throws(StorageError) {
        var attempts = 0
        while !Task.isCancelled, attempts < Self.attemptsMax {
            do throws(StorageError) {
                if try await self.expiryStep(key) { return }
                attempts = 0
            } catch .checkFailed, .conflict {
                attempts += 1
            }
        }
    }

    /// - Returns: whether this piece of work is finished.
    private func expiryStep(_ key: [UInt8]) async throws(StorageError) -> Bool {
        guard let note = try await self.store.get([key], .forAnswer)[0] else { return true }
        let noteCheck = Check.unchanged(key, since: note.version)
        guard let work = ExpiryNotes.Work(note.value) else { throw .corrupt("note of a time to live index") }
        var settings = ExpirySettings(attribute: nil, generation: work.generation)
        guard !work.isRemoval else {
            try await self.store.discard(settings.entries(work.tableNumber))
            try await self.store.commit(Batch(checks: [noteCheck], writes: [.delete(key)]))
            return true
        }
        let tableKey = CatalogKeys.table(work.reference)
        let record = try await self.store.get([tableKey], .forAnswer)[0]
        guard let record, var table = TableRecord.decode(record.value), table.number == work.tableNumber,
            table.expiry.generation == work.generation, table.expiry.attribute != nil
        else {
            try await self.store.commit(Batch(checks: [noteCheck], writes: [.delete(key)]))
            return true
        }
        settings = table.expiry
        let checks = [noteCheck, .unchanged(tableKey, since: record.version)]
        let whole = KeyRange(prefix: table.space.prefix)
        let page = try await self.store.scan(
            KeyRange(start: work.place.isEmpty ? whole.start : work.place, end: whole.end),
            limit: Self.filledCountMax, byteLimit: Self.filledBytesMax, reverse: false)
        var next: [Write]
        if let continuation = page.continuation {
            var rest = work
            rest.place = continuation
            next = [rest.write]
        } else {
            table.expiry.isWhole = true
            next = [.delete(key), .set(tableKey, TableRecord.encode(table))]
        }
        try await self.fill(page.entries, settings, table.number, checks, next)
        return page.continuation == nil
    }

    /// Commits the index entries of some items, together with `next`.
    ///
    /// An item that was changed since it was read has its entry from that change, so it is skipped.
    private func fill(
        _ items: Page.Entries, _ settings: ExpirySettings, _ tableNumber: UInt64, _ checks: [Check], _ next: [Write]
    ) async throws(StorageError) {
        var found: [(check: Check, write: Write)] = []
        for item in items {
            guard let map = AttributeMap(stored: item.record.value) else { throw .corrupt("item") }
            guard let entry = settings.entry(map, at: item.key, tableNumber) else { continue }
            found.append((.unchanged(item.key, since: item.record.version), .set(entry, [])))
        }
        while true {
            do throws(StorageError) {
                try await self.store.commit(
                    Batch(checks: checks + found.map(\.check), writes: found.map(\.write) + next))
                return
            } catch .checkFailed(let index) {
                guard index >= checks.count else { throw .checkFailed(index: index) }
                found.remove(at: index - checks.count)
            }
        }
    }
}
