import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

private let inUse = "ResourceInUseException: Attempt to change a resource which is still in use: "
private let notFound = "ResourceNotFoundException: Requested resource not found"

/// Tables of a server that was told that their states take a second.
struct TableTransitionTests {
    private let fixture = TableFixture(transitionMilliseconds: 1000)

    private func refusal<Answer: Sendable>(_ request: () async throws(ServiceError) -> Answer) async -> String? {
        await refused(request).map { "\($0.code): \($0.message)" }
    }

    private func update(_ change: (inout UpdateTableInput) -> Void) async throws(ServiceError) -> TableDescription? {
        var input = UpdateTableInput(tableName: "table")
        change(&input)
        return try await self.fixture.service.updateTable(input, self.fixture.context).tableDescription
    }

    private func put() async throws(ServiceError) {
        try await self.fixture.put("table", [("pk", .s("a")), ("a", .s("x"))])
    }

    private func status() async throws(ServiceError) -> TableStatus? {
        try await self.fixture.describe("table")?.tableStatus
    }

    @Test func `a table that is being created takes no items and no changes`() async throws {
        try await self.fixture.create(tableInput())
        #expect(try await self.status() == .creating)
        #expect(await self.refusal { () throws(ServiceError) in try await self.put() } == notFound)
        #expect(
            await self.refusal { () throws(ServiceError) in
                try await self.fixture.service.scan(ScanInput(tableName: "table"), self.fixture.context)
            } == notFound)
        let created = inUse + "Table is being created: table"
        #expect(
            await self.refusal { () throws(ServiceError) in
                try await self.update { $0.deletionProtectionEnabled = true }
            } == created)
        #expect(await self.refusal { () throws(ServiceError) in try await self.fixture.delete("table") } == created)
        #expect(
            await self.refusal { () throws(ServiceError) in try await self.fixture.create(tableInput()) } == created)
        self.fixture.clock.advance(milliseconds: 999)
        #expect(await self.refusal { () throws(ServiceError) in try await self.put() } == notFound)
        self.fixture.clock.advance(milliseconds: 1)
        #expect(try await self.status() == .active)
        try await self.put()
        #expect(
            await self.refusal { () throws(ServiceError) in try await self.fixture.create(tableInput()) }
                == "ResourceInUseException: Table already exists: table")
    }

    @Test func `a table that is being updated takes items, and few changes`() async throws {
        try await self.fixture.create(UpdateFixture.provisioned)
        self.fixture.clock.advance(milliseconds: 1000)
        _ = try await self.update { $0.provisionedThroughput = units(20, 20) }
        #expect(try await self.status() == .updating)
        try await self.put()
        #expect(
            await self.refusal { () throws(ServiceError) in
                try await self.update { $0.provisionedThroughput = units(30, 20) }
            } == inUse + "Table IOPS are currently being updated. Table: table")
        let updated = inUse + "Table: table is in the process of being updated."
        #expect(
            await self.refusal { () throws(ServiceError) in
                try await self.update { $0.streamSpecification = StreamSpecification(streamEnabled: false) }
            } == updated)
        #expect(await self.refusal { () throws(ServiceError) in try await self.fixture.delete("table") } == updated)
        _ = try await self.update { $0.deletionProtectionEnabled = false }
        #expect(try await self.status() == .updating)
        self.fixture.clock.advance(milliseconds: 1000)
        #expect(try await self.status() == .active)
        _ = try await self.update { $0.provisionedThroughput = units(30, 20) }
    }

    @Test func `an index is allocated, then filled`() async throws {
        try await self.fixture.create(tableInput())
        self.fixture.clock.advance(milliseconds: 1000)
        try await self.put()
        await self.fixture.service.jobs.stop()
        _ = try await self.update {
            $0.attributeDefinitions = defined("a")
            $0.globalSecondaryIndexUpdates = [creation("one")]
        }
        var table = try #require(try await self.fixture.describe("table"))
        #expect(table.tableStatus == .updating)
        #expect(table.globalSecondaryIndexes?.first?.backfilling == false)
        #expect(
            await self.refusal { () throws(ServiceError) in
                try await self.update { $0.globalSecondaryIndexUpdates = [deletion("one")] }
            } == inUse
                + "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the "
                + "index is active. Table: table Index: one")
        #expect(
            await self.refusal { () throws(ServiceError) in
                try await self.update {
                    $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .keysOnly)
                }
            } == inUse + "Can't change stream status when an index is being created")
        self.fixture.clock.advance(milliseconds: 1000)
        table = try #require(try await self.fixture.describe("table"))
        #expect(table.tableStatus == .active)
        #expect(table.globalSecondaryIndexes?.first?.backfilling == true)
        let restarted = TableFixture(store: self.fixture.store)
        restarted.clock.set(self.fixture.clock.now())
        await restarted.service.resume()
        await restarted.service.jobs.whenIdle()
        #expect(try await self.fixture.describe("table")?.globalSecondaryIndexes?.first?.indexStatus == .active)
    }

    @Test func `a table that is being deleted is described until it is gone, also by the next start`() async throws {
        try await self.fixture.create(tableInput())
        self.fixture.clock.advance(milliseconds: 1000)
        try await self.put()
        await self.fixture.service.jobs.stop()
        #expect(try await self.fixture.delete("table")?.tableStatus == .deleting)
        #expect(try await self.status() == .deleting)
        #expect(await self.refusal { () throws(ServiceError) in try await self.put() } == notFound)
        let deleted = inUse + "Table is being deleted: table"
        #expect(await self.refusal { () throws(ServiceError) in try await self.fixture.delete("table") } == deleted)
        #expect(
            await self.refusal { () throws(ServiceError) in
                try await self.update { $0.deletionProtectionEnabled = true }
            } == deleted)
        #expect(
            await self.refusal { () throws(ServiceError) in try await self.fixture.create(tableInput()) }
                == "ResourceInUseException: Table already exists: table")
        self.fixture.clock.advance(milliseconds: 1000)
        let restarted = TableFixture(store: self.fixture.store, transitionMilliseconds: 1000)
        restarted.clock.set(self.fixture.clock.now())
        await restarted.service.resume()
        await restarted.service.jobs.whenIdle()
        let gone = await refused { () throws(ServiceError) in try await self.fixture.describe("table") }
        #expect(gone?.message == "Requested resource not found: Table: table not found")
        let entries = try await self.fixture.store.scan(.all, limit: 100, byteLimit: 1 << 20, reverse: false).entries
        #expect(entries.count == 1, "only the counter of tables is left")
        try await restarted.create(tableInput())
    }
}
