import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct DescribeStreamTests {
    @Test func `a stream is described with its table and its shard`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create(StreamFixture.table, .keysOnly)
        let stream = try #require(try await fixture.describe(arn))
        #expect(arn == "arn:aws:dynamodb:eu-central-1:123456789012:table/items/stream/2026-11-24T05:00:30.123")
        #expect(stream.streamARN == arn)
        #expect(stream.streamLabel == "2026-11-24T05:00:30.123")
        #expect(stream.streamStatus == .enabled)
        #expect(stream.streamViewType == .keysOnly)
        #expect(stream.tableName == "items")
        #expect(stream.creationRequestDateTime == fixture.clock.now())
        #expect(stream.keySchema?.map(\.attributeName) == ["pk", "sk"])
        #expect(stream.keySchema?.map(\.keyType) == [.hash, .range])
        #expect(stream.lastEvaluatedShardID == nil)
        let shard = try #require(stream.shards?.first)
        #expect(stream.shards?.count == 1)
        #expect(shard.shardID?.hasPrefix("shardId-00000001795496430123-") == true)
        #expect(shard.shardID?.utf8.count == 37)
        #expect(shard.parentShardID == nil)
        #expect((21...40).contains(shard.sequenceNumberRange?.startingSequenceNumber?.utf8.count ?? 0))
        #expect(shard.sequenceNumberRange?.endingSequenceNumber == nil)
    }

    @Test func `shards follow one another, each the child of the last, for a day`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        fixture.advance(9 * StreamFixture.hour)
        try await fixture.put(key("a", 2))
        let shards = try #require(try await fixture.describe(arn)?.shards)
        #expect(shards.count == 3)
        #expect(shards.map(\.parentShardID) == [nil, shards[0].shardID, shards[1].shardID])
        let ranges = shards.compactMap(\.sequenceNumberRange)
        #expect(ranges.map { $0.endingSequenceNumber == nil } == [false, false, true])
        let bounds = ranges.flatMap { [$0.startingSequenceNumber, $0.endingSequenceNumber] }.compactMap(\.self)
        #expect(bounds == bounds.sorted())
        let numbers = [
            try await fixture.all(arn, shard: shards[0].shardID).first?.dynamodb?.sequenceNumber,
            try await fixture.all(arn, shard: shards[2].shardID).first?.dynamodb?.sequenceNumber,
        ].compactMap(\.self)
        #expect(try await fixture.all(arn, shard: shards[1].shardID).isEmpty)
        try #require(numbers.count == 2)
        #expect(bounds[0] < numbers[0] && numbers[0] < bounds[1])
        #expect(bounds[4] < numbers[1])
        fixture.advance(100 * StreamFixture.hour)
        let later = try #require(try await fixture.describe(arn)?.shards)
        #expect(later.count == 7)
        #expect(later[0].parentShardID != nil)
    }

    @Test func `shards are told in pieces`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        fixture.advance(9 * StreamFixture.hour)
        let first = try #require(try await fixture.describe(arn) { $0.limit = 2 })
        #expect(first.shards?.count == 2)
        #expect(first.lastEvaluatedShardID == first.shards?.last?.shardID)
        let second = try #require(
            try await fixture.describe(arn) { $0.exclusiveStartShardID = first.lastEvaluatedShardID })
        #expect(second.shards?.count == 1)
        #expect(second.lastEvaluatedShardID == nil)
        let exact = try #require(try await fixture.describe(arn) { $0.limit = 3 })
        #expect(exact.lastEvaluatedShardID == nil)
        let none = try #require(
            try await fixture.describe(arn) { $0.exclusiveStartShardID = second.shards?.last?.shardID })
        #expect(none.shards?.isEmpty == true)
    }

    @Test func `the filter finds the children of a shard`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        fixture.advance(9 * StreamFixture.hour)
        let shards = try await fixture.shards(arn)
        func children(_ parent: String?) async throws(ServiceError) -> [String]? {
            try await fixture.describe(arn) {
                $0.shardFilter = ShardFilter(type: .childShards, shardID: parent)
            }?.shards?.compactMap(\.shardID)
        }
        #expect(try await children(shards[0]) == [shards[1]])
        #expect(try await children(shards[1]) == [shards[2]])
        #expect(try await children(shards[2]) == [])
    }

    @Test func `the stream of a deleted table is disabled and closed`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        try await fixture.deleteTable()
        let stream = try #require(try await fixture.describe(arn))
        #expect(stream.streamStatus == .disabled)
        #expect(stream.shards?.last?.sequenceNumberRange?.endingSequenceNumber != nil)
        fixture.advance(24 * StreamFixture.hour)
        #expect(try await fixture.describe(arn)?.shards?.count == 1)
        fixture.advance(1)
        #expect(
            await refused { () throws(ServiceError) in try await fixture.describe(arn) }?.code
                == "ResourceNotFoundException")
    }

    @Test func `a stream that is not there is named`() async throws {
        let fixture = StreamFixture()
        try await fixture.create()
        for arn in [
            "arn:aws:dynamodb:eu-central-1:123456789012:table/items/stream/2026-11-24T05:00:30.124",
            "arn:aws:dynamodb:eu-central-1:123456789012:table/nosuch/stream/2026-11-24T05:00:30.123",
            "arn:aws:dynamodb:eu-west-1:123456789012:table/items/stream/2026-11-24T05:00:30.123",
            "arn:aws:dynamodb:eu-central-1:000000000000:table/items/stream/2026-11-24T05:00:30.123",
        ] {
            let refusal = await refused { () throws(ServiceError) in try await fixture.describe(arn) }
            #expect(refusal?.code == "ResourceNotFoundException")
            #expect(refusal?.message == "Requested resource not found: Stream: \(arn) not found")
        }
    }

    @Test(arguments: [
        "arn:aws:dynamodb:eu-central-1:123456789012:table/items", "arn:aws:kinesis:eu-central-1:123456789012:stream/x",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/items/stream/latest",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/items/index/2026-11-24T05:00:30.123", "nothing at all",
    ])
    func `a text that is no ARN of a stream is refused`(_ arn: String) async throws {
        let fixture = StreamFixture()
        #expect(await wording { () throws(ServiceError) in try await fixture.describe(arn) } == "Invalid StreamArn")
    }

    @Test func `limits and shards that cannot be are refused`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        let other = try await fixture.create("other")
        let foreign = try await fixture.shards(other).first
        #expect(
            await wording { () throws(ServiceError) in try await fixture.describe(arn) { $0.limit = 101 } }
                == "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must "
                + "have value less than or equal to 100")
        #expect(try await fixture.describe(arn) { $0.limit = 100 } != nil)
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.describe(arn) { $0.exclusiveStartShardID = foreign }
        }
        #expect(refusal?.message == "Requested resource not found: Shard does not exist")
    }

    @Test func `the access is to the stream`() {
        let fixture = StreamFixture()
        #expect(
            fixture.streams.access(DescribeStreamInput(streamARN: "arn"), fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeStream", resource: "arn")])
    }
}
