internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// Adding, changing and removing replicas.
extension DynamoDBService {
    /// Applies the replica updates of an UpdateTable request; like AWS, answers before they are finished.
    func updateReplicas(
        _ reference: TableReference, _ action: ReplicaAction, _ update: TableUpdate
    ) async throws(ServiceError) -> TableDescription {
        switch action {
        case .create(let create): try await self.createReplica(reference, create, update)
        case .update(let updates): try await self.updateReplicas(reference, updates, update)
        case .delete(let region): try await self.deleteReplica(reference, region, update.now)
        case .disassociate(let action): try await self.disassociate(reference, action, update.now)
        }
    }

    /// The description in the answer: UPDATING, and the former replicas.
    private static func answer(
        _ group: TableGroup, replicas before: TableGroup, at now: Timestamp
    ) -> TableDescription {
        var shown = before
        shown.own = group.own
        shown.own.replication = group.own.replication ?? before.own.replication
        var description = group.own.description(.updating, at: now)
        description.show(shown, at: now)
        return description
    }

    /// Refuses a change unless the table is ACTIVE, no replica has an index that is CREATING, and `checkReplicasIdle`
    /// passes.
    static func checkIdle(_ group: TableGroup, at now: Timestamp) throws(ServiceError) {
        guard group.own.status(at: now) == .active, group.all.allSatisfy({ $0.indexInState(.creating) == nil }) else {
            throw .replicaInUse
        }
        try self.checkReplicasIdle(group, at: now)
    }

    /// Refuses a change while a replica is added, removed or disassociated.
    static func checkReplicasIdle(_ group: TableGroup, at now: Timestamp) throws(ServiceError) {
        guard group.others.allSatisfy({ $0.replicaStatus(at: now) == .active }),
            group.all.allSatisfy({ $0.replication?.isLeaving != true })
        else { throw .replicaInUse }
    }

    private static func checkNotBeingAdded(_ group: TableGroup, at now: Timestamp) throws(ServiceError) {
        guard group.own.replication != nil, group.own.isBeingFilled else { return }
        throw .replicaIsBeingAdded(group.own)
    }

    // Adding

    private func createReplica(
        _ reference: TableReference, _ action: CreateReplicationGroupMemberAction, _ update: TableUpdate
    ) async throws(ServiceError) -> TableDescription {
        let now = update.now
        guard let region = action.regionName.flatMap({ Region($0) }) else { throw .replicaExists(reference.name) }
        let target = TableReference(account: reference.account, region: region, name: reference.name)
        // Read before the commit, so that they are not later than it: a link may start too early, but never too late.
        let positions = try await self.positions(to: reference)
        let number = try await self.catalog.newNumber()
        let tableID = RequestID.uuid(self.random).description
        let transition = self.transition(.creating, from: now)
        let updating = self.transition(.updating, from: now)
        let (group, answer) = try await self.catalog.updateGroup(reference, candidate: target) {
            (group, writes) throws(ServiceError) in
            let before = group
            try Self.checkNewReplica(group, region, at: now)
            let key = try ReplicaKey.arn(
                action.kmsMasterKeyID, in: region, beside: group.own, update.context.requestID)
            if group.own.enabledStream == nil { group.own.enableStream(Replicator.viewType, at: now) }
            if let updating { group.own.transition = updating }
            var replica = group.own.replica(in: region, number, tableID, now)
            replica.settings.encryptionKeyARN = key
            replica.transition = transition
            try replica.override(action, now)
            let own = group.own
            let first = ReplicaGroup(members: [ReplicaGroup.Member(region: own.region, number: own.number)])
            let member = ReplicaGroup.Member(region: region, number: number, source: own.region, added: now)
            group.own.replication = own.replication ?? first
            group.setGroup { known in
                var known = known
                known.members.append(member)
                return known
            }
            replica.replication = group.own.replication.map { own in
                ReplicaGroup(members: own.members, autoScaling: own.autoScaling.writes)
            }
            for table in group.all {
                let incoming = ReplicationLink(
                    from: table, to: replica, copy: table.number == own.number ? .items(place: []) : nil,
                    position: positions[table.number])
                let outgoing = ReplicationLink(from: replica, to: table)
                writes += [.set(incoming.key, incoming.encoded), .set(outgoing.key, outgoing.encoded)]
            }
            group.candidate = replica
            return Self.answer(group, replicas: before, at: now)
        }
        for table in group.all + [group.candidate].compactMap(\.self) { self.startReplication(table.number) }
        self.startExpiryWork()
        return answer
    }

