internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// Point-in-time recovery.
extension DynamoDBService {
    /// The current table, with point-in-time recovery enabled and its beginning known.
    ///
    /// `arn` is the table's ARN if the request names it so.
    func recoverable(
        _ reference: TableReference, arn: String? = nil
    ) async throws(ServiceError) -> TableCatalog.Snapshot {
        let absent = ServiceError.sourceNotFound(arn ?? reference.name)
        guard var found = try await self.catalog.snapshot(reference) else { throw absent }
        if let recovery = found.descriptor.recovery, recovery.since == nil {
            _ = try await self.settledRecovery(found.descriptor)
            guard let again = try await self.catalog.snapshot(reference) else { throw absent }
            found = again
        }
        guard found.descriptor.recovery?.since != nil else {
            throw DynamoDBError.pointInTimeRecoveryUnavailable(
                message: "Point in time recovery is not enabled for table '\(reference.name)'"
            )
        }
        return found
    }

    /// The recovery settings of a table with the beginning, which is set once the commit that enabled recovery is
    /// durable: changes before that commit are not in the log, whatever the clock said when it was prepared.
    func settledRecovery(_ table: TableDescriptor) async throws(ServiceError) -> RecoverySettings? {
        guard let recovery = table.recovery, recovery.since == nil else { return table.recovery }
        let since = self.clock.now().roundedUpToSecond
        return try await self.catalog.update(table.reference) { (present, _) in
            if present.number == table.number, present.recovery?.since == nil { present.recovery?.since = since }
        }.table.recovery
    }
}

extension TableCatalog.Snapshot {
    /// The check and the write with which a table starts keeping its changes since a moment for a copy, until
    /// `endCopy`.
    func beginningCopy(_ number: UInt64, since: Timestamp) -> (Check, Write) {
        var table = self.descriptor
        table.copies.append(RunningCopy(number: number, since: since))
        return (.unchanged(self.key, since: self.version), .set(self.key, TableRecord.encode(table)))
    }
}
