internal import CRocksDB
internal import Synchronization

/// Whether an iteration from memory alone can be trusted.
///
/// To such an iteration each block that is not in memory is an error, and RocksDB before 8.7 forgets that the first
/// block of a table could not be read, where another table of the same level comes before: the iteration passes over
/// the whole table and goes on with the next one, as if nothing had been missing. (HISTORY.md of 8.7.0: "an error
/// reading from offset 0 of a file from L1+ and that the file is not the first file in the sorted run … read/scan can
/// return incorrect results".) Tables that are alone in their level, and those of level 0, are not concerned.
extension Engine {
    /// What is known of the tables of a column family.
    struct Tables {
        /// RocksDB's number of the state for which it is known.
        let state: UInt64
        /// Whether no level below the first has more than one table.
        let areAlone: Bool
    }

    private static let levelCount = 7

    /// The number of the family's current state, if iterations from memory can be trusted in it, which they can as long
    /// as the number stays the same; else nil.
    func stateOfLoneTables(_ family: Family) -> UInt64? {
        guard let state = self.state(family) else { return nil }
        if let known = self.tables.withLock({ $0[family.rawValue] }), known.state == state {
            return known.areAlone ? state : nil
        }
        let areAlone = (1..<Self.levelCount).allSatisfy { level in
            self.tableCount(family, level: level).map { $0 <= 1 } ?? false
        }
        guard self.state(family) == state else { return nil }
        self.tables.withLock { $0[family.rawValue] = Tables(state: state, areAlone: areAlone) }
        return areAlone ? state : nil
    }

    /// Changes whenever a memtable or a table is added or removed.
    func state(_ family: Family) -> UInt64? {
        var number: UInt64 = 0
        let status = unsafe rocksdb_property_int_cf(
            self.database, self.handle(family), "rocksdb.current-super-version-number", &number)
        return status == 0 ? number : nil
    }

    private func tableCount(_ family: Family, level: Int) -> Int? {
        let text = unsafe rocksdb_property_value_cf(
            self.database, self.handle(family), "rocksdb.num-files-at-level\(level)")
        guard let text = unsafe text else { return nil }
        defer { unsafe rocksdb_free(text) }
        return unsafe Int(String(cString: text))
    }
}
