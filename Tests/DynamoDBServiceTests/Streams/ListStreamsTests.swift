import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct ListStreamsTests {
    private func list(
        _ fixture: StreamFixture, _ change: (inout ListStreamsInput) -> Void = { _ in }
    ) async throws(ServiceError) -> ListStreamsOutput {
        var input = ListStreamsInput()
        change(&input)
        return try await fixture.streams.listStreams(input, fixture.context)
    }

    @Test func `streams are listed with their tables and labels`() async throws {
        let fixture = StreamFixture()
        #expect(try await self.list(fixture).streams?.isEmpty == true)
        let arn = try await fixture.create()
        try await fixture.create("without", nil)
        let output = try await self.list(fixture)
        #expect(output.streams?.count == 1)
        #expect(output.streams?.first?.streamARN == arn)
        #expect(output.streams?.first?.tableName == "items")
        #expect(output.streams?.first?.streamLabel == "2026-11-24T05:00:30.123")
        #expect(output.lastEvaluatedStreamARN == nil)
    }

    @Test func `those of one table are listed alone`() async throws {
        let fixture = StreamFixture()
        try await fixture.create("one")
        let two = try await fixture.create("one-more")
        #expect(try await self.list(fixture) { $0.tableName = "one-more" }.streams?.compactMap(\.streamARN) == [two])
        #expect(try await self.list(fixture) { $0.tableName = "one" }.streams?.count == 1)
        #expect(try await self.list(fixture) { $0.tableName = "on" }.streams?.isEmpty == true)
    }

    @Test func `a list comes in pieces`() async throws {
        let fixture = StreamFixture()
        for number in 0..<5 { try await fixture.create("table-\(number)") }
        var seen: [String] = []
        var start: String?
        for _ in 0..<5 {
            let output = try await self.list(fixture) {
                $0.limit = 2
                $0.exclusiveStartStreamARN = start
            }
            seen += (output.streams ?? []).compactMap(\.tableName)
            start = output.lastEvaluatedStreamARN
            if start == nil { break }
        }
        #expect(seen == (0..<5).map { "table-\($0)" })
        #expect(try await self.list(fixture) { $0.limit = 5 }.lastEvaluatedStreamARN == nil)
    }

    @Test func `streams of deleted tables are listed for a day`() async throws {
        let fixture = StreamFixture()
        let old = try await fixture.create()
        try await fixture.deleteTable()
        fixture.advance(1)
        let new = try await fixture.create()
        #expect(try await self.list(fixture).streams?.compactMap(\.streamARN) == [old, new])
        fixture.advance(24 * StreamFixture.hour)
        #expect(try await self.list(fixture) { $0.limit = 1 }.streams?.compactMap(\.streamARN) == [new])
    }

    @Test func `accounts and regions have streams of their own`() async throws {
        let fixture = StreamFixture()
        try await fixture.create()
        for context in [TableFixture.context(account: "000000000000"), TableFixture.context(region: "eu-central-2")] {
            #expect(try await fixture.streams.listStreams(ListStreamsInput(), context).streams?.isEmpty == true)
        }
    }

    @Test func `a limit over 100 is refused`() async throws {
        let fixture = StreamFixture()
        #expect(
            await wording { () throws(ServiceError) in try await self.list(fixture) { $0.limit = 101 } }
                == "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must "
                + "have value less than or equal to 100")
        #expect(try await self.list(fixture) { $0.limit = 100 }.streams?.isEmpty == true)
    }

    @Test func `the access is to all streams`() {
        let fixture = StreamFixture()
        #expect(
            fixture.streams.access(ListStreamsInput(), fixture.context)
                == [ResourceAccess(action: "dynamodb:ListStreams", resource: "*")])
    }
}
