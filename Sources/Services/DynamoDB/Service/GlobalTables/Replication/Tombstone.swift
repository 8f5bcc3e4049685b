internal import DynamoDBValues
internal import KeyValue

/// What a table with replicas keeps of an item that was deleted: when that was, so that an older write that comes from
/// another region does not bring it back.
///
///     table number (8) · index FFFE (2) · rest of the item's key → (empty)
///
/// A deletion that was replicated has its stamp; one that was made here is as old as its record. A tombstone under an
/// item that is there again says nothing, and every deletion makes it anew. `TombstoneRemoval` takes those away that
/// are older than all that can still come.
enum Tombstone {
    /// No secondary or vector index has this number.
    static let indexNumber: UInt16 = 0xFFFE

    /// All tombstones of a table.
    static func all(_ tableNumber: UInt64) -> KeyRange {
        KeyRange(prefix: KeySpace(table: tableNumber, index: self.indexNumber).prefix)
    }

    /// The key for an item; `place` is what follows the key space's prefix in the item's key.
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
