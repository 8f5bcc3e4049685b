internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
package import ServiceModel
internal import Signing

/// The progress of delivering a table's changes to its Kinesis data stream.
///
///     0 (8) · 13 (2) · number of the table (8) → delivery
///
/// Written in the commit that enables the destination, so that its version is where the delivery starts, and advanced
/// after records are put: a crash between the two puts them again, as on AWS.
struct KinesisDelivery: Sendable, Equatable {
    let table: TableReference
    let streamARN: String
    /// The last entry of the table's log that is in the stream; nil before the first.
    var position: LogPosition?

    static let all = KeyRange(prefix: KeySpace(table: 0, index: 13).prefix)

    static func key(_ number: UInt64) -> [UInt8] {
        var key = self.all.start
        BigEndian.append(number, to: &key)
        return key
    }

    var encoded: [UInt8] {
        var fields = RecordFields()
        fields.set("account", self.table.account.description)
        fields.set("region", self.table.region.description)
        fields.set("name", self.table.name)
        fields.set("stream", self.streamARN)
        fields.set("version", self.position?.version.rawValue)
        fields.set("index", self.position.map { Int($0.index) })
        return fields.encoded
    }

    init(_ table: TableReference, streamARN: String) {
        self.table = table
        self.streamARN = streamARN
    }

    /// - Returns: nil when the record is damaged.
    init?(_ bytes: [UInt8]) {
        guard let fields = RecordFields(bytes), let account = fields.text("account").flatMap(AccountID.init),
            let region = fields.text("region").flatMap(Region.init), let name = fields.text("name"),
            let stream = fields.text("stream")
        else { return nil }
        self.init(TableReference(account: account, region: region, name: name), streamARN: stream)
        if let version = fields.number("version"), let index = fields.integer("index").flatMap(UInt32.init(exactly:)) {
            self.position = LogPosition(version: CommitVersion(version), index: index)
        }
    }
}

extension DynamoDBService {
    /// Log entries put into the stream at once, and their bytes.
    private static let deliveryCountMax = 100
    private static let deliveryBytesMax = 1 << 20

    /// The numbers of all tables, of every account, that have a delivery.
    func deliveringTables() async throws(ServiceError) -> [UInt64] {
        try await self.keys(in: KinesisDelivery.all).compactMap(ReplicationLink.source(ofKey:))
    }

    /// Delivers some of a table's changes.
    ///
    /// Changes that cannot be put stay in the log, which keeps them for a day; AWS retries as long.
    /// - Returns: nil when the table has no delivery.
    func deliveryStep(_ number: UInt64) async throws(ServiceError) -> Replicator.Step? {
        let key = KinesisDelivery.key(number)
        guard let record = try await self.items.get([key], .forAnswer)[0] else { return nil }
        guard var delivery = KinesisDelivery(record.value) else { throw ServiceError(.corrupt("delivery")) }
        let table = try await self.catalog.snapshot(delivery.table)?.descriptor
        guard let table, table.number == number, let destination = table.kinesisDestinations.active,
            destination.streamARN == delivery.streamARN, let stream = ARN(delivery.streamARN)
        else {
            try await self.move(key, record.version, to: nil)
            return .gone
        }
        guard await self.dataStreams.hasStream(stream) else { return .idle(CommitVersion(.max)) }
        let position = delivery.position ?? .end(of: record.version)
        let page = try await storing { () throws(StorageError) in
            try await self.store.readLog(
                table.log, after: position, limit: Self.deliveryCountMax, byteLimit: Self.deliveryBytesMax)
        }
        guard let last = page.entries.last else { return .idle(page.watermark) }
        var records: [DataStreamRecord] = []
        for entry in page.entries {
            guard let change = ChangeRecord(entry.payload) else { throw ServiceError(.corrupt("change record")) }
            records.append(KinesisRecord.record(change, entry, table, destination))
        }
        do throws(DataStreamError) {
            try await self.dataStreams.put(records, in: stream)
        } catch {
            // The next start tries again. A failure would hold up the table's replicas, which share the job.
            return .idle(CommitVersion(.max))
        }
        CrashPoint.reach("dynamodb.delivery.put")
        delivery.position = last.position
        try await self.move(key, record.version, to: delivery)
        return .more
    }

