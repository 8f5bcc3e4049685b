internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// What the catalogue notes of an index that is being filled or emptied, so that a stop does not lose it.
///
/// The mark is written in the commit that makes the index CREATING or DELETING, moved on with each slice of items, and
/// deleted in the commit that makes the index ACTIVE or takes it away. What is to be done follows from the state of the
/// index alone.
struct IndexWork: Sendable, Hashable {
    /// In the place of an index's number: the table itself, which is DELETING.
    static let wholeTable: UInt16 = 0
    /// The same: the table, which leaves its global table.
    static let leaving: UInt16 = Tombstone.indexNumber

    let table: TableReference
    /// The first key of the table that has not been looked at; nil at the beginning.
    var position: [UInt8]?

    /// The mark of work that begins.
    static func mark(_ table: TableDescriptor, _ index: UInt16) -> Write {
        .set(CatalogKeys.indexWork(table.number, index), IndexWork(table: table.reference).encoded)
    }

    var encoded: [UInt8] {
        var tree = AttributeTree([
            .init("account", .s(self.table.account.description)), .init("region", .s(self.table.region.description)),
            .init("name", .s(self.table.name)),
        ])
        tree["position"] = self.position.map { .b($0) }
        return AttributeMap(tree).bytes
    }

    init(table: TableReference, position: [UInt8]? = nil) {
        self.table = table
        self.position = position
    }

    /// - Returns: nil when the record is damaged.
    init?(_ bytes: [UInt8]) {
        guard let tree = AttributeMap(stored: bytes)?.tree, let name = TableRecord.text(tree["name"]),
            let account = TableRecord.text(tree["account"]).flatMap(AccountID.init),
            let region = TableRecord.text(tree["region"]).flatMap(Region.init)
        else { return nil }
        self.table = TableReference(account: account, region: region, name: name)
        if case .b(let position)? = tree["position"] { self.position = position }
    }
}
