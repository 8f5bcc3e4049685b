import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceModel
import Testing

struct BatchWriteItemTests {
    private static let keyElement = "The provided key element does not match the schema"
    private static let datatypes =
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"

    private static func put(_ entries: [(String, AttributeValue)]) -> WriteRequest {
        WriteRequest(putRequest: PutRequest(item: item(entries)))
    }

    private static func delete(_ entries: [(String, AttributeValue)]) -> WriteRequest {
        WriteRequest(deleteRequest: DeleteRequest(key: item(entries)))
    }

    @discardableResult
    private static func write(
        _ fixture: ItemFixture, _ items: [String: [WriteRequest]],
        _ change: (inout BatchWriteItemInput) -> Void = { _ in }
    ) async throws(ServiceError) -> BatchWriteItemOutput {
        var input = BatchWriteItemInput(requestItems: items)
        change(&input)
        return try await fixture.service.batchWriteItem(input, fixture.context)
    }

    @Test func `puts and deletes are done, in every table and index`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.tables.create(tableInput("other"))
        try await fixture.put(key("a", 1) + [("gp", .s("g")), ("gs", int(1))])
        let answer = try await Self.write(
            fixture,
            [
                "items": [
                    Self.delete(key("a", 1)), Self.put(key("a", 2) + [("gp", .s("g")), ("gs", int(2))]),
                    Self.delete(key("a", 3)),
                ],
                "other": [Self.put([("pk", .s("o"))])],
            ]
        )
        #expect(answer.unprocessedItems?.isEmpty == true)
        #expect(answer.consumedCapacity == nil)
        #expect(answer.itemCollectionMetrics == nil)
        #expect(try await fixture.scan().items?.map { shown($0)["sk"] } == [int(2)])
        #expect(try await fixture.scan(index: "global").items?.map { shown($0)["sk"] } == [int(2)])
        #expect(try await fixture.scan { $0.tableName = "other" }.count == 1)
    }

    @Test func `what is there is replaced whole`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        try await Self.write(fixture, ["items": [Self.put(key("a", 1) + [("y", int(1))])]])
        #expect(try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1), "y": int(1)])
    }

    // Limits

    @Test func `25 requests may be made, over all tables`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.tables.create(tableInput("other"))
        let one = [Self.put([("pk", .s("o"))])]
        func puts(_ count: Int) -> [WriteRequest] { (0..<count).map { Self.put(key("a", $0)) } }
        try await Self.write(fixture, ["items": puts(24), "other": one])
        #expect(try await fixture.scan().count == 24)
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.write(fixture, ["missing": puts(25), "other": one])
            } == "Too many items requested for the BatchWriteItem call"
        )
    }

    @Test func `an item has 400 KB`() async throws {
        let fixture = try await ItemFixture()
        let rest = 409_600 - 11
        try await Self.write(fixture, ["items": [Self.put(key("a", 1) + [("body", text(rest))])]])
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.write(
                    fixture,
                    ["items": [Self.put(key("a", 2))], "missing": [Self.put(key("a", 1) + [("body", text(rest + 1))])]]
                )
            } == "Item size has exceeded the maximum allowed size"
        )
        #expect(try await fixture.stored(key("a", 2)) == nil)
    }

    // Refusals

    @Test(
        arguments: [
            ([put(key("a", 1)), delete(key("a", 1))], "Provided list of item keys contains duplicates"),
            (
                [put(key("a", 1) + [("x", int(1))]), put(key("a", 1) + [("x", int(2))])],
                "Provided list of item keys contains duplicates"
            ),
            ([put([("pk", .s("a"))])], keyElement), ([put([("pk", int(1)), ("sk", int(1))])], keyElement),
            ([delete([("pk", .s("a"))])], keyElement), ([delete(key("a", 1) + [("x", int(1))])], keyElement),
            ([WriteRequest()], datatypes),
            (
                [
                    WriteRequest(
                        putRequest: PutRequest(item: item(key("a", 1))),
                        deleteRequest: DeleteRequest(key: item(key("a", 2)))
                    )
                ], datatypes
            ),
            (
                [put([("pk", .s("")), ("sk", int(1))])],
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty string value. Key: pk"
            ),
            (
                [put(key("a", 1) + [("gp", .null)])],
                "One or more parameter values were invalid: Type mismatch for Index Key gp Expected: S Actual: NULL "
                    + "IndexName: global"
            ),
        ] as [([WriteRequest], String)])
    func `one wrong request refuses all`(_ requests: [WriteRequest], _ sentence: String) async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.write(fixture, ["items": [Self.put(key("z", 1))] + requests])
            } == sentence
        )
        #expect(try await fixture.scan().count == 0)
    }

    @Test func `a table's name and its ARN are one table`() async throws {
        let fixture = try await ItemFixture()
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.write(fixture, ["items": [Self.put(key("a", 1))], arn: [Self.delete(key("a", 1))]])
            } == "Provided list of item keys contains duplicates"
        )
    }

    @Test func `requests are checked first, then the tables are looked for, then the keys are checked`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.write(fixture, ["a-missing-one": [Self.put([])], "items": [WriteRequest()]])
            } == Self.datatypes
        )
        #expect(
            await refused { () throws(ServiceError) in
                try await Self.write(fixture, ["items": [Self.put(key("a", 1))], "missing": [Self.put([])]])
            } == tableMissing
        )
        #expect(try await fixture.scan().count == 0)
    }

    @Test func `a store that takes no writes says so`() async throws {
        let store = MemoryStore()
        let fixture = try await ItemFixture(store: store)
        store.refuseWrites("the disk is full")
        let refusal = await refused { () throws(ServiceError) in
            try await Self.write(fixture, ["items": [Self.put(key("a", 1))]])
        }
        #expect(refusal?.code == "ServiceUnavailable")
        #expect(refusal?.message.contains("disk") == false)
    }

    // Capacity and collections

    @Test func `each write is charged as a single one`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.tables.create(tableInput("other"))
        let items: [String: [WriteRequest]] = [
            "items": [
                Self.put(key("a", 1) + [("y", text(2000))]), Self.put(key("a", 2) + [("gp", .s("g")), ("gs", int(1))]),
                Self.delete(key("a", 3)),
            ],
            "other": [Self.put([("pk", .s("o"))])],
        ]
        let first = try await Self.write(fixture, items) { $0.returnConsumedCapacity = .indexes }
        #expect(
            first.consumedCapacity?.map { shown($0) } == [
                "items 6.0, table 4.0, global global 1.0, global whole 1.0", "other 1.0, table 1.0",
            ]
        )
        let total = try await Self.write(fixture, items) { $0.returnConsumedCapacity = .total }
        #expect(total.consumedCapacity?.map { shown($0) } == ["items 4.0", "other 1.0"])
        #expect(try await Self.write(fixture, items) { $0.returnConsumedCapacity = .none_ }.consumedCapacity == nil)
    }

    @Test func `each collection is told once, where there are local indexes`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.tables.create(tableInput("other"))
        let answer = try await Self.write(
            fixture,
            [
                "items": [Self.put(key("a", 1)), Self.put(key("a", 2)), Self.delete(key("b", 1))],
                "other": [Self.put([("pk", .s("o"))])],
            ]
        ) { $0.returnItemCollectionMetrics = .size }
        let metrics = try #require(answer.itemCollectionMetrics)
        #expect(metrics.keys.sorted() == ["items"])
        #expect(metrics["items"]?.map { $0.itemCollectionKey.map(shown) } == [["pk": .s("a")], ["pk": .s("b")]])
        #expect(metrics["items"]?.allSatisfy { $0.sizeEstimateRangeGB == [0, 1] } == true)
    }

    @Test func `a batch without tables is refused`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in _ = try await Self.write(fixture, [:]) }
                == "The requestItems parameter is required for BatchWriteItem"
        )
    }

    @Test func `the access is to every table`() async throws {
        let fixture = try await ItemFixture()
        let input = BatchWriteItemInput(requestItems: ["two": [], "one": []])
        let access = fixture.service.access(input, fixture.context)
        #expect(access.map(\.action) == ["dynamodb:BatchWriteItem", "dynamodb:BatchWriteItem"])
        #expect(
            access.map(\.resource) == ["one", "two"].map { "arn:aws:dynamodb:eu-central-1:123456789012:table/\($0)" }
        )
    }
}
