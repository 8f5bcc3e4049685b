internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// Time to live of a table, and the index that finds expired items: an entry for each item whose attribute gives an
/// expiry time, in the order of these times.
///
///     table number (8) · index FFFF (2) · generation (4) · expiry in seconds (8) · rest of the item's key → (empty)
///
/// Each time it is enabled, a new generation starts, so that entries for an earlier attribute are ignored.
struct ExpirySettings: Sendable, Equatable {
    /// No secondary index has this number.
    static let indexNumber: UInt16 = 0xFFFF
    /// Items that expired longer ago are not deleted, so that a wrong value does not empty a table.
    /// - Source: DynamoDB Developer Guide, "Using time to live": "older than five years".
    static let overdueSecondsMax: Int64 = 5 * 365 * 86_400
    /// Times with more digits are beyond the range of any clock.
    private static let endDigitsMax = 15
    private static let prefixBytes = KeySpace.prefixBytes + 4
    private static let endBytes = 8

    /// nil while time to live is disabled.
    var attribute: String?
    /// Incremented each time it is enabled.
    var generation: UInt32 = 0
    /// Whether the items that are older than the enabling have their entries, too.
    var isWhole = false

    /// The expiry time of an item in whole seconds since 1970; nil for an item without one.
    func end(of item: AttributeMap) -> Int64? {
        guard let attribute = self.attribute, let value = item[attribute], value.type == .n else { return nil }
        return value.number?.wholePart(digitsMax: Self.endDigitsMax)
    }

    /// Whether an item is to be deleted: it expired before now, but not more than five years ago.
    func isDue(_ item: AttributeMap, at now: Timestamp) -> Bool {
        guard let end = self.end(of: item) else { return false }
        let seconds = now.secondsSinceEpoch
        return end < seconds && end >= seconds - Self.overdueSecondsMax
    }

    // The index

    /// Every entry of this generation.
    func entries(_ tableNumber: UInt64) -> KeyRange {
        KeyRange(prefix: self.prefix(tableNumber))
    }

    /// The entries of expired items that are to be deleted.
    func due(_ tableNumber: UInt64, at now: Timestamp) -> KeyRange {
        let seconds = now.secondsSinceEpoch
        return KeyRange(
            start: self.key(tableNumber, end: max(0, seconds - Self.overdueSecondsMax)),
            end: self.key(tableNumber, end: max(0, seconds)))
    }

    /// The index entry of an item with a key; nil for an item without an expiry time.
    func entry(_ item: AttributeMap, at itemKey: [UInt8], _ tableNumber: UInt64) -> [UInt8]? {
        self.end(of: item).map { self.key(tableNumber, end: $0) + itemKey.dropFirst(KeySpace.prefixBytes) }
    }

    /// - Returns: the key of an entry's item; nil for an entry of another generation.
    func itemKey(ofEntry entry: [UInt8], _ tableNumber: UInt64) -> [UInt8]? {
        guard entry.starts(with: self.prefix(tableNumber)), entry.count > Self.prefixBytes + Self.endBytes else {
            return nil
        }
        return KeySpace(table: tableNumber).prefix + entry.dropFirst(Self.prefixBytes + Self.endBytes)
    }

    /// The index writes for a change of an item.
    func writes(
        _ existing: AttributeMap?, _ new: AttributeMap?, at itemKey: [UInt8], _ tableNumber: UInt64
    ) -> [Write] {
        guard self.attribute != nil else { return [] }
        let old = existing.flatMap { self.entry($0, at: itemKey, tableNumber) }
        let new = new.flatMap { self.entry($0, at: itemKey, tableNumber) }
        var writes: [Write] = []
        if let old, old != new { writes.append(.delete(old)) }
        // Until the backfill is complete, the former item may have no entry.
        if let new, old != new || !self.isWhole { writes.append(.set(new, [])) }
        return writes
    }

    private func prefix(_ tableNumber: UInt64) -> [UInt8] {
        var prefix = KeySpace(table: tableNumber, index: Self.indexNumber).prefix
        BigEndian.append(self.generation, to: &prefix)
        return prefix
    }

    private func key(_ tableNumber: UInt64, end: Int64) -> [UInt8] {
        var key = self.prefix(tableNumber)
        BigEndian.append(UInt64(end), to: &key)
        return key
    }
}

extension TableRecord {
    static func add(_ expiry: ExpirySettings, to tree: inout AttributeTree) {
        guard expiry != ExpirySettings() else { return }
        tree["expiryAttribute"] = expiry.attribute.map { .s($0) }
        tree["expiryGeneration"] = self.number(Int(expiry.generation))
        tree["expiryIsWhole"] = .bool(expiry.isWhole)
    }

    static func expiry(_ tree: AttributeTree) -> ExpirySettings {
        ExpirySettings(
            attribute: self.text(tree["expiryAttribute"]),
            generation: self.integer(tree["expiryGeneration"]).flatMap(UInt32.init(exactly:)) ?? 0,
            isWhole: tree["expiryIsWhole"] == .bool(true)
        )
    }
}
