import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Signing
import Telemetry
import Testing

/// A table with a stream, on a store in memory whose time the test owns, and what tests read of it.
struct StreamFixture {
    static let table = "items"
    static let hour: Int64 = 3_600_000

    let clock: ManualClock
    let store: MemoryStore
    let service: DynamoDBService
    let streams: DynamoDBStreamsService
    /// The metrics of what was done.
    let telemetry = MetricHistory()
    let context = TableFixture.context()

    /// A service; what another left in its store and on its clock is there, if one is given.
    init(_ earlier: StreamFixture? = nil, shardMilliseconds: Int64 = 4 * Self.hour, key: UInt8 = 7) {
        // 2026-11-24T05:00:30.123
        self.clock = earlier?.clock ?? ManualClock(Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
        self.store = earlier?.store ?? MemoryStore(clock: self.clock)
        self.service = DynamoDBService(
            store: self.store, clock: self.clock, random: SeededRandomSource(seed: 7), telemetry: self.telemetry)
        guard let box = SecretBox(key: [UInt8](repeating: key, count: SecretBox.keyBytes)) else {
            preconditionFailure("a key of \(SecretBox.keyBytes) bytes is one")
        }
        self.streams = DynamoDBStreamsService(
            store: self.store, clock: self.clock, box: box, shardMilliseconds: shardMilliseconds)
    }

    /// Makes the table `items`, with keys `pk` and `sk`.
    /// - Returns: the ARN of its stream.
    @discardableResult
    func create(
        _ name: String = Self.table, _ viewType: DynamoDBModel.StreamViewType? = .newAndOldImages
    ) async throws -> String {
        var input = ItemFixture.plain
        input.tableName = name
        input.streamSpecification = viewType.map { StreamSpecification(streamEnabled: true, streamViewType: $0) }
        let answer = try await self.service.createTable(input, self.context)
        return answer.tableDescription?.latestStreamARN ?? ""
    }

    func put(_ entries: [(String, AttributeValue)], _ table: String = Self.table) async throws(ServiceError) {
        _ = try await self.service.putItem(PutItemInput(tableName: table, item: item(entries)), self.context)
    }

    func delete(_ entries: [(String, AttributeValue)]) async throws(ServiceError) {
        _ = try await self.service.deleteItem(
            DeleteItemInput(tableName: Self.table, key: item(entries)), self.context)
    }

    func deleteTable(_ name: String = Self.table) async throws(ServiceError) {
        _ = try await self.service.deleteTable(DeleteTableInput(tableName: name), self.context)
    }

    func describe(
        _ arn: String, _ change: (inout DescribeStreamInput) -> Void = { _ in }
    ) async throws(ServiceError) -> StreamDescription? {
        var input = DescribeStreamInput(streamARN: arn)
        change(&input)
        return try await self.streams.describeStream(input, self.context).streamDescription
    }

    func shards(_ arn: String) async throws(ServiceError) -> [String] {
        try await self.describe(arn)?.shards?.compactMap(\.shardID) ?? []
    }

    /// An iterator of the last shard, unless another is named.
    func iterator(
        _ arn: String, _ type: ShardIteratorType = .trimHorizon, shard: String? = nil,
        _ change: (inout GetShardIteratorInput) -> Void = { _ in }
    ) async throws(ServiceError) -> String {
        var shardID = shard
        if shardID == nil { shardID = try await self.shards(arn).last }
        var input = GetShardIteratorInput(streamARN: arn, shardID: shardID ?? "", shardIteratorType: type)
        change(&input)
        return try await self.streams.getShardIterator(input, self.context).shardIterator ?? ""
    }

    func records(_ iterator: String, limit: Int? = nil) async throws(ServiceError) -> GetRecordsOutput {
        try await self.streams.getRecords(GetRecordsInput(shardIterator: iterator, limit: limit), self.context)
    }

    /// Everything that can be read of a shard from its beginning.
    func all(_ arn: String, shard: String? = nil) async throws(ServiceError) -> [DynamoDBStreamsModel.Record] {
        try await self.records(try await self.iterator(arn, shard: shard)).records ?? []
    }

    func advance(_ milliseconds: Int64) {
        self.clock.advance(milliseconds: milliseconds)
    }
}

/// What a record says, in one line: `INSERT a/1`.
func line(_ record: DynamoDBStreamsModel.Record) -> String {
    let keys = record.dynamodb?.keys.map(shown)
    guard case .s(let partition)? = keys?["pk"], case .n(let sort)? = keys?["sk"] else { return "no keys" }
    return "\(record.eventName?.rawValue ?? "nil") \(partition)/\(sort.text)"
}

func line(_ output: GetRecordsOutput) -> [String] {
    (output.records ?? []).map { line($0) }
}
