internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// An UpdateTable request, applied to a table's descriptor. Pure: the caller commits the result.
struct TableUpdate {
    let input: UpdateTableInput
    let context: RequestContext
    let now: Timestamp
    /// How long the table is UPDATING afterwards, in milliseconds.
    let transitionMilliseconds: Int64

    /// The result of the update besides the descriptor.
    struct Outcome {
        /// Whether AWS's answer shows the table as UPDATING, even if DescribeTable no longer does.
        var isUpdating = false
        /// Indexes that are changed, but not created or deleted; the answer shows them as UPDATING.
        var updatedIndexes: Set<String> = []
        /// Indexes whose warm throughput is increased; the answer shows it as UPDATING.
        var warmedIndexes: Set<String> = []
        /// The index that a job must backfill or empty.
        var workNumber: UInt16?
        /// The on-demand limit in the answer: -1 for a bound that the request removes.
        var onDemandEcho: OnDemandThroughput?
        var encryptionChanges = false
    }

    /// Order of checks: the table's state, capacity, indexes, then the independent settings.
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
            // Takes effect at once for a single-region table, whereas a replica becomes UPDATING.
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

    /// Refuses changes that the table's state does not allow.
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

    /// Whether the request updates the index of that name; its errors are then worded for the index.
    private func names(_ index: String) -> Bool {
        (self.input.globalSecondaryIndexUpdates ?? []).contains { $0.update?.indexName == index }
    }

    // The answer

    /// The answer of UpdateTable: like AWS's, it shows lengthy changes as not yet finished.
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
            // The former key, and nothing about the new one.
            var encryption = description.sseDescription ?? SSEDescription()
            encryption.status = .updating
            description.sseDescription = encryption
        }
        if before.isOnDemand != table.isOnDemand {
            description.billingModeSummary?.lastUpdateToPayPerRequestDateTime = nil
        }
        if let echo = outcome.onDemandEcho { description.onDemandThroughput = echo }
        // Even if the request gives the present values.
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
    /// Restores the former units, as a change is shown only once it is finished, and the former number of decreases; a
    /// switch of the mode, with its units, is shown at once.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    fileprivate mutating func showUnits(of before: TableDescriptor, at now: Timestamp) {
        let keepsMode = before.isOnDemand == self.isOnDemand
        if keepsMode { self.throughput = before.throughput }
        // Set explicitly, because the default may be that of another mode now.
        let warm = before.warmUnits(before.settings.warmThroughput, before.throughput)
        self.settings.warmThroughput = UnitPair(read: warm.read, write: warm.write)
        self.throughputHistory.decreaseCount = before.throughputHistory.decreasesToday(now)
        // Only the answer shows the switch as a decrease of the table's throughput.
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

    /// AWS's error for a second index that is created or deleted at the same time.
    static var tooManyOnlineIndexes: ServiceError {
        DynamoDBError.limitExceeded(
            message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
        )
    }
}
