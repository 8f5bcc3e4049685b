import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

struct TransactGetItemsTests {
    private static func get(
        _ entries: [(String, AttributeValue)], table: String = "items", _ projection: String? = nil
    ) -> TransactGetItem {
        TransactGetItem(get: Get(key: item(entries), tableName: table, projectionExpression: projection))
    }

    private static func read(
        _ fixture: ItemFixture, _ items: [TransactGetItem], _ wanted: ReturnConsumedCapacity? = nil
    ) async throws(ServiceError) -> TransactGetItemsOutput {
        try await fixture.service.transactGetItems(
            TransactGetItemsInput(transactItems: items, returnConsumedCapacity: wanted), fixture.context
        )
    }

    @Test func `items come in the order of the request, projected, and charged twice`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1)), ("y", int(2))])
        try await fixture.put(key("a", 2) + [("x", text(5000))])
        let items = [Self.get(key("a", 2), "sk"), Self.get(key("b", 1)), Self.get(key("a", 1))]
        let answer = try await Self.read(fixture, items, .indexes)
        #expect(
            answer.responses?.map { $0.item.map(shown) } == [
                ["sk": int(2)], nil, ["pk": .s("a"), "sk": int(1), "x": int(1), "y": int(2)],
            ]
        )
        #expect(answer.consumedCapacity?.map { shown($0) } == ["items 8.0, table 8.0"])
        #expect(answer.consumedCapacity?.first?.readCapacityUnits == 8)
        #expect(try await Self.read(fixture, items).consumedCapacity == nil)
    }

    @Test func `tables are reported in the order of the request`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.tables.create(tableInput("another"))
        let items = [
            Self.get(key("a", 1)), Self.get([("pk", .s("a"))], table: "another"), Self.get(key("a", 2)),
        ]
        let answer = try await Self.read(fixture, items, .total)
        #expect(answer.consumedCapacity?.map { shown($0) } == ["items 4.0", "another 2.0"])
    }

    @Test func `an item of which the projection takes nothing is left out`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let answer = try await Self.read(fixture, [Self.get(key("a", 1), "absent")], .total)
        #expect(answer.responses?.map(\.item) == [nil])
        #expect(answer.consumedCapacity?.map { shown($0) } == ["items 2.0"])
    }

    @Test func `names without a projection are passed over`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1))
        var item = Self.get(key("a", 1))
        item.get.expressionAttributeNames = ["#x": "x"]
        #expect(try await Self.read(fixture, [item]).responses?.first?.item != nil)
        item.get.projectionExpression = "sk"
        let named = item
        #expect(
            await wording { () throws(ServiceError) in try await Self.read(fixture, [named]) }
                == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"
        )
    }

    @Test func `requests are refused in AWS's sentences`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.read(fixture, [Self.get(key("a", 1)), Self.get(key("a", 1))])
            } == "Transaction request cannot include multiple operations on one item"
        )
        #expect(
            await wording { () throws(ServiceError) in try await Self.read(fixture, [Self.get(key("a", 1), "")]) }
                == "Invalid ProjectionExpression: The expression can not be empty;"
        )
        #expect(
            await refused { () throws(ServiceError) in
                try await Self.read(fixture, [Self.get(key("a", 1)), Self.get(key("a", 1), table: "missing")])
            } == tableMissing
        )
        let refusal = await refused { () throws(ServiceError) in
            try await Self.read(fixture, [Self.get(key("a", 1)), Self.get([("pk", .s("a"))])])
        }
        #expect(refusal?.code == "TransactionCanceledException")
        #expect(
            refusal?.message
                == "Transaction cancelled, please refer cancellation reasons for specific reasons "
                + "[None, ValidationError]"
        )
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?.last?.message == "The provided key element does not match the schema")
    }

    @Test func `the items have 4 MB together`() async throws {
        let fixture = try await ItemFixture()
        for sort in 10...20 { try await fixture.put(key("a", sort) + [("body", text(400_000))]) }
        let all = (10...20).map { Self.get(key("a", $0)) }
        #expect(try await Self.read(fixture, Array(all.dropLast())).responses?.count == 10)
        #expect(
            await wording { () throws(ServiceError) in try await Self.read(fixture, all) }
                == "Collection size of items exceeded, which can also be caused by the aggregate size of the items "
                + "in the transaction exceeding the 4MB limit"
        )
    }

    @Test func `the access is that of GetItem, once for each table`() async throws {
        let fixture = try await ItemFixture()
        let input = TransactGetItemsInput(transactItems: [
            Self.get(key("a", 1)), Self.get(key("a", 2)), Self.get(key("a", 1), table: "more"),
        ])
        #expect(
            fixture.service.access(input, fixture.context)
                == ["items", "more"].map {
                    ResourceAccess(
                        action: "dynamodb:GetItem",
                        resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/\($0)"
                    )
                }
        )
    }
}
