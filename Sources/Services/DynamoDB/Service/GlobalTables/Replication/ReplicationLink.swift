internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The link from one replica to another, and its progress: the writes of the source's callers are applied to the target
/// in the order of the source's change log.
///
///     0 (8) · 12 (2) · number of the source (8) · number of the target (8) → link
///
/// Links are created in the commit that adds a replica, two for each existing replica, and deleted in the one that
/// removes it. A link advances in the commit that writes to the target, so that a restart loses nothing and repeats
/// nothing.
struct ReplicationLink: Sendable, Equatable {
    /// The initial copy to a new replica, from the table that it was added from.
    enum Copy: Sendable, Equatable {
        /// Copying the items, from this place on.
        case items(place: [UInt8])
        /// Copying the times of deletion.
        case tombstones(place: [UInt8])
        /// Everything is copied, and the replica can become ACTIVE.
        case done
    }

    let account: AccountID
    let name: String
    let sourceRegion: Region
    let sourceNumber: UInt64
    let targetRegion: Region
    let targetNumber: UInt64
    /// nil once the initial copy is complete, or if another link makes it.
    var copy: Copy?
    /// The last entry of the source's log that is done; nil for a link that starts with the oldest entry kept, and for
    /// one whose copy has not started.
    var position: LogPosition?

    init(from source: TableDescriptor, to target: TableDescriptor, copy: Copy? = nil, position: LogPosition? = nil) {
        self.account = source.account
        self.name = source.name
        self.sourceRegion = source.region
        self.sourceNumber = source.number
        self.targetRegion = target.region
        self.targetNumber = target.number
        self.copy = copy
        self.position = position
    }

    var source: TableReference { TableReference(account: self.account, region: self.sourceRegion, name: self.name) }
    var target: TableReference { TableReference(account: self.account, region: self.targetRegion, name: self.name) }
    var log: LogID { LogID(self.sourceNumber) }

    // Keys

    static let all = KeyRange(prefix: KeySpace(table: 0, index: 12).prefix)

    static func all(from source: UInt64) -> KeyRange {
        var prefix = self.all.start
        BigEndian.append(source, to: &prefix)
        return KeyRange(prefix: prefix)
    }

    static func key(_ source: UInt64, _ target: UInt64) -> [UInt8] {
        var key = self.all(from: source).start
        BigEndian.append(target, to: &key)
        return key
    }

    /// - Returns: the number of the source in a key; nil when it is not the key of a link.
    static func source(ofKey key: [UInt8]) -> UInt64? {
        BigEndian.read(UInt64.self, from: key, at: KeySpace.prefixBytes)
    }

    var key: [UInt8] { Self.key(self.sourceNumber, self.targetNumber) }

    // Records

    var encoded: [UInt8] {
        var tree = AttributeTree([
            .init("account", .s(self.account.description)), .init("name", .s(self.name)),
            .init("sourceRegion", .s(self.sourceRegion.description)),
            .init("sourceNumber", TableRecord.number(Int(self.sourceNumber))),
            .init("targetRegion", .s(self.targetRegion.description)),
            .init("targetNumber", TableRecord.number(Int(self.targetNumber))),
        ])
        switch self.copy {
        case .items(let place)?: tree["items"] = .b(place)
        case .tombstones(let place)?: tree["tombstones"] = .b(place)
        case .done?: tree["isCopied"] = .bool(true)
        case nil: break
        }
        if let position = self.position {
            tree["version"] = TableRecord.number(Int(position.version.rawValue))
            tree["index"] = TableRecord.number(Int(position.index))
        }
        return AttributeMap(tree).bytes
    }

    /// - Returns: nil when the record is damaged.
    init?(_ bytes: [UInt8]) {
        guard let tree = AttributeMap(stored: bytes)?.tree,
            let account = TableRecord.text(tree["account"]).flatMap(AccountID.init),
            let name = TableRecord.text(tree["name"]),
            let sourceRegion = TableRecord.text(tree["sourceRegion"]).flatMap(Region.init),
            let sourceNumber = TableRecord.integer(tree["sourceNumber"]).flatMap(UInt64.init(exactly:)),
            let targetRegion = TableRecord.text(tree["targetRegion"]).flatMap(Region.init),
            let targetNumber = TableRecord.integer(tree["targetNumber"]).flatMap(UInt64.init(exactly:))
        else { return nil }
        self.account = account
        self.name = name
        self.sourceRegion = sourceRegion
        self.sourceNumber = sourceNumber
        self.targetRegion = targetRegion
        self.targetNumber = targetNumber
        if case .b(let place)? = tree["items"] { self.copy = .items(place: place) }
        if case .b(let place)? = tree["tombstones"] { self.copy = .tombstones(place: place) }
        if tree["isCopied"] == .bool(true) { self.copy = .done }
        if let version = TableRecord.integer(tree["version"]).flatMap(UInt64.init(exactly:)),
            let index = TableRecord.integer(tree["index"]).flatMap(UInt32.init(exactly:))
        {
            self.position = LogPosition(version: CommitVersion(version), index: index)
        }
    }
}
