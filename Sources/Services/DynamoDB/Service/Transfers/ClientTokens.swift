internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// The client tokens of exports, imports and bulk operations.
extension DynamoDBService {
    /// "A client token is valid for 8 hours after the first request that uses it is completed."
    static let clientTokenMilliseconds: Int64 = 8 * 3_600_000

    /// A request with a client token.
    struct TokenUse: Sendable {
        let key: [UInt8]
        /// A hash of the request's parameters.
        let fingerprint: [UInt8]
    }

    /// The present meaning of a token.
    enum TokenState: Sendable {
        /// Unused: the commit that starts the work includes this check and this write.
        case free(Check, @Sendable (_ record: [UInt8]) -> Write)
        /// The same request started the work in this record.
        case used(record: [UInt8])
        /// Used by another request.
        case taken
    }

    func state(of use: TokenUse) async throws(ServiceError) -> TokenState {
        let read = try await storing { () throws(StorageError) in try await self.store.get([use.key], .forAnswer) }
        let now = self.clock.now().millisecondsSinceEpoch
        if let token = read[0], now - token.time.millisecondsSinceEpoch <= Self.clientTokenMilliseconds {
            guard let fields = RecordFields(token.value), let record = fields.bytes("record") else {
                throw ServiceError(.corrupt("client token"))
            }
            return fields.bytes("fingerprint") == use.fingerprint ? .used(record: record) : .taken
        }
        return .free(.unchanged(use.key, since: read[0]?.version)) { record in
            var fields = RecordFields()
            fields.set("record", record)
            fields.set("fingerprint", use.fingerprint)
            return .set(use.key, fields.encoded)
        }
    }

    /// Removes records of exports, imports and bulk operations that are no longer listed, and expired tokens.
    func removeOldTransfers() async {
        let now = self.clock.now().millisecondsSinceEpoch
        for kind in [BackupKeys.Kind.export, .import, .bulk] {
            await self.remove(BackupKeys.all(kind), before: now - ExportDescriptor.keptMilliseconds)
            await self.remove(BackupKeys.tokens(kind), before: now - Self.clientTokenMilliseconds)
        }
    }

    /// Removes records last written before a time.
    private func remove(_ range: KeyRange, before time: Int64) async {
        var range = range
        do throws(StorageError) {
            while !range.isEmpty, !Task.isCancelled {
                let page = try await self.store.scan(
                    range, limit: TableCatalog.sliceCountMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
                for entry in page.entries where entry.record.time.millisecondsSinceEpoch < time {
                    let check = Check.unchanged(entry.key, since: entry.record.version)
                    try await self.store.commit(Batch(checks: [check], writes: [.delete(entry.key)]))
                }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // Expired records are not shown; the next round removes the rest.
            return
        }
    }
}
