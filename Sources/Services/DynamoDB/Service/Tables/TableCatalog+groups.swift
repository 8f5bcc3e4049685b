internal import KeyValue
internal import Primitives
internal import ServiceModel

/// A table with its replicas in other regions, as of one moment.
struct TableGroup: Sendable {
    /// The table named by the request.
    var own: TableDescriptor
    /// In the order in which they joined; empty for a single-region table.
    var others: [TableDescriptor] = []
    /// The table of the same name in a region that is to join; nil when there is none.
    var candidate: TableDescriptor?
    /// Set in order to delete the named table; contains the other writes of that commit.
    var farewell: [Write]?

    /// All tables, the named one first.
    var all: [TableDescriptor] { [self.own] + self.others }

    /// Changes every replica's list of members.
    mutating func setGroup(_ change: (ReplicaGroup) -> ReplicaGroup?) {
        self.own.replication = self.own.replication.flatMap(change)
        for place in self.others.indices {
            self.others[place].replication = self.others[place].replication.flatMap(change)
        }
    }
}

extension TableCatalog {
    /// A group as read, with the checks of a commit.
    private struct Reading {
        var group: TableGroup
        var checks: [Check]
        var asOf: CommitVersion
    }

    /// The current table with its replicas; nil when it does not exist.
    func group(_ reference: TableReference) async throws(ServiceError) -> TableGroup? {
        for _ in 0..<Self.attemptsMax {
            guard let snapshot = try await self.snapshot(reference) else { return nil }
            if snapshot.descriptor.replication == nil { return TableGroup(own: snapshot.descriptor) }
            if let reading = try await self.read(snapshot, nil) { return reading.group }
        }
        throw Self.tooManyChanges
    }

    /// Changes a table and its replicas, and everything that must change with them, in one durable commit.
    ///
    /// Like `update`, for all of them. With a `candidate`, the table of that name in another region is read too, and
    /// created if `change` sets one where there was none; with a `farewell`, the named table is deleted.
    /// `allowsDeleting` permits the named table to be DELETING.
    @discardableResult
    func updateGroup<Answer: Sendable>(
        _ reference: TableReference, candidate: TableReference? = nil, allowsDeleting: Bool = false,
        _ change: (inout TableGroup, inout [Write]) throws(ServiceError) -> Answer
    ) async throws(ServiceError) -> (group: TableGroup, answer: Answer) {
        var answer: Answer?
        let group = try await self.changed(
            reference, candidate: candidate, allowsDeleting: allowsDeleting
        ) { (group, writes) throws(ServiceError) in
            answer = try change(&group, &writes)
        }
        guard let answer else { preconditionFailure("the change that was committed was not asked for") }
        return (group, answer)
    }

    /// `updateGroup` without an answer, and so compiled once.
    private func changed(
        _ reference: TableReference, candidate: TableReference?, allowsDeleting: Bool,
        _ change: (inout TableGroup, inout [Write]) throws(ServiceError) -> Void
    ) async throws(ServiceError) -> TableGroup {
        for _ in 0..<Self.attemptsMax {
            guard let snapshot = try await self.snapshot(reference) else { throw .tableNotFound(reference) }
            try self.checkTransition(snapshot.descriptor, allowsDeleting: allowsDeleting)
            guard let reading = try await self.read(snapshot, candidate) else { continue }
            let before = reading.group
            var group = before
            var writes: [Write] = []
            try change(&group, &writes)
            try await self.checkQuotas(from: before, to: group)
            writes = Self.writes(from: before, to: group) + writes
            for table in group.all + [group.candidate].compactMap(\.self) { self.policyPresence.note(table) }
            if writes.isEmpty { return group }
            guard try await self.commit(Batch(checks: reading.checks, writes: writes, readAsOf: reading.asOf)) else {
                continue
            }
            if group.farewell != nil { self.forget(reference) }
            return group
        }
        throw Self.tooManyChanges
    }

    /// Refuses a change with which one of the tables, or the account in its region, would exceed their quotas.
    private func checkQuotas(from before: TableGroup, to after: TableGroup) async throws(ServiceError) {
        let known = before.all + [before.candidate].compactMap(\.self)
        for table in after.all + [after.candidate].compactMap(\.self) {
            let old = known.first { $0.number == table.number }
            if old != table { try await self.checkQuotas(from: old, to: table) }
        }
    }

    /// Reads a table's replicas, and the candidate, as of a moment at which the table had the given version.
    /// - Returns: nil when the table has changed.
    private func read(
        _ snapshot: Snapshot, _ candidate: TableReference?
    ) async throws(ServiceError) -> Reading? {
        let references = snapshot.descriptor.replicaReferences + [candidate].compactMap(\.self)
        let keys = [snapshot.key] + references.map { CatalogKeys.table($0) }
        let read = try await self.get(keys, .forAnswer)
        guard read[0]?.version == snapshot.version else { return nil }
        var group = TableGroup(own: snapshot.descriptor)
        for (place, reference) in references.enumerated() {
            guard let record = read[place + 1] else { continue }
            guard let table = TableRecord.decode(record.value) else { throw ServiceError(.corrupt("table record")) }
            if snapshot.descriptor.replication?.contains(table.number) == true {
                // The candidate may already be one of the replicas.
                if !group.others.contains(where: { $0.number == table.number }) { group.others.append(table) }
            }
            if reference == candidate { group.candidate = table }
        }
        var checks: [Check] = []
        var seen: Set<[UInt8]> = []
        for (key, record) in zip(keys, read.values) where seen.insert(key).inserted {
            checks.append(.unchanged(key, since: record?.version))
        }
        return Reading(group: group, checks: checks, asOf: read.asOf)
    }

    private static func writes(from before: TableGroup, to after: TableGroup) -> [Write] {
        var writes: [Write] = []
        for (old, new) in zip(before.others, after.others) where old != new {
            writes += self.writes(from: old, to: new)
        }
        if let candidate = after.candidate, before.candidate == nil {
            writes += self.writes(from: nil, to: candidate)
        }
        if let farewell = after.farewell {
            writes += [.delete(CatalogKeys.table(before.own.reference))] + farewell
            writes += self.notes(from: before.own, to: nil)
        } else if before.own != after.own {
            writes += self.writes(from: before.own, to: after.own)
        }
        return writes
    }

    private static func writes(from old: TableDescriptor?, to new: TableDescriptor) -> [Write] {
        [.set(CatalogKeys.table(new.reference), TableRecord.encode(new))] + self.notes(from: old, to: new)
    }
}
