internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// The last write to an item in one region, to be replicated to another.
struct ReplicatedWrite: Sendable {
    /// The rest of the item's key after the key space's prefix.
    let place: [UInt8]
    /// nil means that the item was deleted.
    let item: AttributeMap?
    let stamp: ReplicationStamp
}

extension ItemStore {
    /// The record of a link's progress: the version that was read, and the new content.
    struct ReplicationProgress: Sendable {
        let key: [UInt8]
        let version: CommitVersion
        let record: [UInt8]
    }

    /// Whether replicated writes are charged: those that originate from callers are, the initial copy is not.
    enum ReplicationCharge: Sendable {
        case charged
        case free
    }

    /// Attempts to apply all writes in one commit before they are applied one by one.
    private static let wholeAttemptsMax = 8

    private enum Outcome {
        case done
        /// The table or the link has changed.
        case stale
        /// A caller wrote to one of the items concurrently.
        case contested
    }

    /// Applies writes of another region, each unless the item has a later write here, and advances the link.
    ///
    /// At most one write for each item. Nothing is refused for lack of capacity.
    /// - Returns: false when the table or the link has changed, so that the caller must read them again.
    func replicate(
        _ writes: [ReplicatedWrite], into table: TableCatalog.Snapshot, _ progress: ReplicationProgress,
        _ charge: ReplicationCharge = .charged
    ) async throws(ServiceError) -> Bool {
        for _ in 0..<Self.wholeAttemptsMax {
            switch try await self.apply(writes, table, progress, charge) {
            case .done: return true
            case .stale: return false
            case .contested: continue
            }
        }
        for write in writes {
            guard try await self.applyOne(write, table, charge) else { return false }
        }
        return try await self.apply([], table, progress, charge) == .done
    }

    private func applyOne(
        _ write: ReplicatedWrite, _ table: TableCatalog.Snapshot, _ charge: ReplicationCharge
    ) async throws(ServiceError) -> Bool {
        for _ in 0..<Self.attemptsMax {
            switch try await self.apply([write], table, nil, charge) {
            case .done: return true
            case .stale: return false
            case .contested: continue
            }
        }
        throw ServiceError(.conflict)
    }

    private func apply(
        _ writes: [ReplicatedWrite], _ table: TableCatalog.Snapshot, _ progress: ReplicationProgress?,
        _ charge: ReplicationCharge
    ) async throws(ServiceError) -> Outcome {
        let descriptor = table.descriptor
        let prefix = descriptor.space.prefix
        let own = [table.key] + (progress.map { [$0.key] } ?? [])
        let itemKeys = writes.map { prefix + $0.place }
        let tombstones = writes.map { Tombstone.key(descriptor.number, place: $0.place) }
        let read = try await self.get(own + itemKeys + tombstones, .forDecision)
        guard read[0]?.version == table.version, progress.map({ read[1]?.version == $0.version }) ?? true else {
            return .stale
        }
        var batch = Batch(checks: [.unchanged(table.key, since: table.version)], readAsOf: read.asOf)
        if let progress {
            batch.checks.append(.unchanged(progress.key, since: progress.version))
            batch.writes.append(.set(progress.key, progress.record))
        }
        let ownChecksCount = batch.checks.count
        var units: [WriteUnits] = []
        for (place, write) in writes.enumerated() {
            let (record, tombstone) = (read[own.count + place], read[own.count + writes.count + place])
            // The last writer wins. An item that exists was written after its tombstone.
            let isKnown = (record ?? tombstone).map { $0.writeStamp >= write.stamp } ?? false
            // A write must not be skipped because of a later write that may not become durable.
            if !isKnown || read.undurable != nil {
                batch.checks.append(.unchanged(itemKeys[place], since: record?.version))
                batch.checks.append(.unchanged(tombstones[place], since: tombstone?.version))
            }
            if isKnown { continue }
            let change: Change = write.item.map { .put($0) } ?? .delete
            let effects = Self.effects(
                change, at: itemKeys[place], try Self.item(record), descriptor, by: .replication, stamp: write.stamp)
            batch.writes += effects.writes
            // A missing item gets a tombstone, too: an older write to it may still arrive from a third region.
            if record == nil, write.item == nil {
                batch.writes.append(Tombstone.write(ofItem: itemKeys[place], write.stamp))
            }
            batch.logAppends += effects.logAppends
            units.append(effects.units)
        }
        if batch.isChecksOnly && read.undurable == nil { return .done }
        do throws(StorageError) {
            try await self.store.commit(batch)
        } catch .checkFailed(let index) {
            return index < ownChecksCount ? .stale : .contested
        } catch .conflict {
            return .contested
        } catch {
            throw ServiceError(error)
        }
        if charge == .charged { for units in units { self.meters.charge(units, descriptor) } }
        if !batch.logAppends.isEmpty { self.replicationSignal.notify(batch.logAppends) }
        return .done
    }
}
