internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Telemetry

/// Advances one link, a slice at a time.
///
/// The changes of a slice are merged: of several changes to one item only the last is applied. Changes that came to the
/// source from another region are not forwarded, as that region has a link of its own.
struct Replicator: Sendable {
    /// Log entries, or items of a copy, that one commit applies, and their bytes.
    static let sliceCountMax = 100
    static let sliceBytesMax = 1 << 20

    let items: ItemStore
    let clock: any WallClock
    let telemetry: any TelemetryPort
    var sliceCount = Self.sliceCountMax

    /// The outcome of a step.
    enum Step: Sendable, Equatable {
        /// There is more to do.
        case more
        /// Everything is done up to this commit of the source, and there was nothing more.
        case idle(CommitVersion)
        /// Nothing can be done for this time.
        case pause(milliseconds: Int64)
        /// The link does not exist any more.
        case gone
    }

    func step(_ key: [UInt8]) async throws(ServiceError) -> Step {
        guard let record = try await self.items.get([key], .forAnswer)[0] else { return .gone }
        guard var link = ReplicationLink(record.value) else { throw ServiceError(.corrupt("replication link")) }
        let catalog = self.items.catalog
        guard let source = try await catalog.snapshot(link.source), source.descriptor.number == link.sourceNumber,
            let target = try await catalog.snapshot(link.target), target.descriptor.number == link.targetNumber,
            source.descriptor.replication?.contains(link.targetNumber) == true
        else {
            try await self.forget(key, record.version)
            return .gone
        }
        // Nobody will read the items of a table that is being deleted.
        if target.descriptor.transition?.kind == .deleting { return .idle(CommitVersion(.max)) }
        CrashPoint.reach("dynamodb.replication.step")
        switch link.copy {
        case .items(let place)?:
            // The record has the version of the commit that added the replica: all that was committed up to it is
            // copied.
            link.position = link.position ?? .end(of: record.version)
            return try await self.copyItems(from: place, source, target, &link, record.version)
        case .tombstones(let place)?:
            return try await self.copyTombstones(from: place, source, target, &link, record.version)
        case .done?:
            return try await self.finishCopy(source.descriptor, target.descriptor, link)
        case nil:
            return try await self.readLog(source.descriptor, target, &link, record.version)
        }
    }

    // The log

    private func readLog(
        _ source: TableDescriptor, _ target: TableCatalog.Snapshot, _ link: inout ReplicationLink,
        _ version: CommitVersion
    ) async throws(ServiceError) -> Step {
        let (log, position, count) = (link.log, link.position, self.sliceCount)
        let page = try await storing { () throws(StorageError) in
            try await self.items.store.readLog(log, after: position, limit: count, byteLimit: Self.sliceBytesMax)
        }
        guard let last = page.entries.last else { return .idle(page.watermark) }
        link.position = last.position
        var writes: [[UInt8]: ReplicatedWrite] = [:]
        var oldest: Timestamp?
        for entry in page.entries {
            guard let change = ChangeRecord(entry.payload), let image = change.new ?? change.old else {
                throw ServiceError(.corrupt("change record"))
            }
            guard change.actor != .replication else { continue }
            let place = KeyEncoder.tableKey(source.space, source.schema, image).dropFirst(KeySpace.prefixBytes)
            oldest = oldest ?? entry.time
            writes[Array(place)] = ReplicatedWrite(
                place: Array(place), item: change.new,
                stamp: ReplicationStamp(time: entry.time, version: entry.position.version))
        }
        let progress = ItemStore.ReplicationProgress(key: link.key, version: version, record: link.encoded)
        let isDone = try await self.items.replicate(Array(writes.values), into: target, progress)
        CrashPoint.reach("dynamodb.replication.applied")
        if isDone, let oldest { self.reportLatency(since: oldest, link) }
        return .more
    }

