internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The catalogue's mark of an index being backfilled or emptied, so that the work survives a restart.
///
/// The mark is written in the commit that makes the index CREATING or DELETING, advanced with each slice of items, and
/// deleted in the commit that makes the index ACTIVE or removes it. The kind of work follows from the state of the
/// index alone.
struct IndexWork: Sendable, Equatable {
    /// Instead of an index number: the deletion of the table itself, which is DELETING.
    static let wholeTable: UInt16 = 0
    /// Instead of an index number: the disassociation of the table from its global table.
    static let leaving: UInt16 = Tombstone.indexNumber

    let table: TableReference
    /// The first key of the table that has not been processed; nil at the beginning.
    var position: [UInt8]?

    /// The mark of work that has not started.
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
