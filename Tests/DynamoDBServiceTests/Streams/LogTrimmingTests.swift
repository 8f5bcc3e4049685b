import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct LogTrimmingTests {
    /// Past the day for which streams keep records, and the hour more for which the log keeps them.
    private static let trimmedAfter = 25 * StreamFixture.hour + 1

    /// Entries in the log of the first table that a store holds.
    private func count(_ fixture: StreamFixture, _ log: UInt64 = 1) async throws -> Int {
        try await fixture.store.readLog(LogID(log), after: nil, limit: 100, byteLimit: 1 << 20).entries.count
    }

    @Test func `changes older than a day go from the log, others stay`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        try await fixture.put(key("a", 2))
        fixture.advance(Self.trimmedAfter - 1)
        try await fixture.put(key("a", 3))
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 3)
        fixture.advance(1)
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 1)
        let iterator = try await fixture.iterator(arn)
        #expect(line(try await fixture.records(iterator)) == ["INSERT a/3"])
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 1)
    }

    @Test func `point-in-time recovery keeps changes for its days`() async throws {
        let fixture = StreamFixture()
        try await fixture.create()
        _ = try await fixture.service.updateContinuousBackups(
            UpdateContinuousBackupsInput(
                tableName: StreamFixture.table,
                pointInTimeRecoverySpecification: PointInTimeRecoverySpecification(
                    pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 2)),
            fixture.context)
        try await fixture.put(key("a", 1))
        fixture.advance(Self.trimmedAfter)
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 1)
        fixture.advance(Self.trimmedAfter)
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 0)
    }

    @Test func `the log of a deleted table goes a day after it, and its stream`() async throws {
        let fixture = StreamFixture()
        let arn = try await fixture.create()
        try await fixture.put(key("a", 1))
        try await fixture.deleteTable()
        await fixture.service.resume()
        fixture.advance(20 * StreamFixture.hour)
        await fixture.service.trimLogs()
        #expect(try await fixture.all(arn).count == 1)
        fixture.advance(5 * StreamFixture.hour + 1)
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 0)
        let rest = try await fixture.store.scan(.all, limit: 1000, byteLimit: 1 << 20, reverse: false).entries
        let own = rest.filter { $0.key[9] == 3 || $0.key[9] == 4 }
        #expect(own.isEmpty)
    }

    @Test func `a store that takes no writes keeps everything`() async throws {
        let fixture = StreamFixture()
        try await fixture.create()
        try await fixture.put(key("a", 1))
        fixture.advance(Self.trimmedAfter)
        fixture.store.refuseWrites("the disk is full")
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 1)
        fixture.store.refuseWrites(nil)
        await fixture.service.trimLogs()
        #expect(try await self.count(fixture) == 0)
    }
}
