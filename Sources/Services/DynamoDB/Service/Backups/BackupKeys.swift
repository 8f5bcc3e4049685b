internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The keys of backups, restores, exports, imports and bulk operations, in the catalogue's table number 0.
///
///     0 (8) · 16 (2) · account (12) · region · 0 · backup id · 0 · table name → backup
///     0 (8) · 17 (2) · number of the restored table (8)                       → restore
///     0 (8) · 18 (2) · account (12) · region · 0 · table name / export id     → export
///     0 (8) · 19 (2) · account (12) · region · 0 · table name / import id     → import
///     0 (8) · 20 (2) · kind of work (1) · key of one of the above             → unfinished work
///     0 (8) · 21 (2) · kind of work (1) · SHA-256 of account, region, token   → key of the record made for the token
///     0 (8) · 22 (2) · account (12) · region · 0 · operation id · 0 · table name → bulk operation
///
/// The items of a backup have a table number of their own, as those of a table do. A copy of a table that is written to
/// meanwhile has another number, for the former values of changed keys:
///
///     copy (8) · 0 (2) · the key as in the table, from its partition on → 0, or 1 and the item
///     copy (8) · 1 (2)                                                  → how far the log was read
///     copy (8) · 2 (2) · number of a file (8)                           → an export's file, for its manifest
///
/// The records of a bulk operation itself are in `BulkKeys`.
enum BackupKeys {
    /// The kind of a record.
    enum Kind: UInt8, Sendable, CaseIterable {
        case backup = 0
        case restore = 1
        case export = 2
        case `import` = 3
        /// 4 and 5 would be the key spaces of work and tokens.
        case bulk = 6

        /// The resource type before the id in an ARN.
        var resource: String { self == .bulk ? "bulk-operation" : "\(self)" }

        /// AWS's term for an ARN of the kind; nil when its wording is not known.
        var arnName: String? {
            switch self {
            case .backup: "Backup"
            case .export: "Export"
            case .import: "Import"
            case .restore, .bulk: nil
            }
        }

        fileprivate var space: KeySpace { KeySpace(table: 0, index: 16 + UInt16(self.rawValue)) }
    }

    /// All records of a kind of an account in a region: backups and bulk operations in the order of their ids, exports
    /// and imports in the order of their ARNs.
    static func all(_ kind: Kind, _ account: AccountID, _ region: Region) -> KeyRange {
        KeyRange(prefix: kind.space.prefix + Array(account.description.utf8) + Array(region.description.utf8) + [0])
    }

    static func record(_ kind: Kind, id: String, _ table: TableReference) -> [UInt8] {
        let start = self.all(kind, table.account, table.region).start
        guard kind == .backup || kind == .bulk else { return start + Array("\(table.name)/\(id)".utf8) }
        return start + Array(id.utf8) + [0] + Array(table.name.utf8)
    }

    /// The exports or imports of one table.
    static func all(_ kind: Kind, of table: TableReference) -> KeyRange {
        KeyRange(prefix: self.all(kind, table.account, table.region).start + Array("\(table.name)/".utf8))
    }

    static func all(_ kind: Kind) -> KeyRange { KeyRange(prefix: kind.space.prefix) }

    /// Client tokens of a kind, of every account and region.
    static func tokens(_ kind: Kind) -> KeyRange {
        KeyRange(prefix: KeySpace(table: 0, index: 21).prefix + [kind.rawValue])
    }

    static func token(_ kind: Kind, _ token: String, _ account: AccountID, _ region: Region) -> [UInt8] {
        var digest = RequestDigest()
        for text in [account.description, region.description, token] { digest.add(text) }
        return self.tokens(kind).start + digest.bytes
    }

    /// The files of an export.
    static func files(_ copy: UInt64) -> KeyRange { KeyRange(prefix: KeySpace(table: copy, index: 2).prefix) }

    static func file(_ copy: UInt64, _ index: Int) -> [UInt8] {
        var key = self.files(copy).start
        BigEndian.append(UInt64(clamping: index), to: &key)
        return key
    }

    static func restore(_ number: UInt64) -> [UInt8] {
        var key = Kind.restore.space.prefix
        BigEndian.append(number, to: &key)
        return key
    }

    static let restores = KeyRange(prefix: Kind.restore.space.prefix)

    /// The marks of unfinished work of a kind.
    static func work(_ kind: Kind) -> KeyRange {
        KeyRange(prefix: KeySpace(table: 0, index: 20).prefix + [kind.rawValue])
    }

    /// The mark of unfinished work on a record.
    static func work(_ kind: Kind, _ key: [UInt8]) -> [UInt8] {
        self.work(kind).start + key
    }

    /// The key of the record that a mark refers to.
    static func record(ofWork mark: [UInt8]) -> [UInt8] {
        Array(mark.dropFirst(KeySpace.prefixBytes + 1))
    }
}
