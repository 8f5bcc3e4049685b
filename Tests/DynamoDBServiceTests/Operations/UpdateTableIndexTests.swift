import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

private let invalid = "ValidationException: One or more parameter values were invalid: "
private let inUse = "ResourceInUseException: Attempt to change a resource which is still in use: "
private let oneAtATime =
    "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously "
    + "per table"

struct UpdateTableIndexTests {
    /// A table with `count` items that have `a`, and as many that have none.
    private static func filled(_ count: Int, store: MemoryStore = MemoryStore()) async throws -> UpdateFixture {
        let fixture = try await UpdateFixture(store: store)
        for number in 0..<count {
            try await fixture.tables.put("table", [("pk", .s("with-\(number)")), ("a", .s("x")), ("n", int(number))])
            try await fixture.tables.put("table", [("pk", .s("without-\(number)"))])
        }
        return fixture
    }

    private static func add(_ input: inout UpdateTableInput) {
        input.attributeDefinitions = defined("a")
        input.globalSecondaryIndexUpdates = [creation("one")]
    }

    private static func count(_ fixture: UpdateFixture) async throws(ServiceError) -> Int? {
        let input = QueryInput(
            tableName: "table", indexName: "one", keyConditionExpression: "a = :x",
            expressionAttributeValues: item([(":x", .s("x"))]))
        return try await fixture.tables.service.query(input, fixture.tables.context).count
    }

    @Test func `an index that is added holds the items that were there`() async throws {
        let fixture = try await Self.filled(250)
        let answer = try await fixture.update(Self.add)
        #expect(answer.tableStatus == .updating)
        let added = try #require(answer.globalSecondaryIndexes?.first)
        #expect(added.indexStatus == .creating)
        #expect(added.backfilling == false)
        #expect(added.itemCount == 0)
        await fixture.settle()
        let index = try #require(try await fixture.described().globalSecondaryIndexes?.first)
        #expect(index.indexStatus == .active)
        #expect(index.backfilling == nil)
        #expect(index.itemCount == 250)
        #expect(try await Self.count(fixture) == 250)
        #expect(try await fixture.described().attributeDefinitions?.map(\.attributeName) == ["a", "pk"])
    }

