internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The keys of backups, restores, exports and imports, in the catalogue's table number 0.
///
///     0 (8) · 16 (2) · account (12) · region · 0 · backup id · 0 · table name → backup
///     0 (8) · 17 (2) · number of the restored table (8)                       → restore
///     0 (8) · 18 (2) · account (12) · region · 0 · export id · 0 · table name → export
///     0 (8) · 19 (2) · account (12) · region · 0 · import id · 0 · table name → import
///     0 (8) · 20 (2) · kind of work (1) · key of one of the above             → work that is not done
///
/// The items of a backup lie under a table number of its own, as those of a table do. A copy of a table that is written
/// to meanwhile has another number, for what changed keys held before:
///
///     copy (8) · 0 (2) · the key as in the table, from its partition on → 0, or 1 and the item
///     copy (8) · 1 (2)                                                  → how far the log was read
enum BackupKeys {
    /// What a record of these is about.
    enum Kind: UInt8, Sendable, CaseIterable {
        case backup = 0
        case restore = 1
        case export = 2
        case `import` = 3

        fileprivate var space: KeySpace { KeySpace(table: 0, index: 16 + UInt16(self.rawValue)) }
    }

    /// All records of a kind of an account in a region, in the order of their ids.
    static func all(_ kind: Kind, _ account: AccountID, _ region: Region) -> KeyRange {
        KeyRange(prefix: kind.space.prefix + Array(account.description.utf8) + Array(region.description.utf8) + [0])
    }

    /// The backups of every account and region.
    static let allBackups = KeyRange(prefix: Kind.backup.space.prefix)

    static func record(_ kind: Kind, id: String, _ table: TableReference) -> [UInt8] {
        self.all(kind, table.account, table.region).start + Array(id.utf8) + [0] + Array(table.name.utf8)
    }

    static func restore(_ number: UInt64) -> [UInt8] {
        var key = Kind.restore.space.prefix
        BigEndian.append(number, to: &key)
        return key
    }

    static let restores = KeyRange(prefix: Kind.restore.space.prefix)

    /// What is not done of a kind.
    static func work(_ kind: Kind) -> KeyRange {
        KeyRange(prefix: KeySpace(table: 0, index: 20).prefix + [kind.rawValue])
    }

    /// The mark that the work of a record is not done.
    static func work(_ kind: Kind, _ key: [UInt8]) -> [UInt8] {
        self.work(kind).start + key
    }

    /// The record that a mark is about.
    static func record(ofWork mark: [UInt8]) -> [UInt8] {
        Array(mark.dropFirst(KeySpace.prefixBytes + 1))
    }
}
