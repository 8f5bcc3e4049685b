import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct GetShardIteratorTests {
    @Test func `each type begins at its place`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        for sort in 1...3 {
            try await fixture.put(key("a", sort))
            fixture.advance(1000)
        }
        let records = try await fixture.all(arn)
        let second = try #require(records[1].dynamodb?.sequenceNumber)
        func read(
            _ type: ShardIteratorType, _ change: (inout GetShardIteratorInput) -> Void = { _ in }
        ) async throws(ServiceError) -> [String] {
            line(try await fixture.records(try await fixture.iterator(arn, type, change)))
        }
        #expect(try await read(.trimHorizon).count == 3)
        #expect(try await read(.latest).isEmpty)
        #expect(try await read(.atSequenceNumber) { $0.sequenceNumber = second } == ["INSERT a/2", "INSERT a/3"])
        #expect(try await read(.afterSequenceNumber) { $0.sequenceNumber = second } == ["INSERT a/3"])
        let times = Timestamp(millisecondsSinceEpoch: fixture.clock.now().millisecondsSinceEpoch - 2000)
        #expect(try await read(.atTimestamp) { $0.timestamp = times } == ["INSERT a/2", "INSERT a/3"])
        #expect(try await read(.atTimestamp) { $0.timestamp = Timestamp(secondsSinceEpoch: 0) }.count == 3)
        #expect(try await read(.atTimestamp) { $0.timestamp = fixture.clock.now() }.isEmpty)
    }

    @Test func `the numbers of a shard's range are places in it`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        fixture.advance(4 * StreamFixture.hour)
        let shard = try #require(try await fixture.describe(arn)?.shards?.first)
        let range = try #require(shard.sequenceNumberRange)
        for (type, number, count) in [
            (.atSequenceNumber, range.startingSequenceNumber, 1),
            (.afterSequenceNumber, range.startingSequenceNumber, 1),
            (.atSequenceNumber, range.endingSequenceNumber, 0), (.afterSequenceNumber, range.endingSequenceNumber, 0),
        ] as [(ShardIteratorType, String?, Int)] {
            let iterator = try await fixture.iterator(arn, type, shard: shard.shardID) { $0.sequenceNumber = number }
            let output = try await fixture.records(iterator)
            #expect(output.records?.count == count)
            #expect(output.nextShardIterator == nil)
        }
    }

    @Test func `the latest is what comes after the request`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        let iterator = try await fixture.iterator(arn, .latest)
        try await fixture.put(key("a", 2))
        #expect(line(try await fixture.records(iterator)) == ["INSERT a/2"])
    }

    @Test func `a place is found among many records, and none of another shard`() async throws {
        let fixture = StreamFixture(shardMilliseconds: 10_000)
        let arn = try await fixture.create()
        for sort in 0..<100 {
            try await fixture.put(key("a", sort))
            fixture.advance(1000)
        }
        let shards = try await fixture.shards(arn)
        #expect(shards.count == 11)
        var sorts: [String] = []
        for shard in shards {
            let output = try await fixture.records(try await fixture.iterator(arn, shard: shard))
            if shard != shards.last { #expect(output.records?.count == 10 && output.nextShardIterator == nil) }
            sorts += line(output)
        }
        #expect(sorts == (0..<100).map { "INSERT a/\($0)" })
    }

    @Test func `what a request needs and lacks is said`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        func wording(
            _ type: ShardIteratorType, _ change: (inout GetShardIteratorInput) -> Void = { _ in }
        ) async -> String? {
            await DynamoDBServiceTests.wording { () throws(ServiceError) in
                try await fixture.iterator(arn, type, change)
            }
        }
        #expect(
            await wording(.atSequenceNumber) == "SequenceNumber is required for ShardIteratorType AT_SEQUENCE_NUMBER")
        #expect(await wording(.atTimestamp) == "Timestamp is required for ShardIteratorType AT_TIMESTAMP")
        for type in [ShardIteratorType.trimHorizon, .latest] {
            #expect(
                await wording(type) { $0.sequenceNumber = "123456789012345678901" }
                    == "SequenceNumber must not be given for ShardIteratorType \(type.rawValue)")
        }
        let future = Timestamp(millisecondsSinceEpoch: fixture.clock.now().millisecondsSinceEpoch + 1)
        #expect(await wording(.atTimestamp) { $0.timestamp = future } == "Timestamp must not be in the future")
        let shard = try await fixture.shards(arn)[0]
        for number in ["123456789012345678901", String(repeating: "9", count: 40), "not a number of twenty"] {
            #expect(
                await wording(.afterSequenceNumber) { $0.sequenceNumber = number }
                    == "Invalid SequenceNumber: \(number) is not in the shard \(shard)")
        }
    }

    @Test func `a number older than a day is trimmed`() async throws {
        let fixture = StreamFixture(shardMilliseconds: 48 * StreamFixture.hour)
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        let number = try #require(try await fixture.all(arn).first?.dynamodb?.sequenceNumber)
        fixture.advance(24 * StreamFixture.hour + 1)
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.iterator(arn, .afterSequenceNumber) { $0.sequenceNumber = number }
        }
        #expect(refusal?.code == "TrimmedDataAccessException")
    }

    @Test func `a shard that is not there is said to be none`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        let shard = try await fixture.shards(arn)[0]
        let other = try await fixture.shards(try await fixture.create("other"))[0]
        for id in [other, "shardId-00000001795496430123-00000000", "shardId-x", String(shard.dropLast()), shard + "0"] {
            let refusal = await refused { () throws(ServiceError) in try await fixture.iterator(arn, shard: id) }
            #expect(refusal?.code == "ResourceNotFoundException")
            #expect(refusal?.message == "Requested resource not found: Shard does not exist")
        }
        fixture.advance(29 * StreamFixture.hour)
        let trimmed = await refused { () throws(ServiceError) in try await fixture.iterator(arn, shard: shard) }
        #expect(trimmed?.message == "Requested resource not found: Shard does not exist")
    }

    @Test func `the access is to the stream`() {
        let fixture = StreamFixture()
        let input = GetShardIteratorInput(streamARN: "arn", shardID: "shard", shardIteratorType: .latest)
        #expect(
            fixture.streams.access(input, fixture.context)
                == [ResourceAccess(action: "dynamodb:GetShardIterator", resource: "arn")])
    }
}
