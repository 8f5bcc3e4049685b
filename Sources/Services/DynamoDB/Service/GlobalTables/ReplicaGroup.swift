internal import DynamoDBValues
internal import Primitives

/// The tables of one global table, version 2019.11.21: replicas of each other, one in each region.
///
/// Every replica's descriptor has the same list of members, and a change of it is one commit to all of them. The rest
/// is each replica's own.
struct ReplicaGroup: Sendable, Hashable {
    /// One of the tables.
    struct Member: Sendable, Hashable {
        var region: Region
        var number: UInt64
        /// The region whose endpoint was asked to add it, from whose table its first items come; nil for the table that
        /// there was first.
        var source: Region?
        var added: Timestamp?
    }

    /// A table that was used to add a replica cannot be deleted for as long.
    /// - Source: DynamoDB Developer Guide, "Considerations for managing global tables": 24 hours.
    static let sourceMilliseconds: Int64 = 24 * 3_600_000

    /// In the order in which they joined, the table itself among them; two at least.
    var members: [Member]
    /// Whether the replica must not be disassociated.
    var isDisassociationProtected = true
    /// Whether the replica is to become a table of one region, once everybody has what was written before.
    var isLeaving = false
    /// How the replica's provisioned capacity is to follow its use.
    var autoScaling = ReplicaAutoScaling()

    func member(_ region: Region) -> Member? {
        self.members.first { $0.region == region }
    }

    func contains(_ number: UInt64) -> Bool {
        self.members.contains { $0.number == number }
    }

    /// Whether a region's table was used to add one of the others a short while ago.
    func isSource(_ region: Region, at now: Timestamp) -> Bool {
        let horizon = now.advanced(byMilliseconds: -Self.sourceMilliseconds)
        return self.members.contains { $0.source == region && ($0.added ?? horizon) > horizon }
    }

    /// The group without one of its tables; nil where one is left alone.
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
    /// Where the replicas are, in the order in which they joined.
    var replicaReferences: [TableReference] {
        (self.replication?.members ?? []).filter { $0.number != self.number }.map {
            TableReference(account: self.account, region: $0.region, name: self.name)
        }
    }
}
