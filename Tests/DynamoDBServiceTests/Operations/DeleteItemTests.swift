import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

struct DeleteItemTests {
    @Test func `an item is gone, from its indexes too`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let entries: [(String, AttributeValue)] = [("gp", .s("g")), ("gs", int(1)), ("ls", .s("l"))]
        try await fixture.put(key("a", 1) + entries)
        try await fixture.put(key("a", 2) + entries)
        let answer = try await fixture.delete(key("a", 1))
        #expect(answer.attributes == nil)
        #expect(answer.consumedCapacity == nil)
        #expect(answer.itemCollectionMetrics == nil)
        #expect(try await fixture.stored(key("a", 1)) == nil)
        for index in [nil, "local", "global", "whole"] {
            #expect(try await fixture.scan(index: index).items?.map { shown($0)["sk"] } == [int(2)])
        }
    }

    @Test func `what was there is returned when asked for, and its absence is no failure`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let old = try await fixture.delete(key("a", 1)) { $0.returnValues = .allOld }
        #expect(old.attributes.map(shown) == ["pk": .s("a"), "sk": int(1), "x": int(1)])
        #expect(try await fixture.delete(key("a", 1)) { $0.returnValues = .allOld }.attributes == nil)
    }

    @Test(arguments: [ReturnValue.allNew, .updatedOld, .updatedNew])
    func `other return values are for updates`(_ wanted: ReturnValue) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.delete(key("a", 1)) {
                    $0.tableName = "missing"
                    $0.returnValues = wanted
                }
            } == "1 validation error detected: ReturnValues can only be ALL_OLD or NONE"
        )
    }

    @Test func `a condition decides, and shows the item when asked to`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        func attempt(_ sort: Int, _ value: Int) async -> ServiceError? {
            await refused { () throws(ServiceError) in
                try await fixture.delete(key("a", sort)) {
                    $0.conditionExpression = "x = :x"
                    $0.expressionAttributeValues = item([(":x", int(value))])
                    $0.returnValuesOnConditionCheckFailure = .allOld
                }
            }
        }
        let refusal = await attempt(1, 2)
        #expect(refusal?.code == "ConditionalCheckFailedException")
        #expect(refusal?.message == "The conditional request failed")
        let detail = refusal?.detail as? ConditionalCheckFailedException
        #expect(detail?.item.map(shown) == ["pk": .s("a"), "sk": int(1), "x": int(1)])
        let missing = await attempt(2, 1)
        #expect(missing?.code == "ConditionalCheckFailedException")
        #expect((missing?.detail as? ConditionalCheckFailedException)?.item == nil)
        #expect(await attempt(1, 1) == nil)
        #expect(try await fixture.stored(key("a", 1)) == nil)
    }

    @Test func `expressions are refused in words of their own, in an envelope`() async throws {
        let fixture = try await ItemFixture()
        let cases: [(String?, AttributeMap?, String)] = [
            (
                nil, item([(":a", int(1))]),
                "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
            ),
            ("", nil, "Invalid ConditionExpression: The expression can not be empty;"),
            (
                "attribute_exists(a)", item([(":a", int(1))]),
                "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
            ),
            (
                "a = :a", nil,
                "Invalid ConditionExpression: An expression attribute value used in expression is not "
                    + "defined; attribute value: :a"
            ),
        ]
        for (expression, values, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.delete([]) {
                        $0.tableName = "missing"
                        $0.conditionExpression = expression
                        $0.expressionAttributeValues = values
                    }
                } == "1 validation error detected: " + sentence
            )
        }
    }

    @Test func `a missing table is told before a wrong key`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await refused { () throws(ServiceError) in try await fixture.delete([]) { $0.tableName = "missing" } }
                == tableMissing
        )
    }

    @Test func `a delete is charged by what was there, and by each index that had it`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        func charge() async throws -> String? {
            shown(try await fixture.delete(key("a", 1)) { $0.returnConsumedCapacity = .indexes }.consumedCapacity)
        }
        #expect(try await charge() == "items 1.0, table 1.0")
        try await fixture.put(key("a", 1) + [("y", text(2000))])
        #expect(try await charge() == "items 2.0, table 2.0")
        try await fixture.put(key("a", 1) + [("y", text(2000)), ("gp", .s("g")), ("gs", int(1)), ("ls", .s("l"))])
        #expect(
            try await charge() == "items 6.0, table 2.0, local local 1.0, global global 1.0, global whole 2.0"
        )
    }

    @Test func `the collection of an item is told where there are local indexes`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let metrics = try await fixture.delete(key("a", 1)) { $0.returnItemCollectionMetrics = .size }
            .itemCollectionMetrics
        #expect(metrics?.itemCollectionKey.map(shown) == ["pk": .s("a")])
        #expect(metrics?.sizeEstimateRangeGB == [0, 1])
    }

    @Test func `the access is to the table`() async throws {
        let fixture = try await ItemFixture()
        let access = fixture.service.access(DeleteItemInput(tableName: "items", key: item([])), fixture.context)
        #expect(access.map(\.action) == ["dynamodb:DeleteItem"])
        #expect(access.map(\.resource) == ["arn:aws:dynamodb:eu-central-1:123456789012:table/items"])
    }
}
