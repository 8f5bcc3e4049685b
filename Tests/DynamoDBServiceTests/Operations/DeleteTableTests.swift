import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceModel
import Testing

struct DeleteTableTests {
    /// Everything that a store holds but the catalogue's counter.
    private static func rest(_ store: MemoryStore) async throws -> [Page.Entry] {
        let counter = [UInt8](repeating: 0, count: 10) + Array("next-table".utf8)
        let page = try await store.scan(.all, limit: 1000, byteLimit: 1 << 20, reverse: false)
        return page.entries.filter { $0.key != counter }
    }

    @Test func `a deleted table is gone at once, with its items`() async throws {
        let fixture = TableFixture()
        try await fixture.create(
            tableInput("table", defined("pk", "a"), [hash("pk")]) {
                $0.globalSecondaryIndexes = [globalIndex("one", [hash("a")])]
            }
        )
        for number in 0..<50 {
            try await fixture.put("table", [("pk", .s("\(number)")), ("a", .s("x"))])
        }
        let answer = try #require(try await fixture.delete("table"))
        #expect(answer.tableStatus == .deleting)
        #expect(answer.tableName == "table")
        #expect(answer.globalSecondaryIndexes?.first?.indexStatus == .deleting)
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.describe("table") }
        #expect(refusal?.code == "ResourceNotFoundException")
        let write = await #expect(throws: ServiceError.self) {
            try await fixture.put("table", [("pk", .s("late"))])
        }
        #expect(write?.code == "ResourceNotFoundException")
        await fixture.service.resume()
        #expect(try await Self.rest(fixture.store).isEmpty)
    }

    @Test func `the next table of the name is another one, and empty`() async throws {
        let fixture = TableFixture()
        let first = try #require(try await fixture.create(tableInput()))
        try await fixture.put("table", [("pk", .s("a"))])
        try await fixture.delete("table")
        let second = try #require(try await fixture.create(tableInput()))
        #expect(second.tableID != first.tableID)
        #expect(try await fixture.describe("table")?.itemCount == 0)
        await fixture.service.resume()
        try await fixture.put("table", [("pk", .s("b"))])
        #expect(try await fixture.describe("table")?.itemCount == 1)
    }

    @Test func `what a stop left behind is removed after the next start`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.put("table", [("pk", .s("a"))])
        // The commit of a deletion, whose process ended before the items were removed: the record gone, the mark set.
        let entries = try await Self.rest(fixture.store)
        let record = try #require(entries.first { $0.key[..<10] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1] })
        let mark: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 1]
        try await fixture.store.commit(Batch(writes: [.delete(record.key), .set(mark, [])]))
        let restarted = TableFixture(store: fixture.store)
        await restarted.service.resume()
        #expect(try await Self.rest(fixture.store).isEmpty)
        await restarted.service.resume()
    }

    @Test func `a mark that names no table removes nothing`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let mark: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 0]
        try await fixture.store.commit(Batch(writes: [.set(mark, [])]))
        await fixture.service.resume()
        #expect(try await fixture.describe("table")?.tableName == "table")
    }

    @Test func `a protected table stays`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.deletionProtectionEnabled = true })
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.delete("table") }
        #expect(refusal?.code == "ValidationException")
        #expect(
            refusal?.message
                == "Resource cannot be deleted as it is currently protected against deletion. "
                + "Disable deletion protection first."
        )
        #expect(try await fixture.describe("table")?.tableStatus == .active)
    }

    @Test func `a missing table is named`() async {
        let refusal = await #expect(throws: ServiceError.self) { try await TableFixture().delete("missing") }
        #expect(refusal?.code == "ResourceNotFoundException")
        #expect(refusal?.message == "Requested resource not found: Table: missing not found")
    }

    @Test func `of many deletions of one table one succeeds`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let successes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask { (try? await fixture.delete("table")) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 1)
    }

    @Test func `a damaged record is the operator's matter, and no table is lost to it`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let entries = try await Self.rest(fixture.store)
        let record = try #require(entries.first { $0.key[..<10] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1] })
        try await fixture.store.commit(Batch(writes: [.set(record.key, [9, 9, 9])]))
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.delete("table") }
        #expect(refusal?.status == 503)
        #expect(try await fixture.store.get([record.key], .forAnswer)[0] != nil)
    }

    @Test func `the access is to the table`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(DeleteTableInput(tableName: "orders"), fixture.context) == [
                ResourceAccess(
                    action: "dynamodb:DeleteTable",
                    resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
                )
            ]
        )
    }
}
