import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct GetRecordsTests {
    @Test func `records come in the order of their commits, with what they say`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1) + [("x", .s("one"))])
        fixture.advance(1500)
        try await fixture.put(key("a", 1) + [("x", .s("two"))])
        try await fixture.put(key("a", 1) + [("x", .s("two"))])
        try await fixture.delete(key("a", 1))
        let output = try await fixture.records(try await fixture.iterator(arn))
        #expect(line(output) == ["INSERT a/1", "MODIFY a/1", "REMOVE a/1"])
        #expect(output.nextShardIterator != nil)
        let records = try #require(output.records)
        let modify = try #require(records[1].dynamodb)
        #expect(records[1].eventVersion == "1.1")
        #expect(records[1].eventSource == "aws:dynamodb")
        #expect(records[1].awsRegion == "eu-central-1")
        #expect(records[1].userIdentity == nil)
        #expect(modify.oldImage.map(shown)?["x"] == .s("one"))
        #expect(modify.newImage.map(shown)?["x"] == .s("two"))
        #expect(modify.streamViewType == .newAndOldImages)
        #expect(modify.approximateCreationDateTime == Timestamp(secondsSinceEpoch: 1_795_496_431))
        // pk 2 + 1, sk 2 + 2, x 1 + 3: the keys, and two images of keys and x.
        #expect(modify.sizeBytes == 7 + 11 + 11)
        #expect(records[0].dynamodb?.oldImage == nil)
        #expect(records[2].dynamodb?.newImage == nil)
        let numbers = records.compactMap { $0.dynamodb?.sequenceNumber }
        #expect(numbers == numbers.sorted() && Set(numbers).count == 3)
        #expect(numbers.allSatisfy { (21...40).contains($0.utf8.count) })
        #expect(Set(records.compactMap(\.eventID)).count == 3)
        #expect(records.allSatisfy { $0.eventID?.utf8.count == 32 })
        #expect(try await fixture.all(arn).compactMap(\.eventID) == records.compactMap(\.eventID))
    }

    @Test(
        arguments: [
            (.keysOnly, false, false), (.newImage, true, false), (.oldImage, false, true),
            (.newAndOldImages, true, true),
        ] as [(DynamoDBModel.StreamViewType, Bool, Bool)])
    func `the view type says which images are there`(
        _ viewType: DynamoDBModel.StreamViewType, _ hasNew: Bool, _ hasOld: Bool
    ) async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create(StreamFixture.table, viewType)
        try await fixture.put(key("a", 1))
        try await fixture.put(key("a", 1) + [("x", .s("two"))])
        let record = try #require(try await fixture.all(arn).last?.dynamodb)
        #expect((record.newImage != nil) == hasNew)
        #expect((record.oldImage != nil) == hasOld)
        #expect(record.streamViewType?.rawValue == viewType.rawValue)
        #expect(record.keys?.count == 2)
        #expect(record.sizeBytes == 7 + (hasNew ? 11 : 0) + (hasOld ? 7 : 0))
    }

    @Test func `an iterator reads on where the last answer ended, and later`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        for sort in 1...5 { try await fixture.put(key("a", sort)) }
        let first = try await fixture.records(try await fixture.iterator(arn), limit: 2)
        #expect(line(first) == ["INSERT a/1", "INSERT a/2"])
        let second = try await fixture.records(try #require(first.nextShardIterator), limit: 1000)
        #expect(line(second) == ["INSERT a/3", "INSERT a/4", "INSERT a/5"])
        let third = try await fixture.records(try #require(second.nextShardIterator))
        #expect(line(third).isEmpty)
        try await fixture.put(key("a", 6))
        #expect(line(try await fixture.records(try #require(third.nextShardIterator))) == ["INSERT a/6"])
    }

    @Test func `changes of one transaction follow one another`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        let actions = (1...3).map {
            TransactWriteItem(put: Put(item: item(key("a", $0)), tableName: StreamFixture.table))
        }
        _ = try await fixture.service.transactWriteItems(
            TransactWriteItemsInput(transactItems: actions), fixture.context)
        let one = try await fixture.records(try await fixture.iterator(arn), limit: 1)
        #expect(line(one) == ["INSERT a/1"])
        let rest = try await fixture.records(try #require(one.nextShardIterator))
        #expect(line(rest) == ["INSERT a/2", "INSERT a/3"])
    }

    @Test func `an answer ends with the record that reaches a megabyte`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create(StreamFixture.table, .newImage)
        for sort in 1...6 { try await fixture.put(key("a", sort) + [("x", text(300_000))]) }
        let first = try await fixture.records(try await fixture.iterator(arn))
        #expect(first.records?.count == 4)
        let rest = try await fixture.records(try #require(first.nextShardIterator))
        #expect(line(rest) == ["INSERT a/5", "INSERT a/6"])
    }

    @Test func `a shard is left for the next one after its hours`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        let first = try await fixture.iterator(arn)
        fixture.advance(4 * StreamFixture.hour - 1)
        try await fixture.put(key("a", 2))
        let open = try await fixture.records(try await fixture.iterator(arn))
        #expect(line(open) == ["INSERT a/1", "INSERT a/2"])
        #expect(open.nextShardIterator != nil)
        fixture.advance(1)
        try await fixture.put(key("a", 3))
        let shards = try await fixture.shards(arn)
        #expect(shards.count == 2)
        let closed = try await fixture.records(try #require(open.nextShardIterator))
        #expect(closed.records?.isEmpty == true)
        #expect(closed.nextShardIterator == nil)
        let next = try await fixture.records(try await fixture.iterator(arn, shard: shards[1]))
        #expect(line(next) == ["INSERT a/3"])
        #expect(next.nextShardIterator != nil)
        #expect(
            await refused { () throws(ServiceError) in try await fixture.records(first) }?.code
                == "ExpiredIteratorException")
    }

    @Test func `a shard is not left while the clock is set back`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        fixture.advance(4 * StreamFixture.hour)
        let iterator = try await fixture.iterator(arn, shard: try await fixture.shards(arn).first)
        // The reading has made sure of the time: what is committed from now on belongs to the second shard.
        fixture.advance(-1000)
        try await fixture.put(key("a", 1))
        #expect(try await fixture.records(iterator).nextShardIterator == nil)
        let shards = try await fixture.shards(arn)
        #expect(shards.count == 2)
        #expect(line(try await fixture.records(try await fixture.iterator(arn))) == ["INSERT a/1"])
    }

    @Test func `an iterator serves for fifteen minutes, a restart or not`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        let iterator = try await fixture.iterator(arn)
        fixture.advance(15 * 60_000)
        #expect(line(try await StreamFixture(fixture).records(iterator)) == ["INSERT a/1"])
        fixture.advance(1)
        let refusal = await refused { () throws(ServiceError) in try await fixture.records(iterator) }
        #expect(refusal?.code == "ExpiredIteratorException")
        #expect(refusal?.message == "The provided iterator exceeds the maximum age allowed.")
    }

    @Test func `an iterator that was changed is none`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        let other = try await fixture.create("other")
        let iterator = try await fixture.iterator(arn)
        let changed = [
            "x", "", arn, "\(arn)|1|", "\(arn)|1|AAAA", iterator + "A", iterator.replacing("|1|", with: "|2|"),
            iterator.replacing(arn, with: other), String(iterator.dropLast(4)),
        ]
        for text in changed {
            #expect(
                await wording { () throws(ServiceError) in try await fixture.records(text) }
                    == "Invalid ShardIterator", "\(text)")
        }
        let foreign = StreamFixture(fixture, key: 8)
        #expect(
            await wording { () throws(ServiceError) in try await foreign.records(iterator) }
                == "Invalid ShardIterator")
    }

    @Test func `what is older than a day is trimmed`() async throws {
        let fixture = StreamFixture(shardMilliseconds: 48 * StreamFixture.hour)
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        fixture.advance(24 * StreamFixture.hour)
        try await fixture.put(key("a", 2))
        let iterator = try await fixture.iterator(arn)
        #expect(line(try await fixture.records(iterator)) == ["INSERT a/1", "INSERT a/2"])
        fixture.advance(1)
        let refusal = await refused { () throws(ServiceError) in try await fixture.records(iterator) }
        #expect(refusal?.code == "TrimmedDataAccessException")
        #expect(refusal?.message == "The data you are trying to access has been trimmed.")
        #expect(line(try await fixture.records(try await fixture.iterator(arn))) == ["INSERT a/2"])
    }

    @Test(arguments: [1001, 5000])
    func `a limit over 1000 is refused`(_ limit: Int) async throws {
        let fixture = StreamFixture()
        let iterator = try await fixture.iterator(try await fixture.create())
        #expect(
            await wording { () throws(ServiceError) in try await fixture.records(iterator, limit: limit) }
                == "1 validation error detected: Value '\(limit)' at 'limit' failed to satisfy constraint: Member must "
                + "have value less than or equal to 1000")
        #expect(try await fixture.records(iterator, limit: 1000).records?.isEmpty == true)
    }

    @Test func `a stream of a deleted table is read for a day`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        try await fixture.deleteTable()
        let again = try await fixture.create()
        try await fixture.put(key("a", 2))
        await fixture.service.resume()
        #expect(again == arn, "the clock stands still, so both have one label")
        fixture.advance(1)
        try await fixture.deleteTable()
        let third = try await fixture.create()
        try await fixture.put(key("a", 3))
        await fixture.service.resume()
        let old = try await fixture.records(try await fixture.iterator(again))
        #expect(line(old) == ["INSERT a/2"])
        #expect(old.nextShardIterator == nil)
        #expect(line(try await fixture.records(try await fixture.iterator(third))) == ["INSERT a/3"])
        let iterator = try await fixture.iterator(again)
        fixture.advance(24 * StreamFixture.hour + 1)
        let refusal = await refused { () throws(ServiceError) in try await fixture.describe(again) }
        #expect(refusal?.message == "Requested resource not found: Stream: \(again) not found")
        _ = iterator
    }

    @Test func `the access is to the stream that the iterator names`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        let iterator = try await fixture.iterator(arn)
        #expect(
            fixture.streams.access(GetRecordsInput(shardIterator: iterator), fixture.context)
                == [ResourceAccess(action: "dynamodb:GetRecords", resource: arn)])
        #expect(
            fixture.streams.access(GetRecordsInput(shardIterator: "x"), fixture.context)
                == [ResourceAccess(action: "dynamodb:GetRecords", resource: "*")])
    }
}