    @Test func `an index that is being filled is described, not read, and goes on after a start`() async throws {
        let store = MemoryStore()
        let fixture = try await Self.filled(150, store: store)
        await fixture.stopJobs()
        try await fixture.update(Self.add)
        let table = try await fixture.described()
        #expect(table.tableStatus == .active)
        #expect(table.globalSecondaryIndexes?.first?.indexStatus == .creating)
        #expect(table.globalSecondaryIndexes?.first?.backfilling == true)
        let refusal = await refused { () throws(ServiceError) in try await Self.count(fixture) }
        #expect(refusal?.code == "ValidationException")
        #expect(refusal?.message == "Cannot read from backfilling global secondary index: one")
        let insights = await wording { () async throws(ServiceError) in
            try await fixture.tables.service.updateContributorInsights(
                UpdateContributorInsightsInput(
                    tableName: "table", indexName: "one", contributorInsightsAction: .enable), fixture.tables.context)
        }
        #expect(
            insights
                == "Table or Index is not in a valid state to update Key Access Insights: IndexStatus must be ACTIVE "
                + "to enable ContributorInsights.")
        let statement = ExecuteStatementInput(statement: "SELECT * FROM \"table\".one")
        #expect(
            await refused { () throws(ServiceError) in
                try await fixture.tables.service.executeStatement(statement, fixture.tables.context)
            } == refusal
        )
        // Writes meanwhile are in the index at once, or taken out of it.
        try await fixture.tables.put("table", [("pk", .s("late")), ("a", .s("x"))])
        try await fixture.tables.put("table", [("pk", .s("with-7")), ("a", .s("other"))])
        let key = item([("pk", .s("with-8"))])
        _ = try await fixture.tables.service.deleteItem(
            DeleteItemInput(tableName: "table", key: key), fixture.tables.context)

        let restarted = TableFixture(store: store)
        await restarted.service.resume()
        await restarted.service.jobs.whenIdle()
        #expect(try await restarted.describe("table")?.globalSecondaryIndexes?.first?.indexStatus == .active)
        #expect(try await Self.count(fixture) == 149)
    }

    private static func status(_ fixture: UpdateFixture, _ name: String) async throws -> IndexStatus? {
        try await fixture.described().globalSecondaryIndexes?.first { $0.indexName == name }?.indexStatus
    }

    /// As after a commit that reached the disk although it failed, or after too many failures.
    @Test(.timeLimit(.minutes(1)))
    func `an index that nobody works on is filled when the store takes writes again`() async throws {
        let store = MemoryStore()
        let fixture = try await Self.filled(3, store: store)
        await fixture.stopJobs()
        try await fixture.update(Self.add)
        let service = TableFixture(store: store).service
        // Awaited at the end.
        let running = Task { await service.run() }
        while try await Self.status(fixture, "one") != .active { try await Task.sleep(for: .milliseconds(1)) }
        // The work of the start has begun, and a service whose jobs have ended begins none.
        try await fixture.update {
            $0.attributeDefinitions = defined("a")
            $0.globalSecondaryIndexUpdates = [creation("two")]
        }
        store.refuseWrites("the disk is full")
        store.refuseWrites(nil)
        while try await Self.status(fixture, "two") != .active { try await Task.sleep(for: .milliseconds(1)) }
        running.cancel()
        await running.value
    }

    @Test func `what does not fit the index's key is left out, and refused once the index is there`() async throws {
        let fixture = try await UpdateFixture()
        try await fixture.tables.put("table", [("pk", .s("good")), ("a", .s("x"))])
        try await fixture.tables.put("table", [("pk", .s("number")), ("a", int(1))])
        try await fixture.tables.put("table", [("pk", .s("empty")), ("a", .s(""))])
        try await fixture.tables.put("table", [("pk", .s("long")), ("a", text(2049))])
        await fixture.stopJobs()
        try await fixture.update(Self.add)
        // The rule comes with the index, not with its beginning.
        try await fixture.tables.put("table", [("pk", .s("meanwhile")), ("a", int(2))])
        let restarted = TableFixture(store: fixture.tables.store)
        await restarted.service.resume()
        await restarted.service.jobs.whenIdle()
        #expect(try await Self.count(fixture) == 1)
        #expect(try await fixture.described().globalSecondaryIndexes?.first?.itemCount == 1)
        let refusal = await wording { () throws(ServiceError) in
            try await fixture.tables.put("table", [("pk", .s("number")), ("a", int(1))])
        }
        #expect(
            refusal == "One or more parameter values were invalid: Type mismatch for Index Key a Expected: S Actual: N "
                + "IndexName: one")
        // An item that was left out can be changed otherwise, and put right.
        try await fixture.tables.put("table", [("pk", .s("number")), ("a", .s("x"))])
        #expect(try await Self.count(fixture) == 2)
    }

    @Test func `a deleted index is gone with its entries, and its number is not given again`() async throws {
        let fixture = try await Self.filled(20)
        try await fixture.update(Self.add)
        await fixture.settle()
        let answer = try await fixture.update { $0.globalSecondaryIndexUpdates = [deletion("one")] }
        #expect(answer.tableStatus == .updating)
        #expect(answer.globalSecondaryIndexes?.first?.indexStatus == .deleting)
        await fixture.settle()
        let table = try await fixture.described()
        #expect(table.globalSecondaryIndexes == nil)
        #expect(table.attributeDefinitions?.map(\.attributeName) == ["pk"])
        let entries = try await fixture.tables.store.scan(
            KeyRange(prefix: KeySpace(table: 1, index: 1).prefix), limit: 100, byteLimit: 1 << 20, reverse: false)
        #expect(entries.entries.isEmpty)
        try await fixture.update(Self.add)
        await fixture.settle()
        #expect(try await Self.count(fixture) == 20)
        let second = try await fixture.tables.store.scan(
            KeyRange(prefix: KeySpace(table: 1, index: 2).prefix), limit: 100, byteLimit: 1 << 20, reverse: false)
        #expect(second.entries.count == 20)
    }

    @Test func `the deletion of an index goes on after a start`() async throws {
        let fixture = try await Self.filled(20)
        try await fixture.update(Self.add)
        await fixture.settle()
        await fixture.stopJobs()
        try await fixture.update { $0.globalSecondaryIndexUpdates = [deletion("one")] }
        #expect(try await fixture.described().tableStatus == .updating)
        #expect(try await fixture.described().globalSecondaryIndexes?.first?.indexStatus == .deleting)
        let refusal = await wording { () throws(ServiceError) in try await Self.count(fixture) }
        #expect(refusal == "The table does not have the specified index: one")
        // Items do not look at it any more.
        try await fixture.tables.put("table", [("pk", .s("number")), ("a", int(1))])
        #expect(
            await fixture.refusal { $0.globalSecondaryIndexUpdates = [deletion("one")] }
                == inUse + "Index is being deleted. Table: table Index: one")
        #expect(
            await fixture.refusal {
                $0.billingMode = .provisioned
                $0.provisionedThroughput = units(1, 1)
            } == inUse + "Can't change table IOPS when an index is being deleted. Table: table Indexes: [one]")
        #expect(
            await fixture.refusal { $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 1) }
                == inUse + "OnDemandThroughput cannot be updated while index deletion is in progress for indexes: [one]"
        )
        try await fixture.update { $0.deletionProtectionEnabled = false }
        let restarted = TableFixture(store: fixture.tables.store)
        await restarted.service.resume()
        await restarted.service.jobs.whenIdle()
        #expect(try await fixture.described().globalSecondaryIndexes == nil)
        #expect(try await fixture.described().tableStatus == .active)
    }

    @Test func `an index that is being filled can be deleted`() async throws {
        let fixture = try await Self.filled(20)
        await fixture.stopJobs()
        try await fixture.update(Self.add)
        try await fixture.update { $0.globalSecondaryIndexUpdates = [deletion("one")] }
        let restarted = TableFixture(store: fixture.tables.store)
        await restarted.service.resume()
        await restarted.service.jobs.whenIdle()
        #expect(try await fixture.described().globalSecondaryIndexes == nil)
    }

    @Test func `one index at a time is made or deleted`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.indexed)
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = defined("b", "c")
                $0.globalSecondaryIndexUpdates = [creation("two", [hash("b")]), creation("three", [hash("c")])]
            } == oneAtATime)
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = defined("b")
                $0.globalSecondaryIndexUpdates = [creation("two", [hash("b")]), deletion("one")]
            } == oneAtATime)
        await fixture.stopJobs()
        func two(_ input: inout UpdateTableInput) {
            input.attributeDefinitions = defined("b")
            input.globalSecondaryIndexUpdates = [
                creation("two", [hash("b")]) { $0.provisionedThroughput = units(1, 1) },
                change("one") { $0.provisionedThroughput = units(6, 6) },
            ]
        }
        try await fixture.update(two)
        #expect(await fixture.refusal { $0.globalSecondaryIndexUpdates = [deletion("one")] } == oneAtATime)
        #expect(await fixture.refusal(two) == "ValidationException: \(alreadyExists)")
        let refusal = await refused { () throws(ServiceError) in try await fixture.tables.delete("table") }
        #expect(refusal?.code == "ResourceInUseException")
        #expect(
            refusal?.message == "Attempt to change a resource which is still in use: Cannot delete table while indexes "
                + "are being created, updated, or deleted.")
        try await fixture.update { $0.provisionedThroughput = units(11, 11) }
    }

    private var alreadyExists: String { "Attempting to create an index which already exists" }

    @Test func `an index of the table is named in vain where there is none`() async throws {
        let fixture = try await UpdateFixture(
            tableInput("table", defined("pk", "sk", "b"), [hash("pk"), range("sk")]) {
                $0.localSecondaryIndexes = [localIndex("local", [hash("pk"), range("b")])]
            })
        let missing = "ResourceNotFoundException: Requested resource not found: Index ghost for table table"
        #expect(await fixture.refusal { $0.globalSecondaryIndexUpdates = [deletion("ghost")] } == missing)
        #expect(
            await fixture.refusal {
                $0.globalSecondaryIndexUpdates = [
                    change("ghost") { $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 1) }
                ]
            } == missing)
        #expect(
            await fixture.refusal { $0.globalSecondaryIndexUpdates = [deletion("local")] }
                == "ValidationException: Cannot delete an index that is not a GlobalSecondaryIndex: local")
        #expect(
            await fixture.refusal { $0.globalSecondaryIndexUpdates = [change("local") { _ in }] }
                == "ValidationException: Cannot update an index that is not a GlobalSecondaryIndex: local")
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = defined("a")
                $0.globalSecondaryIndexUpdates = [creation("local")]
            } == "ValidationException: \(self.alreadyExists)")
    }

    @Test func `a new index's attributes and units are checked`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.provisioned)
        #expect(
            await fixture.refusal { $0.globalSecondaryIndexUpdates = [creation("one")] }
                == invalid + "AttributeDefinitions is not specified for index: one")
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = defined("b")
                $0.globalSecondaryIndexUpdates = [creation("one")]
            } == invalid
                + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a], AttributeDefinitions: "
                + "[b]")
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = defined("a")
                $0.globalSecondaryIndexUpdates = [creation("one", [hash("a"), range("pk")])]
            } == invalid
                + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a, pk], "
                + "AttributeDefinitions: [a]")
        #expect(
            await fixture.refusal(Self.add)
                == invalid + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: one")
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = [AttributeDefinition(attributeName: "pk", attributeType: .n)]
                $0.globalSecondaryIndexUpdates = [
                    creation("one", [hash("pk")]) { $0.provisionedThroughput = units(1, 1) }
                ]
            } == invalid
                + "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
                + "defined. Existing schema: Schema:[SchemaElement: key{pk:S:HASH}] New schema: Schema:[SchemaElement: "
                + "key{pk:N:HASH}]")
        let onDemand = try await UpdateFixture()
        #expect(
            await onDemand.refusal {
                $0.attributeDefinitions = defined("a")
                $0.globalSecondaryIndexUpdates = [creation("one") { $0.provisionedThroughput = units(1, 1) }]
            } == invalid
                + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: one when "
                + "BillingMode is "
                + "PAY_PER_REQUEST")
    }

    @Test func `a table has twenty global indexes`() async throws {
        let fixture = try await UpdateFixture(
            tableInput("table", defined("pk", "a"), [hash("pk")]) {
                $0.globalSecondaryIndexes = (0..<19).map { globalIndex("index-\($0)", [hash("a")]) }
            })
        try await fixture.update(Self.add)
        await fixture.settle()
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = defined("a")
                $0.globalSecondaryIndexUpdates = [creation("more")]
            } == "LimitExceededException: Subscriber limit exceeded: Number of global secondary indexes exceeds "
                + "per-table limit of 20")
    }

    @Test func `the indexes of a table project a hundred named attributes`() async throws {
        func projection(_ count: Int) -> DynamoDBModel.Projection {
            DynamoDBModel.Projection(projectionType: .include, nonKeyAttributes: (0..<count).map { "n\($0)" })
        }
        let fixture = try await UpdateFixture(
            tableInput("table", defined("pk", "a"), [hash("pk")]) {
                $0.globalSecondaryIndexes =
                    (0..<4).map { globalIndex("index-\($0)", [hash("a")], projection(20)) }
                    + [globalIndex("index-4", [hash("a")], projection(19))]
            })
        #expect(
            await fixture.refusal {
                $0.attributeDefinitions = defined("a")
                $0.globalSecondaryIndexUpdates = [creation("more") { $0.projection = projection(2) }]
            } == invalid + "Number of NonKeyAttributes exceeds per-table limit of 100")
        try await fixture.update {
            $0.attributeDefinitions = defined("a")
            $0.globalSecondaryIndexUpdates = [creation("more") { $0.projection = projection(1) }]
        }
        await fixture.settle()
    }

    @Test func `writes beside the filling leave the index as the items are`() async throws {
        let fixture = try await Self.filled(400)
        try await fixture.update(Self.add)
        await withTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    for number in stride(from: worker, to: 400, by: 4) {
                        let value = number % 3 == 0 ? "x" : "moved"
                        try? await fixture.tables.put(
                            "table", [("pk", .s("with-\(number)")), ("a", .s(value)), ("v", int(number))])
                    }
                }
            }
        }
        await fixture.settle()
        #expect(try await Self.count(fixture) == 134)
        #expect(try await fixture.described().globalSecondaryIndexes?.first?.itemCount == 400)
    }
}