    /// For tests, which control when delivery runs: delivers all pending changes.
    package func deliver() async throws(ServiceError) {
        for number in try await self.deliveringTables() {
            while try await self.deliveryStep(number) == .more {}
        }
    }

    /// If another process of the cluster won, it has put the records too.
    private func move(
        _ key: [UInt8], _ version: CommitVersion, to delivery: KinesisDelivery?
    ) async throws(ServiceError) {
        let write: Write = delivery.map { .set(key, $0.encoded) } ?? .delete(key)
        do throws(StorageError) {
            try await self.store.commit(Batch(checks: [.unchanged(key, since: version)], writes: [write]))
        } catch .checkFailed, .conflict {
            return
        } catch {
            throw ServiceError(error)
        }
    }
}

/// The record of a change in a data stream.
private enum KinesisRecord {
    /// - Source: records of AWS, as in examples of Lambda's events. `ApproximateCreationDateTimePrecision` is only in
    ///   those of a destination whose precision was requested.
    static func record(
        _ change: ChangeRecord, _ entry: LogEntry, _ table: TableDescriptor, _ destination: KinesisDestination
    ) -> DataStreamRecord {
        let keys = (change.new ?? change.old)?.filter { table.schema.contains($0) } ?? AttributeMap()
        var text = JSONObjectText()
        text.add("awsRegion", table.region.description)
        text.add("eventID", self.eventID(entry, table))
        text.add("eventName", change.old == nil ? "INSERT" : change.new == nil ? "REMOVE" : "MODIFY")
        if change.actor == .timeToLive {
            var identity = JSONObjectText()
            identity.add("principalId", "dynamodb.amazonaws.com")
            identity.add("type", "Service")
            text.add("userIdentity", json: identity.bytes)
        } else {
            text.add("userIdentity", nil)
        }
        text.add("recordFormat", "application/json")
        text.add("tableName", table.name)
        var body = JSONObjectText()
        let milliseconds = Int(entry.time.millisecondsSinceEpoch)
        body.add(
            "ApproximateCreationDateTime",
            destination.precision == "MICROSECOND" ? milliseconds * 1000 : milliseconds)
        if let precision = destination.precision { body.add("ApproximateCreationDateTimePrecision", precision) }
        body.add("Keys", json: self.text(keys))
        if let new = change.new { body.add("NewImage", json: self.text(new)) }
        if let old = change.old { body.add("OldImage", json: self.text(old)) }
        let sizes = [keys, change.new, change.old].map { $0?.itemBytes ?? 0 }
        body.add("SizeBytes", sizes.reduce(0, +))
        text.add("dynamodb", json: body.bytes)
        text.add("eventSource", "aws:dynamodb")
        return DataStreamRecord(partitionKey: self.partitionKey(keys), data: text.bytes)
    }

    /// A UUID that is the same each time the record is put, so that duplicates can be recognized.
    private static func eventID(_ entry: LogEntry, _ table: TableDescriptor) -> String {
        let number = SequenceNumber(time: entry.time, position: entry.position).text
        var rest = Digest256(hashing: Array("\(table.tableID)/\(number)".utf8)).description.prefix(32)
        var parts: [Substring] = []
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    /// 32 hexadecimal digits, as on AWS: all changes of one item go to one shard.
    private static func partitionKey(_ keys: AttributeMap) -> String {
        Digest256(hashing: keys.bytes).description.prefix(32).uppercased()
    }

    private static func text(_ item: AttributeMap) -> [UInt8] {
        var text: [UInt8] = []
        ExportLines.append(item, to: &text)
        return text
    }
}
