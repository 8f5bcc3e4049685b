import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

struct BatchGetItemTests {
    private static let keyElement = "The provided key element does not match the schema"
    private static let duplicates = "Provided list of item keys contains duplicates"

    private static func keys(_ all: [(String, AttributeValue)]...) -> KeysAndAttributes {
        KeysAndAttributes(keys: all.map(item))
    }

    private static func keys(_ count: Int) -> KeysAndAttributes {
        KeysAndAttributes(keys: (0..<count).map { item(key("a", $0)) })
    }

    private static func get(
        _ fixture: ItemFixture, _ items: [String: KeysAndAttributes], _ wanted: ReturnConsumedCapacity? = nil
    ) async throws(ServiceError) -> BatchGetItemOutput {
        let input = BatchGetItemInput(requestItems: items, returnConsumedCapacity: wanted)
        return try await fixture.service.batchGetItem(input, fixture.context)
    }

    @Test func `what is there is returned, of every table`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.tables.create(tableInput("other"))
        try await fixture.tables.put("other", [("pk", .s("o"))])
        for sort in [1, 2] { try await fixture.put(key("a", sort) + [("x", int(sort)), ("y", int(0))]) }
        var items = Self.keys(key("a", 2), key("a", 3), key("a", 1))
        items.projectionExpression = "#s, x"
        items.expressionAttributeNames = ["#s": "sk"]
        let answer = try await Self.get(
            fixture, ["items": items, "other": Self.keys([("pk", .s("o"))], [("pk", .s("p"))])])
        #expect(answer.responses?["items"]?.map(shown) == [2, 1].map { ["sk": int($0), "x": int($0)] })
        #expect(answer.responses?["other"]?.map(shown) == [["pk": .s("o")]])
        #expect(answer.unprocessedKeys?.isEmpty == true)
        #expect(answer.consumedCapacity == nil)
        let nothing = try await Self.get(fixture, ["items": Self.keys(key("b", 1))])
        #expect(nothing.responses?["items"]?.isEmpty == true)
    }

    // Limits

    @Test func `a hundred keys may be asked for, over all tables`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.tables.create(tableInput("other"))
        let one = Self.keys([("pk", .s("o"))])
        #expect(try await Self.get(fixture, ["items": Self.keys(99), "other": one]).responses?.count == 2)
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.get(fixture, ["missing": Self.keys(100), "other": one])
            } == "Too many items requested for the BatchGetItem call"
        )
    }

    @Test func `an answer has 16 MB, and names what is left`() async throws {
        let fixture = try await ItemFixture()
        // 300 KB each; the API Reference says that 52 of them are returned.
        for sort in 0..<56 {
            try await fixture.put([("pk", .s("a")), ("sk", int(100 + sort)), ("body", text(300 * 1024 - 12))])
        }
        var request = KeysAndAttributes(keys: (0..<56).map { item([("pk", .s("a")), ("sk", int(100 + $0))]) })
        request.projectionExpression = "#s"
        request.expressionAttributeNames = ["#s": "sk"]
        request.consistentRead = true
        let first = try await Self.get(fixture, ["items": request], .total)
        #expect(first.responses?["items"]?.count == 52)
        #expect(first.consumedCapacity?.map(\.capacityUnits) == [52 * 75])
        let left = try #require(first.unprocessedKeys?["items"])
        #expect(left.keys.count == 4)
        #expect(left.projectionExpression == "#s")
        #expect(left.expressionAttributeNames == ["#s": "sk"])
        #expect(left.consistentRead == true)
        let second = try await Self.get(fixture, ["items": left])
        #expect(second.unprocessedKeys?.isEmpty == true)
        let found = (first.responses?["items"] ?? []) + (second.responses?["items"] ?? [])
        #expect(Set(found.map(shown)) == Set((0..<56).map { ["sk": int(100 + $0)] }))
    }

    // Refusals

    @Test(
        arguments: [
            ([key("a", 1), key("b", 1), key("a", 1)], duplicates),
            ([key("a", 1), key("a", 1).reversed()], duplicates),
            ([[("pk", .s("a")), ("sk", number("1.0"))], [("pk", .s("a")), ("sk", number("1"))]], duplicates),
            ([[("pk", .s("a"))]], keyElement), ([key("a", 1), key("a", 2) + [("x", int(1))]], keyElement),
            ([[("pk", int(1)), ("sk", int(1))]], keyElement),
            (
                [[("pk", .s("")), ("sk", int(1))]],
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty string value. Key: pk"
            ),
        ] as [([[(String, AttributeValue)]], String)])
    func `keys are whole, and each stands once`(_ keys: [[(String, AttributeValue)]], _ sentence: String) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.get(fixture, ["items": KeysAndAttributes(keys: keys.map(item))])
            } == sentence
        )
    }

    @Test func `requests are checked before the first table is looked for`() async throws {
        let fixture = try await ItemFixture()
        var unused = Self.keys(key("a", 1))
        unused.projectionExpression = "pk"
        unused.expressionAttributeNames = ["#a": "a"]
        var lonely = unused
        lonely.projectionExpression = nil
        var empty = unused
        empty.projectionExpression = ""
        let cases: [(KeysAndAttributes, String)] = [
            (unused, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"),
            (
                lonely,
                "ExpressionAttributeNames can only be specified when using expressions"
            ),
            (empty, "Invalid ProjectionExpression: The expression can not be empty;"),
            (Self.keys(key("a", 1), key("a", 1)), Self.duplicates),
        ]
        for (request, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await Self.get(fixture, ["a-missing-one": Self.keys(key("a", 1)), "items": request])
                } == sentence
            )
        }
    }

    @Test func `one missing table refuses everything`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await refused { () throws(ServiceError) in
                try await Self.get(fixture, ["items": Self.keys(key("a", 1)), "missing": Self.keys([])])
            } == tableMissing
        )
        #expect(
            await wording { () throws(ServiceError) in try await Self.get(fixture, ["no": Self.keys(key("a", 1))]) }
                == "TableName must be at least 3 characters long and at most 255 characters long"
        )
    }

    // Capacity

    @Test func `each item is rounded by itself, and one that is missing has its unit`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.tables.create(tableInput("other"))
        try await fixture.put(key("a", 1) + [("body", text(5000))])
        try await fixture.put(key("a", 2))
        var items = Self.keys(key("a", 1), key("a", 2), key("a", 3))
        let other = Self.keys([("pk", .s("o"))])
        let answer = try await Self.get(fixture, ["items": items, "other": other], .indexes)
        #expect(
            answer.consumedCapacity?.map { shown($0) } == ["items 2.0, table 2.0", "other 0.5, table 0.5"]
        )
        items.consistentRead = true
        let total = try await Self.get(fixture, ["items": items, "other": other], .total)
        #expect(total.consumedCapacity?.map { shown($0) } == ["items 4.0", "other 0.5"])
        #expect(try await Self.get(fixture, ["items": items], .none_).consumedCapacity == nil)
    }

    @Test func `a batch without tables is refused`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in _ = try await Self.get(fixture, [:], .none_) }
                == "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: "
                + "Member must have length greater than or equal to 1"
        )
    }

    @Test func `the access is to every table`() async throws {
        let fixture = try await ItemFixture()
        let input = BatchGetItemInput(requestItems: ["two": Self.keys([]), "one": Self.keys([])])
        let access = fixture.service.access(input, fixture.context)
        #expect(access.map(\.action) == ["dynamodb:BatchGetItem", "dynamodb:BatchGetItem"])
        #expect(
            access.map(\.resource) == ["one", "two"].map { "arn:aws:dynamodb:eu-central-1:123456789012:table/\($0)" }
        )
    }
}
