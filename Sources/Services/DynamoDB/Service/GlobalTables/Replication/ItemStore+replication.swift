internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// The last of the writes to one item in a region, on its way to another.
struct ReplicatedWrite: Sendable {
    /// What follows the key space's prefix in the item's key.
    let place: [UInt8]
    /// nil: it was deleted.
    let item: AttributeMap?
    let stamp: ReplicationStamp
}

extension ItemStore {
    /// The record that says how far a link is, as it was read and as it is to be.
    struct ReplicationProgress: Sendable {
        let key: [UInt8]
        let version: CommitVersion
        let record: [UInt8]
    }

    /// Whether what a copy writes is charged: only what callers write is.
    enum ReplicationCharge: Sendable {
        case charged
        case free
    }

    /// How often many writes are tried as one commit before they are tried one by one.
    private static let wholeAttemptsMax = 8

    private enum Outcome {
        case done
        /// Table or link are others by now.
        case stale
        /// A caller wrote to one of the items meanwhile.
        case contested
    }

    /// Applies writes of another region, each unless the item was written later here, and moves the link on.
    ///
    /// Of an item at most one write. Nothing is refused for lack of capacity.
    /// - Returns: false when table or link have changed, so that the caller must look again.
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
            // The later write wins. An item that is there was written after its tombstone.
            let isKnown = (record ?? tombstone).map { $0.writeStamp >= write.stamp } ?? false
            // What a later write leaves out must not be left out for a write that does not become durable.
            if !isKnown || read.undurable != nil {
                batch.checks.append(.unchanged(itemKeys[place], since: record?.version))
                batch.checks.append(.unchanged(tombstones[place], since: tombstone?.version))
            }
            if isKnown { continue }
            let change: Change = write.item.map { .put($0) } ?? .delete
            let effects = Self.effects(
                change, at: itemKeys[place], try Self.item(record), descriptor, by: .replication, stamp: write.stamp)
            batch.writes += effects.writes
            // What is not there leaves a tombstone, too: an older write of it may come yet, from a third region.
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
        if !batch.logAppends.isEmpty { self.bell.ring(batch.logAppends) }
        return .done
    }
}