    private static func checkNewReplica(
        _ group: TableGroup, _ region: Region, at now: Timestamp
    ) throws(ServiceError) {
        try self.checkNotBeingAdded(group, at: now)
        let added = group.others.filter { $0.replicaStatus(at: now) == .creating }
        guard !added.contains(where: { $0.region == region }) else { throw .globalTableExists(group) }
        guard added.isEmpty else { throw .replicaInUse }
        guard group.candidate == nil, group.own.replication?.member(region) == nil else {
            throw .replicaExists(group.own.name)
        }
        try self.checkIdle(group, at: now)
        let own = group.own
        guard own.isOnDemand || own.isWriteScaled(nil) else {
            throw .validation("Table write capacity should either be Pay-Per-Request or AutoScaled.")
        }
        try own.checkIndexScaling()
    }

    /// The position up to which each replica's writes are applied to a table.
    private func positions(to reference: TableReference) async throws(ServiceError) -> [UInt64: LogPosition] {
        guard let own = try await self.catalog.snapshot(reference)?.descriptor else {
            throw .tableNotFound(reference)
        }
        var positions: [UInt64: LogPosition] = [:]
        for member in own.replication?.members ?? [] where member.number != own.number {
            let key = ReplicationLink.key(member.number, own.number)
            guard let record = try await self.items.get([key], .forAnswer)[0] else { continue }
            positions[member.number] = ReplicationLink(record.value)?.position
        }
        return positions
    }

    // Changing

    private func updateReplicas(
        _ reference: TableReference, _ actions: [UpdateReplicationGroupMemberAction], _ update: TableUpdate
    ) async throws(ServiceError) -> TableDescription {
        let now = update.now
        let updating = self.transition(.updating, from: now)
        let (_, answer) = try await self.catalog.updateGroup(reference) { (group, _) throws(ServiceError) in
            let before = group
            try Self.checkNotBeingAdded(group, at: now)
            let missing = actions.map(\.regionName).filter { name in
                !group.others.contains { $0.region.description == name }
            }
            guard missing.isEmpty else { throw .notPartOfGlobalTable(missing) }
            try Self.checkIdle(group, at: now)
            for action in actions {
                guard let place = group.others.firstIndex(where: { $0.region.description == action.regionName }) else {
                    continue
                }
                try group.others[place].override(action, update)
                if let updating { group.others[place].transition = updating }
            }
            if let updating { group.own.transition = updating }
            return Self.answer(group, replicas: before, at: now)
        }
        return answer
    }

    // Taking away

    private func deleteReplica(
        _ reference: TableReference, _ region: Region, _ now: Timestamp
    ) async throws(ServiceError) -> TableDescription {
        let updating = self.transition(.updating, from: now)
        let end = self.transition(.deleting, from: now) ?? TableTransition(kind: .deleting, end: now)
        let (number, answer) = try await self.catalog.updateGroup(reference) { (group, writes) throws(ServiceError) in
            let before = group
            try Self.checkNotBeingAdded(group, at: now)
            guard let place = group.others.firstIndex(where: { $0.region == region }) else {
                throw .notPartOfGlobalTable([region.description])
            }
            guard group.own.replication?.isSource(region, at: now) != true else { throw .replicaIsSource }
            try Self.checkIdle(group, at: now)
            try Self.checkDeletable(group.others[place], isReplica: true, at: now)
            group.others[place].transition = end
            if let updating { group.own.transition = updating }
            writes.append(IndexWork.mark(group.others[place], IndexWork.wholeTable))
            return (group.others[place].number, Self.answer(group, replicas: before, at: now))
        }.answer
        self.startIndexWork(number, IndexWork.wholeTable)
        return answer
    }

