internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The keys of the catalogue. No table has the number 0, so they cannot collide with items.
///
///     0 (8) · 0 (2) · "next-table"                          → the next free table number
///     0 (8) · 0 (2) · "stream-clock"                        → (empty), written to obtain the time of a commit
///     0 (8) · 0 (2) · "lease"                               → which of several servers does the work beside
///                                                             requests; followed by a zero, its term
///     0 (8) · 1 (2) · account (12) · region · 0 · name      → table record
///     0 (8) · 2 (2) · table number (8)                      → a deleted table whose items are being removed
///     0 (8) · 3 (2) · account (12) · region · 0 · name · 0 · label · 0 · 0 (1)  → record of a stream
///     0 (8) · 3 (2) · account (12) · region · 0 · name · 0 · label · 0 · 1 (1)  → its end mark
///     0 (8) · 4 (2) · table number (8)                      → a deleted table whose log is still readable
///     0 (8) · 8 (2) · table number (8) · index number (2)   → an index being backfilled or emptied, or with
///                                                             number 0 a table that is DELETING: `IndexWork`
///     0 (8) · 5 (2) · account (12) · region · 0 · name      → (empty), a table with time to live
///     0 (8) · 6 (2) · table number (8) · generation (4)     → a time to live index to backfill or remove
///     0 (8) · 12 (2) · source table (8) · target table (8)  → `ReplicationLink`
///     0 (8) · 13 (2) · table number (8)                     → `KinesisDelivery`
enum CatalogKeys {
    static let nextTable = KeySpace(table: 0, index: 0).prefix + Array("next-table".utf8)

    static let streamClock = KeySpace(table: 0, index: 0).prefix + Array("stream-clock".utf8)

    /// The key of `LeaseKeeper`.
    static let lease = KeySpace(table: 0, index: 0).prefix + Array("lease".utf8)

    static func table(_ reference: TableReference) -> [UInt8] {
        self.tables(reference.account, reference.region).start + Array(reference.name.utf8)
    }

    /// All tables of an account in a region, in the order of their names.
    static func tables(_ account: AccountID, _ region: Region) -> KeyRange {
        let prefix = KeySpace(table: 0, index: 1).prefix + Array(account.description.utf8)
        return KeyRange(prefix: prefix + Array(region.description.utf8) + [0])
    }

    /// All tables of every account.
    static let allTables = KeyRange(prefix: KeySpace(table: 0, index: 1).prefix)

    static let deletedTables = KeyRange(prefix: KeySpace(table: 0, index: 2).prefix)

    static func deletedTable(_ number: UInt64) -> [UInt8] {
        var key = KeySpace(table: 0, index: 2).prefix
        BigEndian.append(number, to: &key)
        return key
    }

    /// Records of streams and their end marks: `StreamNotes`.
    static let streams = KeyRange(prefix: KeySpace(table: 0, index: 3).prefix)

    /// Tables with time to live, of every account: `ExpiryNotes`.
    static let expiringTables = KeyRange(prefix: KeySpace(table: 0, index: 5).prefix)
    static let expiryWork = KeyRange(prefix: KeySpace(table: 0, index: 6).prefix)

    static let retiredLogs = KeyRange(prefix: KeySpace(table: 0, index: 4).prefix)

    static func retiredLog(_ number: UInt64) -> [UInt8] {
        var key = KeySpace(table: 0, index: 4).prefix
        BigEndian.append(number, to: &key)
        return key
    }

    /// The table number in a key of `deletedTables` or `retiredLogs`; nil when it is not a valid number.
    static func deletedNumber(_ key: [UInt8]) -> UInt64? {
        guard let number = BigEndian.read(UInt64.self, from: key, at: KeySpace.prefixBytes) else { return nil }
        return number > 0 ? number : nil
    }

    static let indexWork = KeyRange(prefix: KeySpace(table: 0, index: 8).prefix)

    static func indexWork(_ table: UInt64, _ index: UInt16) -> [UInt8] {
        var key = KeySpace(table: 0, index: 8).prefix
        BigEndian.append(table, to: &key)
        BigEndian.append(index, to: &key)
        return key
    }

    /// Table and index number in a key of `indexWork`; nil for other keys.
    static func indexWorkNumbers(_ key: [UInt8]) -> (table: UInt64, index: UInt16)? {
        guard let table = BigEndian.read(UInt64.self, from: key, at: KeySpace.prefixBytes),
            let index = BigEndian.read(UInt16.self, from: key, at: KeySpace.prefixBytes + 8)
        else { return nil }
        return (table, index)
    }

    /// All keys of a table and its indexes.
    static func contents(_ number: UInt64) -> KeyRange {
        var prefix: [UInt8] = []
        BigEndian.append(number, to: &prefix)
        return KeyRange(prefix: prefix)
    }
}
