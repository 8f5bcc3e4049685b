internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The catalogue's records of time to live besides the tables' descriptors: the tables that have it, and the unfinished
/// work on their indexes. Both are written in the commit that changes the descriptor.
enum ExpiryNotes {
    // Tables

    static func table(_ reference: TableReference) -> [UInt8] {
        CatalogKeys.expiringTables.start + Array(reference.account.description.utf8)
            + Array(reference.region.description.utf8) + [0] + Array(reference.name.utf8)
    }

    /// - Returns: nil when it is not such a key.
    static func reference(ofTable key: [UInt8]) -> TableReference? {
        let rest = key.dropFirst(CatalogKeys.expiringTables.start.count)
        let parts = rest.dropFirst(12).split(separator: 0, omittingEmptySubsequences: false)
        guard let account = AccountID(String(decoding: rest.prefix(12), as: UTF8.self)), parts.count == 2,
            let region = Region(String(decoding: parts[0], as: UTF8.self))
        else { return nil }
        return TableReference(account: account, region: region, name: String(decoding: parts[1], as: UTF8.self))
    }

    // Work

    /// An index to backfill or to remove.
    struct Work: Sendable, Equatable {
        var reference: TableReference
        var tableNumber: UInt64
        var generation: UInt32
        /// Whether its entries are to be removed.
        var isRemoval: Bool
        /// When backfilling: the first key of the table that was not processed yet; empty at the beginning.
        var place: [UInt8] = []

        var key: [UInt8] {
            var key = CatalogKeys.expiryWork.start
            BigEndian.append(self.tableNumber, to: &key)
            BigEndian.append(self.generation, to: &key)
            return key
        }

        var encoded: [UInt8] {
            AttributeMap(
                AttributeTree([
                    .init("account", .s(self.reference.account.description)),
                    .init("region", .s(self.reference.region.description)), .init("name", .s(self.reference.name)),
                    .init("number", TableRecord.number(Int(self.tableNumber))),
                    .init("generation", TableRecord.number(Int(self.generation))),
                    .init("removal", .bool(self.isRemoval)), .init("place", .b(self.place)),
                ])
            ).bytes
        }

        var write: Write { .set(self.key, self.encoded) }

        init(_ table: TableDescriptor, isRemoval: Bool) {
            self.reference = table.reference
            self.tableNumber = table.number
            self.generation = table.expiry.generation
            self.isRemoval = isRemoval
        }

        /// - Returns: nil when the record is damaged.
        init?(_ bytes: [UInt8]) {
            guard let tree = AttributeMap(stored: bytes)?.tree,
                let account = TableRecord.text(tree["account"]).flatMap(AccountID.init),
                let region = TableRecord.text(tree["region"]).flatMap(Region.init),
                let name = TableRecord.text(tree["name"]),
                let number = TableRecord.integer(tree["number"]).flatMap(UInt64.init(exactly:)),
                let generation = TableRecord.integer(tree["generation"]).flatMap(UInt32.init(exactly:)),
                case .b(let place)? = tree["place"]
            else { return nil }
            self.reference = TableReference(account: account, region: region, name: name)
            self.tableNumber = number
            self.generation = generation
            self.isRemoval = tree["removal"] == .bool(true)
            self.place = place
        }
    }

    /// The writes that a change of a table's descriptor needs; nil means that the table does not exist.
    static func writes(from old: TableDescriptor?, to new: TableDescriptor?) -> [Write] {
        var writes: [Write] = []
        let (before, after) = (old?.expiry.attribute, new?.expiry.attribute)
        let hasChanged = before != after || old?.expiry.generation != new?.expiry.generation
        if let old, before != nil, hasChanged {
            writes.append(.delete(self.table(old.reference)))
            // The index of a deleted table is removed with its items.
            if new != nil { writes.append(Work(old, isRemoval: true).write) }
        }
        if let new, after != nil, hasChanged {
            writes.append(.set(self.table(new.reference), []))
            writes.append(Work(new, isRemoval: false).write)
        }
        return writes
    }
}
