internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// Disassociation: a replica leaves its global table and becomes a single-region table, with its items and settings.
///
/// - Source: DynamoDB Developer Guide, "Disassociating a global table replica". AWS's sentences are not known: the
///   errors here have words of our own.
extension DynamoDBService {
    /// Failures in all, after which the work waits for the next start, and the pause after each: a minute in all.
    private static let disassociationAttemptsMax = 600
    private static let disassociationPauseMilliseconds = 100

    func disassociate(
        _ reference: TableReference, _ action: DisassociateReplicationGroupMemberAction, _ now: Timestamp
    ) async throws(ServiceError) -> TableDescription {
        guard action.regionName == reference.region.description else {
            throw .validation("A replica can only be disassociated in its own region: \(action.regionName)")
        }
        let (group, _) = try await self.catalog.updateGroup(reference) { (group, writes) throws(ServiceError) in
            guard let replication = group.own.replication else {
                throw .notPartOfGlobalTable([action.regionName])
            }
            guard !replication.isDisassociationProtected else {
                throw .validation(
                    "Replica cannot be disassociated as it is currently protected against disassociation. Disable "
                        + "disassociation protection first.")
            }
            try Self.checkIdle(group, at: now)
            group.own.replication?.isLeaving = true
            writes.append(IndexWork.mark(group.own, IndexWork.leaving))
        }
        self.startIndexWork(group.own.number, IndexWork.leaving)
        var description = group.own.description(.updating, at: now)
        description.show(group, at: now)
        return description
    }

    /// Removes a replica from its group once it and the others have everything that was written before.
    ///
    /// Called by a job, and again after a restart if it was interrupted.
    func finishDisassociation(_ number: UInt64) async {
        var failureCount = 0
        while !Task.isCancelled, failureCount < Self.disassociationAttemptsMax {
            do throws(ServiceError) {
                if try await self.disassociationStep(number) { return }
                await Task.yield()
            } catch {
                failureCount += 1
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.disassociationPauseMilliseconds))
            }
        }
    }

    /// - Returns: whether the work is finished.
    private func disassociationStep(_ number: UInt64) async throws(ServiceError) -> Bool {
        let key = CatalogKeys.indexWork(number, IndexWork.leaving)
        guard let record = try await self.items.get([key], .forAnswer)[0], let mark = IndexWork(record.value) else {
            return true
        }
        guard let snapshot = try await self.catalog.snapshot(mark.table), snapshot.descriptor.number == number,
            let replication = snapshot.descriptor.replication
        else {
            _ = try await self.items.commit(Batch(writes: [.delete(key)]))
            return true
        }
        // Everything that was written before the request, in every region.
        for member in replication.members {
            switch try await self.replicateRound(member.number) {
            case .idle(let version) where version >= record.version: continue
            case .pause(let milliseconds):
                // Sleep throws only when the server stops, which the caller's loop sees.
                try? await Task.sleep(for: .milliseconds(milliseconds))
                return false
            default: return false
            }
        }
        try await self.catalog.updateGroup(mark.table) { (group, writes) throws(ServiceError) in
            writes.append(.delete(key))
            guard group.own.number == number, group.own.replication?.isLeaving == true else { return }
            for other in group.others {
                writes.append(.delete(ReplicationLink.key(number, other.number)))
                writes.append(.delete(ReplicationLink.key(other.number, number)))
            }
            group.setGroup { $0.without(number) }
            group.own.replication = nil
        }
        return true
    }
}
