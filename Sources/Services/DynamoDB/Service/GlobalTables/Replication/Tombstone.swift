internal import DynamoDBValues
internal import KeyValue

/// The record of a deleted item's deletion time in a table with replicas, so that an older write that arrives from
/// another region does not restore the item.
///
///     table number (8) · index FFFE (2) · rest of the item's key → (empty)
///
/// The tombstone of a replicated deletion stores its stamp; for a local one, the time is that of its record. The
/// tombstone of an item that exists again has no meaning; every deletion writes a new one. `TombstoneRemoval` deletes
/// tombstones that are older than every write that may still arrive.
enum Tombstone {
    /// No secondary or vector index has this number.
    static let indexNumber: UInt16 = 0xFFFE

    /// All tombstones of a table.
    static func all(_ tableNumber: UInt64) -> KeyRange {
        KeyRange(prefix: KeySpace(table: tableNumber, index: self.indexNumber).prefix)
    }

    /// The key for an item; `place` is the rest of the item's key after the key space's prefix.
    static func key(_ tableNumber: UInt64, place: some Sequence<UInt8>) -> [UInt8] {
        KeySpace(table: tableNumber, index: self.indexNumber).prefix + place
    }

    static func write(ofItem itemKey: [UInt8], _ stamp: ReplicationStamp?) -> Write {
        var key = itemKey
        key[KeySpace.prefixBytes - 2] = UInt8(self.indexNumber >> 8)
        key[KeySpace.prefixBytes - 1] = UInt8(self.indexNumber & 0xFF)
        return .set(key, [], stamp: stamp)
    }
}
