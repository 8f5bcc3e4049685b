internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// All that is known of a table, as one reference: each request takes it along several times, and a copy of the facts
/// themselves retains some twenty objects. A change makes new facts; nobody else sees it.
@dynamicMemberLookup
struct TableDescriptor: Sendable, Hashable {
    private final class Storage: Sendable {
        let facts: TableFacts

        init(_ facts: TableFacts) {
            self.facts = facts
        }
    }

    private var storage: Storage

    init(
        name: String, account: AccountID, region: Region, number: UInt64, tableID: String, creation: Timestamp,
        schema: KeySchema, indexes: [IndexDescriptor] = [], isOnDemand: Bool,
        throughput: Throughput = Throughput(read: 0, write: 0)
    ) {
        self.storage = Storage(
            TableFacts(
                name: name, account: account, region: region, number: number, tableID: tableID, creation: creation,
                schema: schema, indexes: indexes, isOnDemand: isOnDemand, throughput: throughput))
    }

    subscript<Value>(dynamicMember fact: KeyPath<TableFacts, Value>) -> Value {
        self.storage.facts[keyPath: fact]
    }

    subscript<Value>(dynamicMember fact: WritableKeyPath<TableFacts, Value>) -> Value {
        get { self.storage.facts[keyPath: fact] }
        set {
            var facts = self.storage.facts
            facts[keyPath: fact] = newValue
            self.storage = Storage(facts)
        }
    }

    static func == (left: TableDescriptor, right: TableDescriptor) -> Bool {
        left.storage === right.storage || left.storage.facts == right.storage.facts
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.storage.facts)
    }
}

/// The facts of a `TableDescriptor`, which is how they are read and changed.
struct TableFacts: Sendable, Hashable {
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
    /// When it was switched from provisioned to on-demand, the latest last; as many as the quota looks at.
    var onDemandSwitches: [Timestamp] = []
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
}

extension TableDescriptor {
    var space: KeySpace { KeySpace(table: self.number) }

    /// The change log of its items.
    var log: LogID { LogID(self.number) }

    /// Whether somebody reads its changes: each change of an item goes to `log` then, with both images.
    var keepsChanges: Bool {
        self.enabledStream != nil || self.recovery != nil || !self.copies.isEmpty
            || self.kinesisDestinations.active != nil
    }

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
