internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The keys of the catalogue. Table number 0 is never a table's, so nothing meets the items.
///
///     0 (8) · 0 (2) · "next-table"                          → the next free table number
///     0 (8) · 0 (2) · "stream-clock"                        → (empty), written to learn the time of a commit
///     0 (8) · 0 (2) · "lease"                               → which of several servers does what goes on beside
///                                                             requests; with a zero behind it, its term
///     0 (8) · 1 (2) · account (12) · region · 0 · name      → table record
///     0 (8) · 2 (2) · table number (8)                      → a deleted table whose items are being removed
///     0 (8) · 3 (2) · account (12) · region · 0 · name · 0 · label · 0 · 0 (1)  → note of a stream
///     0 (8) · 3 (2) · account (12) · region · 0 · name · 0 · label · 0 · 1 (1)  → its end mark
///     0 (8) · 4 (2) · table number (8)                      → a deleted table whose log can still be read
///     0 (8) · 8 (2) · table number (8) · index number (2)   → an index that is being filled or emptied, or with
///                                                             number 0 a table that is DELETING: `IndexWork`
///     0 (8) · 5 (2) · account (12) · region · 0 · name      → (empty), a table with time to live
///     0 (8) · 6 (2) · table number (8) · generation (4)     → a time to live index to be filled or removed
///     0 (8) · 12 (2) · source table (8) · target table (8)  → `ReplicationLink`
///     0 (8) · 13 (2) · table number (8)                     → `KinesisDelivery`
enum CatalogKeys {
    static let nextTable = KeySpace(table: 0, index: 0).prefix + Array("next-table".utf8)

    static let streamClock = KeySpace(table: 0, index: 0).prefix + Array("stream-clock".utf8)

    /// `LeaseKeeper`'s.
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

    /// Notes of streams and their end marks: `StreamNotes`.
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

    /// The table number in a key of `deletedTables` or `retiredLogs`; nil for a number that no table has.
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

    /// Table and index number in a key of `indexWork`; nil for no such key.
    static func indexWorkNumbers(_ key: [UInt8]) -> (table: UInt64, index: UInt16)? {
        guard let table = BigEndian.read(UInt64.self, from: key, at: KeySpace.prefixBytes),
            let index = BigEndian.read(UInt16.self, from: key, at: KeySpace.prefixBytes + 8)
        else { return nil }
        return (table, index)
    }

    /// Every key of a table and its indexes.
    static func contents(_ number: UInt64) -> KeyRange {
        var prefix: [UInt8] = []
        BigEndian.append(number, to: &prefix)
        return KeyRange(prefix: prefix)
    }
}
