internal import KeyValue
internal import Primitives

/// The part of log trimming for tables with replicas: entries stay until every replica has them, and tombstones are
/// removed once no older write can arrive.
struct TombstoneRemoval: Sendable {
    private static let linksMax = 100
    private static let sliceCountMax = 1000

    let store: any OrderedStore

    /// The position up to which the log of a table may be trimmed: entries that a link has not read stay.
    /// - Returns: nil when no link limits it.
    func trimmable(_ table: TableDescriptor) async throws(StorageError) -> LogPosition? {
        guard table.replication != nil else { return nil }
        let page = try await self.store.scan(
            ReplicationLink.all(from: table.number), limit: Self.linksMax, byteLimit: TableCatalog.sliceBytesMax,
            reverse: false)
        var least: LogPosition?
        for entry in page.entries {
            guard let link = ReplicationLink(entry.record.value) else { throw .corrupt("replication link") }
            // A link that starts with the oldest entry needs all of them.
            let position = link.position ?? LogPosition(version: .zero, index: 0)
            least = min(least ?? position, position)
        }
        return least
    }

    /// Removes the tombstones that are older than every write that may still arrive, or all tombstones of a table that
    /// has no replicas any more.
    func callAsFunction(_ table: TableDescriptor) async throws(StorageError) {
        let version = try await self.settledVersion(table)
        var range = Tombstone.all(table.number)
        while !range.isEmpty, !Task.isCancelled {
            let page = try await self.store.scan(
                range, limit: Self.sliceCountMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
            for entry in page.entries where entry.record.writeStamp.version < version {
                do throws(StorageError) {
                    try await self.store.commit(
                        Batch(
                            checks: [.unchanged(entry.key, since: entry.record.version)],
                            writes: [.delete(entry.key)]))
                } catch .checkFailed, .conflict {
                    // The item was deleted again.
                    continue
                }
            }
            guard let continuation = page.continuation else { return }
            range = range.continued(from: continuation, reverse: false)
        }
    }

    /// The commit up to which every write of the other regions has arrived.
    private func settledVersion(_ table: TableDescriptor) async throws(StorageError) -> CommitVersion {
        var settled = CommitVersion(.max)
        for member in table.replication?.members ?? [] where member.number != table.number {
            let keys = [
                ReplicationLink.key(member.number, table.number), ReplicationLink.key(table.number, member.number),
            ]
            let read = try await self.store.get(keys, .forAnswer)
            guard let incoming = read[0], let outgoing = read[1] else { return .zero }
            guard let link = ReplicationLink(incoming.value), let opposite = ReplicationLink(outgoing.value) else {
                throw .corrupt("replication link")
            }
            // A new replica needs the tombstones of its source.
            guard link.copy == nil, opposite.copy == nil else { return .zero }
            let page = try await self.store.readLog(link.log, after: link.position, limit: 1, byteLimit: 1)
            settled = min(settled, page.entries.isEmpty ? page.watermark : link.position?.version ?? .zero)
        }
        return settled
    }
}
