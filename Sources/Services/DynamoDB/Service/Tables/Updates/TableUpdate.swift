internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// An UpdateTable request, applied to a table's descriptor. Pure: whoever has it commits what it leaves.
struct TableUpdate {
    let input: UpdateTableInput
    let context: RequestContext
    let now: Timestamp
    /// How long the table is UPDATING afterwards, in milliseconds.
    let transitionMilliseconds: Int64

    /// What the update left, beside the descriptor.
    struct Outcome {
        /// Whether AWS's answer says that the table is UPDATING, though DescribeTable may not any more.
        var isUpdating = false
        /// Indexes that are changed and not made or deleted; the answer says that they are UPDATING.
        var updatedIndexes: Set<String> = []
        /// Indexes that are being prepared for more; the answer says so of their warm throughput.
        var warmedIndexes: Set<String> = []
        /// The index that a job has to fill or to empty.
        var workNumber: UInt16?
        /// What the answer shows of the on-demand limit: -1 where the request took it away.
        var onDemandEcho: OnDemandThroughput?
        var encryptionChanges = false
    }

    /// Order of checks: the table's state, capacity, indexes, then what stands alone.
    func apply(to table: inout TableDescriptor, _ writes: inout [Write]) throws(ServiceError) -> Outcome {
        try self.checkState(table)
        let before = table
        var outcome = Outcome()
        try self.applyCapacity(to: &table, &outcome)
        try self.applyIndexes(to: &table, before, &outcome)
        try self.applyVectorIndexes(to: &table, &outcome)
        if table.throughput != before.throughput || table.indexes != before.indexes { table.keepWarm(before) }
        try self.applyStream(to: &table, &outcome)
        try self.applyLimits(to: &table, &outcome)
        try self.applyClass(to: &table, &outcome)
        try self.applyEncryption(to: &table, &outcome)
        if let isProtected = self.input.deletionProtectionEnabled {
            // At once in a table of one region, where a replica is UPDATING.
            if table.replication != nil, isProtected != table.isDeletionProtected { outcome.isUpdating = true }
            table.isDeletionProtected = isProtected
        }
        if let isProtected = self.input.disassociationProtectionEnabled {
            table.replication?.isDisassociationProtected = isProtected
        }
        if let number = outcome.workNumber { writes.append(IndexWork.mark(table, number)) }
        if self.transitionMilliseconds > 0, outcome.isUpdating, table != before {
            let end = self.now.millisecondsSinceEpoch + self.transitionMilliseconds
            table.transition = TableTransition(kind: .updating, end: Timestamp(millisecondsSinceEpoch: end))
        } else if let transition = table.transition, transition.end <= self.now {
            table.transition = nil
        }
        return outcome
    }

    // State

    /// What a table that is in the midst of something refuses.
    private func checkState(_ table: TableDescriptor) throws(ServiceError) {
        switch table.status(at: self.now) {
        case .creating: throw .tableInUse("Table is being created: \(table.name)")
        case .deleting: throw .tableInUse("Table is being deleted: \(table.name)")
        default: break
        }
        let changesUnits = self.input.provisionedThroughput != nil || self.changesMode(table)
        let deleted = table.indexInState(.deleting)
        if let index = deleted ?? (self.isInTransition(table) ? table.indexInState(.creating) : nil) {
            let verb = deleted == nil ? "created" : "deleted"
            if changesUnits, !self.names(index) {
                throw .tableInUse(
                    "Can't change table IOPS when an index is being \(verb). Table: \(table.name) Indexes: [\(index)]")
            }
            if self.input.onDemandThroughput != nil {
                let noun = deleted == nil ? "creation" : "deletion"
                throw .tableInUse(
                    "OnDemandThroughput cannot be updated while index \(noun) is in progress for indexes: [\(index)]")
            }
            if self.input.streamSpecification != nil {
                throw .tableInUse("Can't change stream status when an index is being \(verb)")
            }
        } else if self.isInTransition(table) {
            if changesUnits { throw .tableInUse("Table IOPS are currently being updated. Table: \(table.name)") }
            let mayPass = self.input.deletionProtectionEnabled != nil || self.input.sseSpecification != nil
            guard mayPass || self.input.warmThroughput != nil else {
                throw .tableInUse("Table: \(table.name) is in the process of being updated.")
            }
        }
    }