    /// Reports CloudWatch's metric of replication latency.
    private func reportLatency(since oldest: Timestamp, _ link: ReplicationLink) {
        let now = self.clock.now()
        let milliseconds = max(0, now.millisecondsSinceEpoch - oldest.millisecondsSinceEpoch)
        let datum = MetricDatum(
            namespace: "AWS/DynamoDB", name: "ReplicationLatency",
            dimensions: [
                MetricDatum.Dimension("TableName", link.name),
                MetricDatum.Dimension("ReceivingRegion", link.targetRegion.description),
            ], value: Double(milliseconds), unit: "Milliseconds")
        self.telemetry.record(datum, account: link.account, region: link.sourceRegion, time: now)
    }

    // The initial copy

    private func copyItems(
        from place: [UInt8], _ source: TableCatalog.Snapshot, _ target: TableCatalog.Snapshot,
        _ link: inout ReplicationLink, _ version: CommitVersion
    ) async throws(ServiceError) -> Step {
        let page = try await self.page(KeyRange(prefix: source.descriptor.space.prefix), from: place)
        var writes: [ReplicatedWrite] = []
        for entry in page.entries {
            writes.append(
                ReplicatedWrite(
                    place: Array(entry.key.dropFirst(KeySpace.prefixBytes)), item: try ItemStore.item(entry.record),
                    stamp: entry.record.writeStamp))
        }
        link.copy =
            page.continuation.map { .items(place: Array($0.dropFirst(KeySpace.prefixBytes))) }
            ?? .tombstones(place: [])
        return try await self.commitCopy(writes, target, link, version)
    }

    private func copyTombstones(
        from place: [UInt8], _ source: TableCatalog.Snapshot, _ target: TableCatalog.Snapshot,
        _ link: inout ReplicationLink, _ version: CommitVersion
    ) async throws(ServiceError) -> Step {
        let page = try await self.page(Tombstone.all(source.descriptor.number), from: place)
        let writes = page.entries.map { entry in
            ReplicatedWrite(
                place: Array(entry.key.dropFirst(KeySpace.prefixBytes)), item: nil, stamp: entry.record.writeStamp)
        }
        link.copy =
            page.continuation.map { .tombstones(place: Array($0.dropFirst(KeySpace.prefixBytes))) } ?? .done
        return try await self.commitCopy(writes, target, link, version)
    }

    private func page(_ whole: KeyRange, from place: [UInt8]) async throws(ServiceError) -> Page {
        try await self.items.scan(
            KeyRange(start: whole.start + place, end: whole.end), limit: self.sliceCount,
            byteLimit: Self.sliceBytesMax, reverse: false)
    }

    private func commitCopy(
        _ writes: [ReplicatedWrite], _ target: TableCatalog.Snapshot, _ link: ReplicationLink,
        _ version: CommitVersion
    ) async throws(ServiceError) -> Step {
        let progress = ItemStore.ReplicationProgress(key: link.key, version: version, record: link.encoded)
        _ = try await self.items.replicate(writes, into: target, progress, .free)
        CrashPoint.reach("dynamodb.replication.copied")
        return .more
    }

    /// Makes the replica ACTIVE, and starts its stream.
    private func finishCopy(
        _ source: TableDescriptor, _ target: TableDescriptor, _ link: ReplicationLink
    ) async throws(ServiceError) -> Step {
        let now = self.clock.now()
        if let transition = target.transition, transition.kind == .creating, now < transition.end {
            return .pause(milliseconds: transition.end.millisecondsSinceEpoch - now.millisecondsSinceEpoch)
        }
        var link = link
        link.copy = nil
        let record: Write = .set(link.key, link.encoded)
        let number = link.targetNumber
        let viewType = source.enabledStream?.viewType ?? Self.viewType
        try await self.items.catalog.update(link.target) { (table, writes) throws(ServiceError) in
            guard table.number == number else { return }
            if table.isBeingFilled {
                table.isBeingFilled = false
                table.transition = nil
                table.enableStream(viewType, at: now)
            }
            writes.append(record)
        }
        return .more
    }

    /// The view type of replicas' streams, unless another one was chosen.
    static let viewType = "NEW_AND_OLD_IMAGES"

    private func forget(_ key: [UInt8], _ version: CommitVersion) async throws(ServiceError) {
        _ = try await self.items.commit(Batch(checks: [.unchanged(key, since: version)], writes: [.delete(key)]))
    }
}
