internal import KeyValue
internal import Primitives

/// Removes changes that no reader can reach any more, and streams that ended long ago.
///
/// Readers enforce the retention themselves, by the time of a record. Trimming stays an hour behind it: a reader whose
/// position has expired meets a record that is too old, and gets an error instead of a gap.
struct LogTrimming: Sendable {
    /// More than the lifetime of a shard iterator.
    static let slackMilliseconds: Int64 = 3_600_000

    let store: any OrderedStore
    let now: Timestamp

    private func horizon(_ keptMilliseconds: Int64) -> Timestamp {
        self.now.advanced(byMilliseconds: -keptMilliseconds - Self.slackMilliseconds)
    }

    /// One pass over all tables of all accounts, including deleted ones. May be interrupted at any point.
    func callAsFunction() async throws(StorageError) {
        try await self.forEach(CatalogKeys.allTables) { (entry) throws(StorageError) in
            // A damaged record is reported by requests for its table; the logs of other tables must still be trimmed.
            guard let table = TableRecord.decode(entry.record.value) else { return }
            let replicas = TombstoneRemoval(store: self.store)
            let limit = try await replicas.trimmable(table)
            try await self.trim(table.log, before: self.horizon(table.changesKeptMilliseconds), upTo: limit)
            try await replicas(table)
        }
        let horizon = self.horizon(TableStream.keptMilliseconds)
        try await self.forEach(CatalogKeys.retiredLogs) { (entry) throws(StorageError) in
            guard entry.record.time < horizon, let number = CatalogKeys.deletedNumber(entry.key) else { return }
            try await self.store.trimLog(LogID(number), through: .end(of: CommitVersion(.max)))
            try await self.store.commit(Batch(writes: [.delete(entry.key)]))
        }
        try await self.forEach(CatalogKeys.streams) { (entry) throws(StorageError) in
            guard entry.record.time < horizon, let (name, isEnd) = StreamNotes.parse(entry.key), isEnd else { return }
            let check = Check.unchanged(entry.key, since: entry.record.version)
            try await self.store.commit(
                Batch(checks: [check], writes: [.delete(entry.key), .delete(StreamNotes.key(name))]))
        }
    }

    /// Removes entries that were committed before a moment, but none after `limit`.
    private func trim(
        _ log: LogID, before horizon: Timestamp, upTo limit: LogPosition?
    ) async throws(StorageError) {
        let first = try await self.store.readLog(log, after: nil, limit: 1, byteLimit: 1).entries.first
        guard let first, first.time < horizon else { return }
        let position = try await ChangeLogSearch.position(log, before: horizon, in: self.store)
        try await self.store.trimLog(log, through: limit.map { min($0, position) } ?? position)
    }

    private func forEach(
        _ range: KeyRange, _ work: (Page.Entry) async throws(StorageError) -> Void
    ) async throws(StorageError) {
        var range = range
        while !range.isEmpty, !Task.isCancelled {
            let page = try await self.store.scan(
                range, limit: TableCatalog.sliceCountMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
            for entry in page.entries { try await work(entry) }
            guard let continuation = page.continuation else { return }
            range = range.continued(from: continuation, reverse: false)
        }
    }
}
