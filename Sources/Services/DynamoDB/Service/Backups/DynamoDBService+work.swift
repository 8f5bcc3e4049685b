internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// Runs what the store can do wrong, and makes its errors those that a client is told.
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
/// beside each other, as each may be told to be slow.
///
/// What is not done has a mark in the store, written in the commit that begins it and deleted in the one that ends it,
/// so that a start after a stop goes on with it.
extension DynamoDBService {
    /// How often a step is tried in a row before the work waits for the next start of its kind.
    private static let attemptsMax = 10
    private static let pauseMilliseconds = 20
    private static let marksMax = 100

    /// Begins what is not done of a kind and does not wait for it.
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
            // A store that does not read says so on /readyz; the marks stay.
            guard let page else { return }
            for entry in page.entries {
                let key = BackupKeys.record(ofWork: entry.key)
                if kind == .bulk { self.startBulkWork(key) } else { await self.finish(kind, key) }
            }
            guard let continuation = page.continuation else { return }
            range = range.continued(from: continuation, reverse: false)
        }
    }

    /// Begins the work of one bulk operation, or lets it look once more at what it is told to do.
    private func startBulkWork(_ key: [UInt8]) {
        self.jobs.start("work: bulk \(Hex.encode(key))") { await self.finish(.bulk, key) }
    }

    /// Does the steps of one piece of work until it is done, or cannot be done now.
    private func finish(_ kind: BackupKeys.Kind, _ key: [UInt8]) async {
        var failureCount = 0
        while !Task.isCancelled, failureCount < Self.attemptsMax {
            do throws(ServiceError) {
                if try await self.step(kind, key) { return }
                failureCount = 0
                await Task.yield()
            } catch {
                failureCount += 1
                // Ended early by the server's stop only, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds << failureCount))
            }
        }
    }

    /// - Returns: whether the work is done.
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

    /// Ends the keeping of a table's changes for a copy, with `writes` in the same commit.
    ///
    /// What was kept goes when the log is trimmed next.
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
