internal import DynamoDBValues
internal import Primitives

/// The membership of a global table, version 2019.11.21, whose tables are replicas of each other, one in each region.
///
/// Every replica's descriptor has the same list of members, which is changed in one commit to all of them. The other
/// fields are each replica's own.
struct ReplicaGroup: Sendable, Equatable {
    /// One of the tables.
    struct Member: Sendable, Equatable {
        var region: Region
        var number: UInt64
        /// The region that received the request to add it, and whose table provides its first items; nil for the first
        /// table.
        var source: Region?
        var added: Timestamp?
    }

    /// How long a table that was the source of an added replica cannot be deleted.
    /// - Source: DynamoDB Developer Guide, "Considerations for managing global tables": 24 hours.
    static let sourceMilliseconds: Int64 = 24 * 3_600_000

    /// In the order in which they joined, including the table itself; at least two.
    var members: [Member]
    /// Whether the replica must not be disassociated.
    var isDisassociationProtected = true
    /// Whether the replica becomes a single-region table once all replicas have everything that was written before.
    var isLeaving = false
    /// The auto scaling of the replica's provisioned capacity.
    var autoScaling = ReplicaAutoScaling()

    func member(_ region: Region) -> Member? {
        self.members.first { $0.region == region }
    }

    func contains(_ number: UInt64) -> Bool {
        self.members.contains { $0.number == number }
    }

    /// Whether a region's table was the source of another replica within `sourceMilliseconds`.
    func isSource(_ region: Region, at now: Timestamp) -> Bool {
        let horizon = now.advanced(byMilliseconds: -Self.sourceMilliseconds)
        return self.members.contains { $0.source == region && ($0.added ?? horizon) > horizon }
    }

    /// The group without one of its tables; nil when only one would be left.
    func without(_ number: UInt64) -> ReplicaGroup? {
        var rest = self
        rest.members.removeAll { $0.number == number }
        return rest.members.count > 1 ? rest : nil
    }
}

extension ReplicaGroup {
    var record: AttributeValue {
        var tree = AttributeTree([
            .init(
                "members",
                .l(
                    self.members.map { member in
                        var tree = AttributeTree([
                            .init("region", .s(member.region.description)),
                            .init("number", TableRecord.number(Int(member.number))),
                        ])
                        tree["source"] = member.source.map { .s($0.description) }
                        tree["added"] = member.added.map(TableRecord.time)
                        return .m(tree)
                    }))
        ])
        if !self.isDisassociationProtected { tree["mayBeDisassociated"] = .bool(true) }
        if self.isLeaving { tree["isLeaving"] = .bool(true) }
        tree["autoScaling"] = self.autoScaling.record
        return .m(tree)
    }

    /// - Returns: nil when the record is damaged.
    init?(record: AttributeValue) {
        guard case .m(let tree) = record, case .l(let values)? = tree["members"] else { return nil }
        self.isDisassociationProtected = tree["mayBeDisassociated"] != .bool(true)
        self.isLeaving = tree["isLeaving"] == .bool(true)
        self.autoScaling = ReplicaAutoScaling(record: tree["autoScaling"])
        self.members = values.compactMap { value in
            guard case .m(let tree) = value, let region = TableRecord.text(tree["region"]).flatMap(Region.init),
                let number = TableRecord.integer(tree["number"]).flatMap(UInt64.init(exactly:)), number > 0
            else { return nil }
            return Member(
                region: region, number: number, source: TableRecord.text(tree["source"]).flatMap(Region.init),
                added: TableRecord.time(tree["added"]))
        }
        guard self.members.count == values.count, self.members.count > 1 else { return nil }
    }
}

extension TableDescriptor {
    /// The other replicas, in the order in which they joined.
    var replicaReferences: [TableReference] {
        (self.replication?.members ?? []).filter { $0.number != self.number }.map {
            TableReference(account: self.account, region: $0.region, name: self.name)
        }
    }
}
