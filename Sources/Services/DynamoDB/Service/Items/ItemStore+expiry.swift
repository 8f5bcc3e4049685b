internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

extension ItemStore {
    /// Deletes the item of an entry in a table's time-to-live index, if it has expired.
    ///
    /// An entry whose item has not expired, or does not exist, is removed from the index.
    /// - Returns: whether the item was deleted.
    func expire(
        _ entry: [UInt8], of reference: TableReference, at now: Timestamp
    ) async throws(ServiceError) -> Bool {
        for _ in 0..<Self.attemptsMax {
            let table = try await self.table(reference)
            let (descriptor, expiry) = (table.descriptor, table.descriptor.expiry)
            guard expiry.attribute != nil, let itemKey = expiry.itemKey(ofEntry: entry, descriptor.number) else {
                return false
            }
            guard let read = try await self.get([itemKey], of: table, reference, .forDecision) else { continue }
            let existing = try Self.item(read[0])
            let isDue = existing.map { expiry.isDue($0, at: now) } ?? false
            // Not metered: deletes by time to live are free.
            var effects = Self.effects(isDue ? .delete : .none, at: itemKey, existing, descriptor, by: .timeToLive)
            if existing.flatMap({ expiry.entry($0, at: itemKey, descriptor.number) }) != entry {
                effects.writes.append(.delete(entry))
            }
            let batch = Batch(
                checks: [
                    .unchanged(table.key, since: table.version), .unchanged(itemKey, since: read[0]?.version),
                ],
                writes: effects.writes, logAppends: effects.logAppends, readAsOf: read.asOf)
            if try await self.commit(batch) { return isDue }
        }
        throw ServiceError(.conflict)
    }
}