    func isInTransition(_ table: TableDescriptor) -> Bool {
        table.transition.map { $0.kind == .updating && self.now < $0.end } ?? false
    }

    private func changesMode(_ table: TableDescriptor) -> Bool {
        guard let mode = self.input.billingMode else { return false }
        return (mode == .payPerRequest) != table.isOnDemand
    }

    /// Whether the request is about an index of that name; what it refuses then is worded for the index.
    private func names(_ index: String) -> Bool {
        (self.input.globalSecondaryIndexUpdates ?? []).contains { $0.update?.indexName == index }
    }

    // The answer

    /// What UpdateTable answers: as AWS's, before what takes time there is done.
    func description(_ before: TableDescriptor, _ table: TableDescriptor, _ outcome: Outcome) -> TableDescription {
        var shown = table
        shown.showUnits(of: before, at: self.now)
        if table.tableClass != before.tableClass {
            (shown.tableClass, shown.tableClassChanges) = (before.tableClass, before.tableClassChanges)
        }
        shown.settings.encryptionKeyARN = before.settings.encryptionKeyARN
        let status = outcome.isUpdating ? TableStatus.updating : table.status(at: self.now)
        var description = shown.description(status, at: self.now)
        if outcome.encryptionChanges {
            // The key of before, and nothing of the one to come.
            var encryption = description.sseDescription ?? SSEDescription()
            encryption.status = .updating
            description.sseDescription = encryption
        }
        if before.isOnDemand != table.isOnDemand {
            description.billingModeSummary?.lastUpdateToPayPerRequestDateTime = nil
        }
        if let echo = outcome.onDemandEcho { description.onDemandThroughput = echo }
        // Also where the request says what is there already.
        if self.input.warmThroughput != nil { description.warmThroughput?.status = .updating }
        for place in (description.globalSecondaryIndexes ?? []).indices {
            guard let name = description.globalSecondaryIndexes?[place].indexName else { continue }
            if outcome.updatedIndexes.contains(name) {
                description.globalSecondaryIndexes?[place].indexStatus = .updating
            }
            if outcome.warmedIndexes.contains(name) {
                description.globalSecondaryIndexes?[place].warmThroughput?.status = .updating
            }
        }
        return description
    }
}

extension TableDescriptor {
    /// Takes on the units of before a change, which is shown once it is done, and how often they were decreased before
    /// it; a switch of the mode, and the units that it brings, are shown at once.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    fileprivate mutating func showUnits(of before: TableDescriptor, at now: Timestamp) {
        let keepsMode = before.isOnDemand == self.isOnDemand
        if keepsMode { self.throughput = before.throughput }
        // Spelled out, as the units that stand in for it may be another mode's by now.
        let warm = before.warmUnits(before.settings.warmThroughput, before.throughput)
        self.settings.warmThroughput = UnitPair(read: warm.read, write: warm.write)
        self.throughputHistory.decreaseCount = before.throughputHistory.decreasesToday(now)
        // Only the answer calls the switch a decrease of the table.
        if !keepsMode, self.isOnDemand { self.throughputHistory.lastDecrease = now }
        for (place, index) in self.indexes.enumerated() where index.isGlobal {
            guard let old = before.indexes.first(where: { $0.number == index.number }) else { continue }
            if keepsMode { self.indexes[place].throughput = old.throughput }
            let warm = before.warmUnits(old.warmThroughput, old.throughput)
            self.indexes[place].warmThroughput = UnitPair(read: warm.read, write: warm.write)
            self.indexes[place].throughputHistory.decreaseCount = old.throughputHistory.decreasesToday(now)
        }
    }
}

extension ServiceError {
    static func invalid(_ detail: String) -> ServiceError {
        .validation("One or more parameter values were invalid: \(detail)")
    }

    /// AWS's answer to a second index that is made or deleted at one time.
    static var tooManyOnlineIndexes: ServiceError {
        DynamoDBError.limitExceeded(
            message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
        )
    }
}