    /// Waits until the other replicas have everything that was written to a replica that is DELETING.
    /// - Returns: false when that failed; the rest is resumed after the next start.
    func drainReplica(_ table: TableCatalog.Snapshot) async -> Bool {
        guard table.descriptor.replication != nil else { return true }
        var failureCount = 0
        while !Task.isCancelled, failureCount < Self.drainFailuresMax {
            do throws(ServiceError) {
                switch try await self.replicateRound(table.descriptor.number) {
                case .gone: return true
                // No caller writes after the commit that made it DELETING.
                case .idle(let version) where version >= table.version: return true
                case .idle, .more: await Task.yield()
                case .pause(let milliseconds): try? await Task.sleep(for: .milliseconds(milliseconds))
                }
                failureCount = 0
            } catch {
                failureCount += 1
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.drainPauseMilliseconds))
            }
        }
        return false
    }

    /// Consecutive failures after which a replica stays DELETING until the next start, and the pause after each: a
    /// minute in all.
    private static let drainFailuresMax = 600
    private static let drainPauseMilliseconds = 100

    /// Removes a replica that is DELETING, also from the member lists of the others.
    func removeReplica(_ reference: TableReference, _ number: UInt64, heir: Write?) async throws(ServiceError) {
        try await self.catalog.updateGroup(reference, allowsDeleting: true) { (group, writes) throws(ServiceError) in
            guard group.own.number == number else { return }
            let retired = heir.map { [$0, .set(CatalogKeys.retiredLog(number), [])] }
            group.farewell = retired ?? [.set(CatalogKeys.deletedTable(number), [])]
            for other in group.others {
                writes.append(.delete(ReplicationLink.key(number, other.number)))
                writes.append(.delete(ReplicationLink.key(other.number, number)))
            }
            group.setGroup { $0.without(number) }
        }
        self.startDiscarding()
    }
}

extension ServiceError {
    /// A table that was the source of an added replica must stay for a day, as long as that replica exists.
    static let replicaIsSource = ServiceError.validation(
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table "
            + "in the last 24 hours.")
}

extension TableDescriptor {
    /// Whether auto scaling is enabled for the writes of the table, or of one of its global indexes.
    fileprivate func isWriteScaled(_ index: String?) -> Bool {
        self.replication?.autoScaling.isEnabled(.init(index: index, isWrite: true)) == true
    }

    /// In a provisioned global table, the writes of all global indexes must be auto scaled before another index or
    /// replica is added.
    func checkIndexScaling() throws(ServiceError) {
        guard self.isOnDemand || self.indexes.allSatisfy({ !$0.isGlobal || self.isWriteScaled($0.name) }) else {
            throw .validation("GSI write capacity should either be Pay-Per-Request or AutoScaled.")
        }
    }

    /// The new replica's table: CREATING, without items and without the settings that each replica has of its own.
    fileprivate func replica(
        in region: Region, _ number: UInt64, _ tableID: String, _ now: Timestamp
    ) -> TableDescriptor {
        var replica = TableDescriptor(
            name: self.name, account: self.account, region: region, number: number, tableID: tableID, creation: now,
            schema: self.schema, indexes: self.indexes, isOnDemand: self.isOnDemand, throughput: self.throughput)
        replica.vectorIndexes = self.vectorIndexes
        replica.retiredIndexNumber = self.retiredIndexNumber
        replica.retiredVectorIndexNumber = self.retiredVectorIndexNumber
        replica.onDemandSwitch = self.onDemandSwitch
        replica.onDemandSwitches = self.onDemandSwitches
        replica.tableClass = self.tableClass
        replica.expiry.attribute = self.expiry.attribute
        replica.expiry.generation = self.expiry.attribute == nil ? 0 : 1
        replica.settings.onDemandLimit = self.settings.onDemandLimit
        replica.settings.warmThroughput = self.settings.warmThroughput
        replica.isBeingFilled = true
        return replica
    }
}
