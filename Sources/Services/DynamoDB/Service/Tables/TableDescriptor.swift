internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// All that is known of a table.
struct TableDescriptor: Sendable, Hashable {
    var name: String
    var account: AccountID
    var region: Region
    /// The prefix of its keys; never used again after the table is deleted.
    var number: UInt64
    /// The `TableId` of descriptions.
    var tableID: String
    var creation: Timestamp
    var schema: KeySchema
    var indexes: [IndexDescriptor] = []
    var vectorIndexes: [VectorIndexDescriptor] = []
    var isOnDemand: Bool
    var throughput = Throughput(read: 0, write: 0)
    var throughputHistory = ThroughputHistory()
    /// When it became an on-demand table, if it ever was one and not from its creation.
    var onDemandSwitch: Timestamp?
    /// The greatest numbers of secondary and of vector indexes that were deleted; none is given again.
    var retiredIndexNumber: UInt16 = 0
    var retiredVectorIndexNumber: UInt16 = 0
    /// A state that ends by itself; nil for most tables.
    var transition: TableTransition?
    var isDeletionProtected = false
    var tableClass: String?
    /// When the class was changed, the latest last; as many as the quota looks at.
    var tableClassChanges: [Timestamp] = []
    /// nil: it never had one.
    var latestStream: TableStream?
    var policies = TablePolicies()
    /// The newest first.
    var kinesisDestinations: [KinesisDestination] = []
    var insights = ContributorInsights()
    /// Time to live.
    var expiry = ExpirySettings()
    /// Stored and shown, and without an effect.
    var settings = StoredSettings()
    /// Point-in-time recovery; nil while it is disabled.
    var recovery: RecoverySettings?
    /// Backups, restores and exports that read the table and its changes now.
    var copies: [RunningCopy] = []
    /// What a restored table was made from.
    var origin: RestoreOrigin?
    /// Whether a job fills it yet, from a backup or from objects: it is CREATING until that is done.
    var isBeingFilled = false
    /// The tables in other regions that it is a replica of; nil for a table of one region.
    var replication: ReplicaGroup?

    var space: KeySpace { KeySpace(table: self.number) }

    /// The change log of its items.
    var log: LogID { LogID(self.number) }

    /// Whether somebody reads its changes: each change of an item goes to `log` then, with both images.
    var keepsChanges: Bool { self.enabledStream != nil || self.recovery != nil || !self.copies.isEmpty }

    /// How long `log` keeps a change: as long as the reader that looks furthest back needs it.
    ///
    /// A day for streams, also for those that were disabled.
    var changesKeptMilliseconds: Int64 { max(TableStream.keptMilliseconds, self.recoveryKeptMilliseconds) }

    var arn: String {
        ARN(service: "dynamodb", region: self.region, account: self.account, resource: "table/\(self.name)").description
    }

    func index(_ name: String) -> IndexDescriptor? {
        self.indexes.first { $0.name == name }
    }

    func space(of index: IndexDescriptor) -> KeySpace {
        KeySpace(table: self.number, index: index.number)
    }

    /// Every attribute that is part of a key, once, in the order of first use.
    var attributes: [KeyElement] {
        var elements: [KeyElement] = []
        let indexed = self.indexes.flatMap(\.schema.elements) + self.vectorIndexes.flatMap(\.elements)
        for element in self.schema.elements + indexed
        where !elements.contains(element) {
            elements.append(element)
        }
        return elements
    }
}
