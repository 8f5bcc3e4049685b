internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// The settings that are synchronized between the replicas of a table, whichever of them is changed.
///
/// - Source: DynamoDB Developer Guide, "How DynamoDB global tables work", "Settings synchronization". A change of a
///   setting that can be overridden replaces the overrides. Deletion protection, point-in-time recovery, tags,
///   policies, Contributor Insights and Kinesis destinations are each replica's own.
extension TableGroup {
    /// An index to backfill or to empty.
    struct IndexTask: Sendable, Equatable {
        let table: UInt64
        let index: UInt16
    }

    /// Applies the changes of the named table to its replicas.
    /// - Returns: their indexes that a job must backfill or empty.
    mutating func spread(
        from before: TableDescriptor, at now: Timestamp, _ writes: inout [Write]
    ) throws(ServiceError) -> [IndexTask] {
        guard self.own.replication != nil, self.own != before else { return [] }
        let own = self.own
        var tasks: [IndexTask] = []
        for place in self.others.indices where self.others[place].transition?.kind != .deleting {
            var other = self.others[place]
            Self.spreadCapacity(from: before, own, to: &other)
            try Self.spreadClass(from: before, own, to: &other, now)
            try Self.spreadEncryption(from: before, own, to: &other)
            if own.expiry.attribute != before.expiry.attribute {
                other.expiry.attribute = own.expiry.attribute
                other.expiry.isWhole = false
                if own.expiry.attribute != nil { other.expiry.generation += 1 }
            }
            let numbers =
                Self.spreadIndexes(from: before, own, to: &other)
                + Self.spreadVectorIndexes(from: before, own, to: &other)
            for number in numbers {
                writes.append(IndexWork.mark(other, number))
                tasks.append(IndexTask(table: other.number, index: number))
            }
            if own.transition != before.transition, own.transition?.kind == .updating {
                other.transition = own.transition
            }
            self.others[place] = other
        }
        return tasks
    }

    // Capacity

    private static func spreadCapacity(
        from before: TableDescriptor, _ own: TableDescriptor, to other: inout TableDescriptor
    ) {
        if own.isOnDemand != before.isOnDemand {
            other.isOnDemand = own.isOnDemand
            other.onDemandSwitch = own.isOnDemand ? own.onDemandSwitch : other.onDemandSwitch ?? other.creation
            other.onDemandSwitches = own.onDemandSwitches
        }
        self.spread(before.throughput, own.throughput, to: &other.throughput)
        if own.throughputHistory != before.throughputHistory { other.throughputHistory = own.throughputHistory }
        self.spread(before.settings.onDemandLimit, own.settings.onDemandLimit, to: &other.settings.onDemandLimit)
        if own.settings.warmThroughput != before.settings.warmThroughput {
            other.settings.warmThroughput = own.settings.warmThroughput
        }
    }

    private static func spread(_ before: Throughput, _ own: Throughput, to other: inout Throughput) {
        if own.read != before.read { other.read = own.read }
        if own.write != before.write { other.write = own.write }
    }

    private static func spread(_ before: UnitPair?, _ own: UnitPair?, to other: inout UnitPair?) {
        guard own != before else { return }
        other = UnitPair(
            read: own?.read != before?.read ? own?.read : other?.read,
            write: own?.write != before?.write ? own?.write : other?.write)
    }

    // Class and encryption

    private static func spreadClass(
        from before: TableDescriptor, _ own: TableDescriptor, to other: inout TableDescriptor, _ now: Timestamp
    ) throws(ServiceError) {
        guard own.tableClass != before.tableClass, let given = own.tableClass else { return }
        try other.changeClass(to: given, now)
    }

    /// All replicas have the same kind of key; each has a key of its own region.
    private static func spreadEncryption(
        from before: TableDescriptor, _ own: TableDescriptor, to other: inout TableDescriptor
    ) throws(ServiceError) {
        guard own.settings.encryptionKeyARN != before.settings.encryptionKeyARN else { return }
        switch own.encryptionKeyKind {
        case .owned: other.settings.encryptionKeyARN = nil
        case .managed: other.settings.encryptionKeyARN = ReplicaKey.managed(other.region, other.account)
        case .customer: guard other.encryptionKeyKind == .customer else { throw ReplicaKey.mixed }
        }
    }

    // Indexes

    private static func spreadIndexes(
        from before: TableDescriptor, _ own: TableDescriptor, to other: inout TableDescriptor
    ) -> [UInt16] {
        var numbers: [UInt16] = []
        for index in own.indexes where index.isGlobal {
            guard let old = before.indexes.first(where: { $0.number == index.number }) else {
                guard other.index(index.name) == nil, let number = other.nextIndexNumber else { continue }
                var made = index
                made.number = number
                other.indexes.append(made)
                numbers.append(number)
                continue
            }
            guard index != old, let place = other.indexes.firstIndex(where: { $0.name == index.name }) else { continue }
            self.spread(old.throughput, index.throughput, to: &other.indexes[place].throughput)
            self.spread(old.onDemandLimit, index.onDemandLimit, to: &other.indexes[place].onDemandLimit)
            if index.warmThroughput != old.warmThroughput {
                other.indexes[place].warmThroughput = index.warmThroughput
            }
            if index.throughputHistory != old.throughputHistory {
                other.indexes[place].throughputHistory = index.throughputHistory
            }
            if index.state == .deleting, old.state != .deleting, other.indexes[place].state != .deleting {
                other.indexes[place].state = .deleting
                numbers.append(other.indexes[place].number)
            }
        }
        return numbers
    }

    private static func spreadVectorIndexes(
        from before: TableDescriptor, _ own: TableDescriptor, to other: inout TableDescriptor
    ) -> [UInt16] {
        var numbers: [UInt16] = []
        for index in own.vectorIndexes {
            guard let old = before.vectorIndexes.first(where: { $0.number == index.number }) else {
                guard other.vectorIndex(index.name) == nil, let number = other.nextVectorIndexNumber else { continue }
                var made = index
                made.number = number
                other.vectorIndexes.append(made)
                numbers.append(number)
                continue
            }
            guard index.state == .deleting, old.state != .deleting,
                let place = other.vectorIndexes.firstIndex(where: { $0.name == index.name }),
                other.vectorIndexes[place].state != .deleting
            else { continue }
            other.vectorIndexes[place].state = .deleting
            numbers.append(other.vectorIndexes[place].number)
        }
        return numbers
    }
}

extension TableDescriptor {
    /// Changes the class of a replica.
    /// - Throws: `LimitExceededException` when the class was changed too often.
    mutating func changeClass(to given: String, _ now: Timestamp) throws(ServiceError) {
        let start = now.advanced(byMilliseconds: -TableUpdate.classWindowSeconds * 1000)
        guard self.tableClassChanges.filter({ $0 > start }).count < TableUpdate.classChangesMax else {
            throw DynamoDBError.limitExceeded(
                message: "Limit exceeded for replica in \(self.region). Updates to TableClass are limited to "
                    + "\(TableUpdate.classChangesMax) times in \(TableUpdate.classWindowSeconds / 86_400) day(s)")
        }
        // The default class is recorded only if the table has had another one before.
        guard self.tableClass != given, self.tableClass != nil || given != TableClass.standard.rawValue else { return }
        self.tableClass = given
        self.tableClassChanges = self.tableClassChanges.suffix(TableUpdate.classChangesMax - 1) + [now]
    }
}
