internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// Point-in-time recovery.
extension DynamoDBService {
    /// The table as it is now; its point-in-time recovery is enabled, and when it began is known.
    ///
    /// `arn` is how the request names the table, where it does so by its ARN.
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

    /// The settings of a table's recovery with their beginning, which is noted once the commit that enabled it is
    /// durable: changes before that commit are not in the log, whatever the clock said when it was prepared.
    func settledRecovery(_ table: TableDescriptor) async throws(ServiceError) -> RecoverySettings? {
        guard let recovery = table.recovery, recovery.since == nil else { return table.recovery }
        // Whole seconds, rounded up: SDKs send the earliest moment back without its fraction.
        let now = self.clock.now()
        let since = Timestamp(secondsSinceEpoch: (now.millisecondsSinceEpoch + 999) / 1000)
        return try await self.catalog.update(table.reference) { (present, _) in
            if present.number == table.number, present.recovery?.since == nil { present.recovery?.since = since }
        }.table.recovery
    }
}

extension TableCatalog.Snapshot {
    /// What a commit checks and writes so that the table keeps its changes since a moment, for a copy, until `endCopy`.
    func beginningCopy(_ number: UInt64, since: Timestamp) -> (Check, Write) {
        var table = self.descriptor
        table.copies.append(RunningCopy(number: number, since: since))
        return (.unchanged(self.key, since: self.version), .set(self.key, TableRecord.encode(table)))
    }
}
