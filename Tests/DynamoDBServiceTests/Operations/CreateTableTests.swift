import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct CreateTableTests {
    @Test func `a new table is shown as it was asked for`() async throws {
        let fixture = TableFixture()
        let input = tableInput("orders", defined("sk", "pk", "b", "a"), [hash("pk"), range("sk")]) {
            $0.localSecondaryIndexes = [
                localIndex(
                    "local",
                    [hash("pk"), range("b")],
                    Projection(projectionType: .include, nonKeyAttributes: ["z", "c"])
                )
            ]
            $0.globalSecondaryIndexes = [
                globalIndex("second", [hash("a"), range("b")]),
                globalIndex("first", [hash("b")], Projection(projectionType: .keysOnly)),
            ]
            $0.tableClass = .standardInfrequentAccess
            $0.deletionProtectionEnabled = true
        }
        let table = try #require(try await fixture.create(input))
        #expect(table.tableName == "orders")
        #expect(table.tableStatus == .creating)
        #expect(table.creationDateTime == fixture.clock.now())
        #expect(table.tableARN == "arn:aws:dynamodb:eu-central-1:123456789012:table/orders")
        #expect(table.tableID?.utf8.count == 36)
        #expect(table.attributeDefinitions?.map(\.attributeName) == ["a", "b", "pk", "sk"])
        #expect(table.keySchema?.map(\.attributeName) == ["pk", "sk"])
        #expect(table.keySchema?.map(\.keyType) == [.hash, .range])
        #expect(table.itemCount == 0)
        #expect(table.tableSizeBytes == 0)
        #expect(table.tableClassSummary?.tableClass == .standardInfrequentAccess)
        #expect(table.deletionProtectionEnabled == true)
        let local = try #require(table.localSecondaryIndexes?.first)
        #expect(local.projection?.nonKeyAttributes == ["c", "z"])
        #expect(local.indexARN == "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/index/local")
        let global = try #require(table.globalSecondaryIndexes)
        #expect(global.map(\.indexName) == ["second", "first"])
        #expect(global.map(\.indexStatus) == [.creating, .creating])
        #expect(global.map(\.projection?.projectionType) == [.all, .keysOnly])
    }

    @Test func `a table can be used when the answer arrives`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.put("table", [("pk", .s("a"))])
        #expect(try await fixture.describe("table")?.tableStatus == .active)
    }

    @Test func `there is one table of a name in an account and a region`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.create(tableInput()) }
        #expect(refusal?.code == "ResourceInUseException")
        #expect(refusal?.status == 400)
        #expect(refusal?.message == "Table already exists: table")
        for other in [TableFixture.context(account: "999999999999"), TableFixture.context(region: "us-west-2")] {
            try await TableFixture(store: fixture.store, context: other).create(tableInput())
        }
    }

    @Test func `a wrong request is refused before a taken name`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await fixture.refusal(tableInput("table", defined("pk", "pk")))
        #expect(refusal == "Attribute Name is duplicated: pk")
    }

    @Test func `a table is named by its ARN too, of this account and region`() async throws {
        let fixture = TableFixture()
        func arn(_ region: String, _ account: String, _ resource: String) -> String {
            "arn:aws:dynamodb:\(region):\(account):\(resource)"
        }
        let own = arn("eu-central-1", "123456789012", "table/named")
        #expect(try await fixture.create(tableInput(own))?.tableName == "named")
        #expect(try await fixture.describe(own)?.tableARN == own)
        let elsewhere = arn("us-east-1", "123456789012", "table/named")
        #expect(
            await fixture.refusal(tableInput(elsewhere))
                == "1 validation error detected: Invalid AWS region in '\(elsewhere)'"
        )
        let index = arn("eu-central-1", "123456789012", "table/named/index/one")
        #expect(
            await fixture.refusal(tableInput(index))
                == "1 validation error detected: Invalid resource type in '\(index)'"
        )
        let foreign = await #expect(throws: ServiceError.self) {
            try await fixture.describe(arn("eu-central-1", "999999999999", "table/named"))
        }
        #expect(foreign?.code == "AccessDeniedException")
        #expect(foreign?.message == "Access is denied")
    }

    @Test func `tables made at once all come to be, with keys of their own`() async throws {
        let fixture = TableFixture()
        let names = (0..<32).map { "table-\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    try await fixture.create(tableInput(name))
                    try await fixture.put(name, [("pk", .s("same")), ("of", .s(name))])
                }
            }
            try await group.waitForAll()
        }
        for name in names {
            #expect(try await fixture.describe(name)?.itemCount == 1)
        }
    }

    @Test func `of two requests for one name one succeeds`() async throws {
        let fixture = TableFixture()
        let successes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask { (try? await fixture.create(tableInput())) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 1)
    }

    @Test func `a table outlives the service`() async throws {
        let fixture = TableFixture()
        let input = tableInput("table", defined("pk", "a"), [hash("pk")]) {
            $0.globalSecondaryIndexes = [
                globalIndex("one", [hash("a")], Projection(projectionType: .include, nonKeyAttributes: ["x"]))
            ]
            $0.deletionProtectionEnabled = true
            $0.tableClass = .standard
            $0.onDemandThroughput = OnDemandThroughput(maxWriteRequestUnits: 9)
            $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 20_000)
            $0.sseSpecification = SSESpecification(enabled: true)
            $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .keysOnly)
        }
        try await fixture.create(input)
        let before = try #require(try await fixture.describe("table"))
        let after = try #require(try await TableFixture(store: fixture.store).describe("table"))
        #expect(after.tableID == before.tableID)
        #expect(after.creationDateTime == before.creationDateTime)
        #expect(after.globalSecondaryIndexes?.first?.projection?.nonKeyAttributes == ["x"])
        #expect(after.deletionProtectionEnabled == true)
        #expect(after.tableClassSummary?.tableClass == .standard)
        #expect(after.onDemandThroughput?.maxWriteRequestUnits == 9)
        #expect(after.warmThroughput?.readUnitsPerSecond == 20_000)
        #expect(after.sseDescription?.kmsMasterKeyARN == before.sseDescription?.kmsMasterKeyARN)
        #expect(after.latestStreamARN == before.latestStreamARN)
    }

    @Test func `a store that takes no writes makes no table`() async throws {
        let fixture = TableFixture()
        fixture.store.refuseWrites("the disk is full")
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.create(tableInput()) }
        #expect(refusal?.status == 503)
        #expect(refusal?.message.contains("the disk is full") == false)
    }

    @Test func `a request with a list of tags, if it is empty, needs the right to tag`() {
        let fixture = TableFixture()
        func asked(_ tags: [DynamoDBModel.Tag]?) -> [ResourceAccess] {
            fixture.service.access(tableInput { $0.tags = tags }, fixture.context)
        }
        #expect(asked([]).map(\.action) == ["dynamodb:CreateTable", "dynamodb:TagResource"])
        let keys: [ExactName: [String]] = ["aws:TagKeys": ["team"], "aws:RequestTag/team": ["red"]]
        #expect(
            asked([DynamoDBModel.Tag(key: "team", value: "red")])
                == ["dynamodb:CreateTable", "dynamodb:TagResource"].map {
                    ResourceAccess(action: $0, resource: tableARN("table"), conditionKeys: keys)
                })
    }

    @Test func `the access is to the table that is made`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(tableInput("orders"), fixture.context) == [
                ResourceAccess(
                    action: "dynamodb:CreateTable",
                    resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
                )
            ]
        )
    }
}
