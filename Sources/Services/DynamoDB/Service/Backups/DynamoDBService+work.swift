internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// Runs work on the store, and converts its errors to the client's.
func storing<Value: Sendable>(
    _ work: () async throws(StorageError) -> Value
) async throws(ServiceError) -> Value {
    do throws(StorageError) {
        return try await work()
    } catch {
        throw ServiceError(error)
    }
}

/// The work of backups, restores, exports and imports: one of each kind at a time, step by step. Bulk operations run
/// concurrently, as a request may limit the rate of each.
///
/// Unfinished work has a mark in the store, written in the commit that starts it and deleted in the one that ends it,
/// so that it is resumed after a restart.
extension DynamoDBService {
    /// Consecutive failures of a step after which the work waits for the next start of its kind.
    private static let attemptsMax = 10
    private static let pauseMilliseconds = 20
    private static let marksMax = 100

    /// Starts the unfinished work of a kind; does not wait for it.
    func startWork(_ kind: BackupKeys.Kind) {
        self.jobs.start("work: \(kind)") { await self.doWork(kind) }
    }

    private func doWork(_ kind: BackupKeys.Kind) async {
        var range = BackupKeys.work(kind)
        while !range.isEmpty, !Task.isCancelled {
            let rest = range
            let page = try? await storing { () throws(StorageError) in
                try await self.store.scan(rest, limit: Self.marksMax, byteLimit: 1 << 20, reverse: false)
            }
            // A store that cannot be read is reported on /readyz; the marks stay.
            guard let page else { return }
            for entry in page.entries {
                let key = BackupKeys.record(ofWork: entry.key)
                if kind == .bulk { self.startBulkWork(key) } else { await self.finish(kind, key) }
            }
            guard let continuation = page.continuation else { return }
            range = range.continued(from: continuation, reverse: false)
        }
    }

    /// Starts the work of one bulk operation, or makes it check its record once more.
    private func startBulkWork(_ key: [UInt8]) {
        self.jobs.start("work: bulk \(Hex.encode(key))") { await self.finish(.bulk, key) }
    }

    /// Does the steps of one piece of work until it is finished, or cannot go on for now.
    private func finish(_ kind: BackupKeys.Kind, _ key: [UInt8]) async {
        var failureCount = 0
        while !Task.isCancelled, failureCount < Self.attemptsMax {
            do throws(ServiceError) {
                if try await self.step(kind, key) { return }
                failureCount = 0
                await Task.yield()
            } catch {
                failureCount += 1
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds << failureCount))
            }
        }
    }

    /// - Returns: whether the work is finished.
    private func step(_ kind: BackupKeys.Kind, _ key: [UInt8]) async throws(ServiceError) -> Bool {
        switch kind {
        case .backup: try await self.copyStep(key)
        case .restore: try await self.restoreStep(key)
        case .export: try await self.exportStep(key)
        case .import: try await self.importStep(key)
        case .bulk: try await self.bulkStep(key)
        }
    }

    // Copies of tables

    /// Stops keeping a table's changes for a copy, with `writes` in the same commit.
    ///
    /// The next trimming of the log removes the changes.
    func endCopy(_ number: UInt64, of table: TableDescriptor, _ writes: [Write]) async throws(ServiceError) {
        do throws(ServiceError) {
            try await self.catalog.update(table.reference, isByJob: true) { (present, all) in
                // Another table of the same name has other copies.
                if present.number == table.number { present.copies.removeAll { $0.number == number } }
                all += writes
            }
        } catch  where error.code == Self.tableMissing {
            try await storing { () throws(StorageError) in _ = try await self.store.commit(Batch(writes: writes)) }
        }
        self.startDiscarding()
    }

    private static let tableMissing = "ResourceNotFoundException"
}
