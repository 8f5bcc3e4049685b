import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Telemetry
import Testing

struct ExpiryTests {
    /// Seconds of the fixtures' clock.
    private static let now = 1_795_496_430
    private static let fiveYears = 5 * 365 * 86_400

    private func fixture(_ viewType: DynamoDBModel.StreamViewType? = nil) async throws -> StreamFixture {
        let fixture = StreamFixture()
        try await fixture.create(StreamFixture.table, viewType)
        try await fixture.setTimeToLive("end")
        await fixture.service.jobs.whenIdle()
        return fixture
    }

    /// The sort keys that are there.
    private func left(_ fixture: StreamFixture) async throws -> [String] {
        let items = try await fixture.service.scan(ScanInput(tableName: StreamFixture.table), fixture.context).items
        return (items ?? []).compactMap { item in
            guard case .n(let sort)? = shown(item)["sk"] else { return nil }
            return sort.text
        }.sorted()
    }

    /// Keys of the time to live index, of whatever generation.
    private func entries(_ fixture: StreamFixture) async throws -> Int {
        let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF]
        return try await fixture.store.scan(
            KeyRange(prefix: prefix), limit: 1000, byteLimit: 1 << 20, reverse: false
        ).entries.count
    }

    @Test(
        arguments: [
            (int(Self.now - 1), true), (int(Self.now), false), (int(Self.now + 1), false),
            (int(Self.now - Self.fiveYears), true), (int(Self.now - Self.fiveYears - 1), false), (int(0), false),
            (int(-1), false), (.s("\(Self.now - 1)"), false), (.bool(true), false),
            (.ns([DynamoDBNumber(Self.now - 1)]), false),
            (int((Self.now - 1) * 1000), false), (number("1795496429.9"), true), (number("1795496430.1"), false),
            (number("1.795496429E9"), true), (number("1E125"), false), (number("1E-130"), false),
            (number("9999999999999999999999999999999999999"), false),
        ] as [(AttributeValue, Bool)])
    func `an item goes once its number of seconds is over`(_ end: AttributeValue, _ isDeleted: Bool) async throws {
        let fixture = try await self.fixture()
        try await fixture.put(key("a", 1) + [("end", end)])
        try await fixture.put(key("a", 2))
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture) == (isDeleted ? ["2"] : ["1", "2"]))
    }

    @Test func `time passes, and an end that was moved holds`() async throws {
        let fixture = try await self.fixture()
        for sort in 1...4 { try await fixture.put(key("a", sort) + [("end", int(Self.now + 10))]) }
        try await fixture.put(key("a", 2) + [("end", int(Self.now + 20))])
        try await fixture.put(key("a", 3))
        try await fixture.delete(key("a", 4))
        #expect(try await self.entries(fixture) == 2)
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture) == ["1", "2", "3"])
        fixture.advance(11_000)
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture) == ["2", "3"])
        fixture.advance(10_000)
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture) == ["3"])
        #expect(try await self.entries(fixture) == 0)
    }

    @Test func `a stream names the service that deleted an item`() async throws {
        let fixture = try await self.fixture(.newAndOldImages)
        try await fixture.put(key("a", 1) + [("end", int(Self.now - 1))])
        try await fixture.put(key("a", 2))
        try await fixture.delete(key("a", 2))
        await fixture.service.sweepExpiredItems()
        let streams = try await fixture.streams.listStreams(ListStreamsInput(), fixture.context).streams
        let records = try await fixture.all(try #require(streams?.first?.streamARN))
        #expect(records.map { line($0) } == ["INSERT a/1", "INSERT a/2", "REMOVE a/2", "REMOVE a/1"])
        #expect(records[2].userIdentity == nil)
        #expect(records[3].userIdentity?.type == "Service")
        #expect(records[3].userIdentity?.principalID == "dynamodb.amazonaws.com")
        #expect(records[3].dynamodb?.oldImage.map(shown)?["end"] == int(Self.now - 1))
    }

    @Test func `entries of secondary indexes go with the item`() async throws {
        let store = MemoryStore()
        let fixture = try await ItemFixture(ItemFixture.indexed, store: store)
        _ = try await fixture.service.updateTimeToLive(
            UpdateTimeToLiveInput(
                tableName: ItemFixture.table,
                timeToLiveSpecification: TimeToLiveSpecification(enabled: true, attributeName: "end")),
            fixture.context)
        try await fixture.put(key("a", 1) + [("gp", .s("x")), ("ls", .s("y")), ("end", int(Self.now - 1))])
        #expect(try await fixture.scan(index: "whole").count == 1)
        await fixture.service.sweepExpiredItems()
        #expect(try await fixture.scan(index: "whole").count == 0)
        #expect(try await fixture.scan(index: "local").count == 0)
    }

    @Test func `items from before the enabling go, too`() async throws {
        let fixture = StreamFixture()
        try await fixture.create(StreamFixture.table, nil)
        for sort in 0..<450 {
            try await fixture.put(key("p\(sort % 7)", sort) + (sort % 2 == 0 ? [("end", int(Self.now - 1))] : []))
        }
        try await fixture.setTimeToLive("end")
        // Writes that come while the index is being filled.
        try await fixture.put(key("p0", 0) + [("end", int(Self.now + 1000))])
        try await fixture.put(key("p2", 2) + [("end", int(Self.now - 1)), ("x", .s("changed"))])
        try await fixture.delete(key("p4", 4))
        await fixture.service.jobs.whenIdle()
        #expect(try await self.entries(fixture) == 224)
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture).count == 226)
        #expect(try await self.entries(fixture) == 1)
    }

    @Test func `filling that a stop cut off goes on after the next start`() async throws {
        let fixture = StreamFixture()
        try await fixture.create(StreamFixture.table, nil)
        for sort in 0..<10 { try await fixture.put(key("a", sort) + [("end", int(Self.now - 1))]) }
        // A server that is stopped has no jobs left.
        await fixture.service.jobs.stop()
        try await fixture.setTimeToLive("end")
        #expect(try await self.entries(fixture) == 0)
        let restarted = StreamFixture(fixture)
        await restarted.service.resume()
        await restarted.service.jobs.whenIdle()
        #expect(try await self.entries(fixture) == 10)
        await restarted.service.sweepExpiredItems()
        #expect(try await self.left(restarted).isEmpty)
    }

    @Test func `an index that is not wanted any more goes, and its items stay`() async throws {
        let fixture = try await self.fixture()
        try await fixture.put(key("a", 1) + [("end", int(Self.now - 1)), ("other", int(Self.now + 5))])
        try await fixture.setTimeToLive("end", false)
        await fixture.service.sweepExpiredItems()
        await fixture.service.jobs.whenIdle()
        #expect(try await self.left(fixture) == ["1"])
        #expect(try await self.entries(fixture) == 0)
        try await fixture.setTimeToLive("other")
        await fixture.service.jobs.whenIdle()
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture) == ["1"])
        fixture.advance(6000)
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture).isEmpty)
    }

    @Test func `a deleted table leaves nothing of its time to live`() async throws {
        let fixture = try await self.fixture()
        try await fixture.put(key("a", 1) + [("end", int(Self.now - 1))])
        try await fixture.deleteTable()
        await fixture.service.sweepExpiredItems()
        await fixture.service.resume()
        await fixture.service.jobs.whenIdle()
        let rest = try await fixture.store.scan(.all, limit: 1000, byteLimit: 1 << 20, reverse: false).entries
        #expect(rest.map(\.key).allSatisfy { $0[..<10] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] })
    }

    @Test func `time to live may be an attribute of the key`() async throws {
        let fixture = StreamFixture()
        try await fixture.create(StreamFixture.table, nil)
        try await fixture.setTimeToLive("sk")
        try await fixture.put(key("a", Self.now - 1))
        try await fixture.put(key("a", Self.now + 1))
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture) == ["\(Self.now + 1)"])
    }

    @Test func `what was deleted is counted as CloudWatch does`() async throws {
        let fixture = try await self.fixture()
        for sort in 0..<250 { try await fixture.put(key("a", sort) + [("end", int(Self.now - 1))]) }
        await fixture.service.sweepExpiredItems()
        await fixture.service.sweepExpiredItems()
        let ids = fixture.telemetry.totals.map(\.id).filter { $0.name == "TimeToLiveDeletedItemCount" }
        #expect(ids.count == 1)
        let id = try #require(ids.first)
        #expect(id.namespace == "AWS/DynamoDB")
        #expect(id.dimensions == [MetricDatum.Dimension("TableName", "items")])
        let sets = fixture.telemetry.statistics(
            of: id, from: Timestamp(secondsSinceEpoch: 0), to: Timestamp(secondsSinceEpoch: Int64(Self.now) + 60))
        #expect(sets.reduce(0) { $0 + $1.set.sum } == 250)
    }

    @Test func `a store that takes no writes keeps its items until it does`() async throws {
        let fixture = try await self.fixture()
        try await fixture.put(key("a", 1) + [("end", int(Self.now - 1))])
        fixture.store.refuseWrites("the disk is full")
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture) == ["1"])
        fixture.store.refuseWrites(nil)
        await fixture.service.sweepExpiredItems()
        #expect(try await self.left(fixture).isEmpty)
    }
}
