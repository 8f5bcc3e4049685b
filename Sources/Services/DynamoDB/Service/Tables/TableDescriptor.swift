internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The metadata of a table, as one reference: each request passes it on several times, and a copy of the fields
/// themselves retains some twenty objects. A change creates a new object, so that other holders do not see it.
@dynamicMemberLookup
struct TableDescriptor: Sendable, Equatable {
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
}

/// The fields of a `TableDescriptor`, which are read and changed through it.
struct TableFacts: Sendable, Equatable {
    var name: String
    var account: AccountID
    var region: Region
    /// The prefix of its keys; never reused.
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
    /// When it was switched to on-demand; nil if it never was, or was created so.
    var onDemandSwitch: Timestamp?
    /// The times of switches from provisioned to on-demand, in ascending order; as many as the quota considers.
    var onDemandSwitches: [Timestamp] = []
    /// The highest numbers of deleted secondary and vector indexes; numbers are not reused.
    var retiredIndexNumber: UInt16 = 0
    var retiredVectorIndexNumber: UInt16 = 0
    /// A state that ends at a given time; nil for most tables.
    var transition: TableTransition?
    var isDeletionProtected = false
    var tableClass: String?
    /// The times of changes of the class, in ascending order; as many as the quota considers.
    var tableClassChanges: [Timestamp] = []
    /// nil if it never had a stream.
    var latestStream: TableStream?
    var policies = TablePolicies()
    /// The newest first.
    var kinesisDestinations: [KinesisDestination] = []
    var insights = ContributorInsights()
    /// Time to live.
    var expiry = ExpirySettings()
    /// Stored and shown, but without effect.
    var settings = StoredSettings()
    /// Point-in-time recovery; nil while it is disabled.
    var recovery: RecoverySettings?
    /// Backups, restores and exports that are reading the table and its changes.
    var copies: [RunningCopy] = []
    /// What a restored table was restored from.
    var origin: RestoreOrigin?
    /// Whether a job is still filling it from a backup or from objects: it is CREATING until that is complete.
    var isBeingFilled = false
    /// The replicas of the table in other regions; nil for a single-region table.
    var replication: ReplicaGroup?
}

extension TableDescriptor {
    var space: KeySpace { KeySpace(table: self.number) }

    /// The change log of its items.
    var log: LogID { LogID(self.number) }

    /// Whether its changes are needed: then each change of an item is appended to `log`, with both images.
    var keepsChanges: Bool {
        self.enabledStream != nil || self.recovery != nil || !self.copies.isEmpty
            || self.kinesisDestinations.active != nil
    }

    /// How long `log` keeps a change: as long as the reader with the longest retention needs it.
    ///
    /// A day for streams, including disabled ones.
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

    /// All attributes that are part of a key, without duplicates, in the order of first use.
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
