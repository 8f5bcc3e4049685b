import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct TransactWriteItemsTests {
    private static let cancelled = "Transaction cancelled, please refer cancellation reasons for specific reasons "

    private static func write(
        _ fixture: ItemFixture, _ items: [TransactWriteItem],
        _ change: (inout TransactWriteItemsInput) -> Void = { _ in }
    ) async throws(ServiceError) -> TransactWriteItemsOutput {
        var input = TransactWriteItemsInput(transactItems: items)
        change(&input)
        return try await fixture.service.transactWriteItems(input, fixture.context)
    }

    private static func put(_ entries: [(String, AttributeValue)], _ condition: String? = nil) -> TransactWriteItem {
        TransactWriteItem(put: Put(item: item(entries), tableName: "items", conditionExpression: condition))
    }

    private static func delete(_ entries: [(String, AttributeValue)]) -> TransactWriteItem {
        TransactWriteItem(delete: Delete(key: item(entries), tableName: "items"))
    }

    private static func add(_ entries: [(String, AttributeValue)], _ name: String = "x") -> TransactWriteItem {
        TransactWriteItem(
            update: Update(
                key: item(entries),
                updateExpression: "ADD \(name) :one",
                tableName: "items",
                expressionAttributeValues: item([(":one", int(1))])
            )
        )
    }

    private static func check(
        _ entries: [(String, AttributeValue)], _ condition: String,
        _ shows: ReturnValuesOnConditionCheckFailure? = nil
    ) -> TransactWriteItem {
        TransactWriteItem(
            conditionCheck: ConditionCheck(
                key: item(entries),
                tableName: "items",
                conditionExpression: condition,
                returnValuesOnConditionCheckFailure: shows
            )
        )
    }

    @Test func `all four actions are done as one`() async throws {
        let fixture = try await ItemFixture()
        for sort in 1...3 { try await fixture.put(key("a", sort) + [("x", int(sort))]) }
        let answer = try await Self.write(
            fixture,
            [
                Self.put(key("b", 1)), Self.add(key("a", 1)), Self.delete(key("a", 2)),
                Self.check(key("a", 3), "attribute_exists(x)"),
            ]
        )
        #expect(answer.consumedCapacity == nil)
        #expect(answer.itemCollectionMetrics == nil)
        #expect(try await fixture.stored(key("b", 1)) != nil)
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(2))
        #expect(try await fixture.stored(key("a", 2)) == nil)
        #expect(try await fixture.stored(key("a", 3))?["x"] == int(3))
    }

    @Test func `one condition that fails cancels everything, and every action has a reason`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", .s("text"))])
        let refusal = await refused { () throws(ServiceError) in
            try await Self.write(
                fixture,
                [
                    Self.put(key("b", 1)), Self.check(key("a", 1), "attribute_not_exists(pk)", .allOld),
                    Self.put(key("b", 2), "attribute_exists(pk)"),
                ]
            )
        }
        #expect(refusal?.code == "TransactionCanceledException")
        #expect(refusal?.status == 400)
        #expect(refusal?.message == Self.cancelled + "[None, ConditionalCheckFailed, ConditionalCheckFailed]")
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?.map(\.code) == ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"])
        #expect(
            reasons?.map(\.message) == [nil, "The conditional request failed", "The conditional request failed"]
        )
        #expect(reasons?[1].item.map(shown)?["x"] == .s("text"))
        #expect(reasons?[2].item == nil)
        #expect(try await fixture.stored(key("b", 1)) == nil)
    }

    @Test func `what only the table or the item can tell is a reason too`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.put(key("a", 1) + [("x", .s("text"))])
        let cases: [(TransactWriteItem, String)] = [
            (Self.delete([("pk", .s("a"))]), "The provided key element does not match the schema"),
            (
                Self.put([("pk", .s("a"))]),
                "One or more parameter values were invalid: Missing the key sk in the item"
            ),
            (
                Self.add(key("a", 1)),
                "An operand in the update expression has an incorrect data type"
            ),
        ]
        for (action, sentence) in cases {
            let refusal = await refused { () throws(ServiceError) in
                try await Self.write(fixture, [Self.put(key("b", 1)), action])
            }
            #expect(refusal?.message == Self.cancelled + "[None, ValidationError]")
            let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
            #expect(reasons?.last?.message == sentence)
        }
        #expect(try await fixture.stored(key("b", 1)) == nil)
    }

    @Test func `values that are nested too deeply cancel an update, and are no matter of a check`() async throws {
        let fixture = try await ItemFixture()
        let deep = (0..<40).reduce(AttributeValue.null) { value, _ in .l([value]) }
        let values = item([(":d", deep)])
        let update = Update(
            key: item(key("a", 1)), updateExpression: "SET d = :d", tableName: "items",
            expressionAttributeValues: values)
        func check(_ condition: String) -> TransactWriteItem {
            TransactWriteItem(
                conditionCheck: ConditionCheck(
                    key: item(key("a", 1)), tableName: "items", conditionExpression: condition,
                    expressionAttributeValues: values))
        }
        let refusal = await refused { () throws(ServiceError) in
            try await Self.write(fixture, [Self.put(key("b", 1)), TransactWriteItem(update: update)])
        }
        #expect(refusal?.message == Self.cancelled + "[None, ValidationError]")
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?.last?.message?.hasPrefix("Nesting Levels have exceeded supported limits: ") == true)
        try await fixture.put(key("a", 1))
        _ = try await Self.write(fixture, [check("pk <> :d")])
        let unequal = await refused { () throws(ServiceError) in try await Self.write(fixture, [check("pk = :d")]) }
        #expect(unequal?.message == Self.cancelled + "[ConditionalCheckFailed]")
    }

    @Test func `an empty key refuses the request as a whole`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let key = "The AttributeValue for a key attribute cannot contain an empty string value."
        let cases: [(TransactWriteItem, String)] = [
            (Self.add([("pk", .s("")), ("sk", int(1))]), "\(key) Key: pk"),
            (Self.put([("pk", .s("")), ("sk", int(1))]), "\(key) Key: pk"),
            (
                Self.put([("pk", .s("a")), ("sk", int(1)), ("gp", .s(""))]),
                "A value specified for a secondary index key is not supported. \(key) IndexName: global, IndexKey: gp"
            ),
        ]
        for (action, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in try await Self.write(fixture, [action]) }
                    == "One or more parameter values are not valid. " + sentence
            )
        }
    }

    @Test func `requests are refused for what they say, in the sentences of the single operations`() async throws {
        let fixture = try await ItemFixture()
        let both = TransactWriteItem(
            put: Put(item: item(key("a", 1)), tableName: "items"),
            delete: Delete(key: item(key("a", 2)), tableName: "items")
        )
        let cases: [([TransactWriteItem], String)] = [
            (
                [TransactWriteItem()],
                "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"
            ),
            ([both], "TransactItems can only contain one of Check, Put, Update or Delete"),
            (
                [Self.put(key("a", 1)), Self.delete(key("a", 1))],
                "Transaction request cannot include multiple operations on one item"
            ),
            (
                [Self.put(key("a", 1), "")],
                "Invalid ConditionExpression: The expression can not be empty;"
            ),
            (
                [Self.check(key("a", 1), "")],
                "Invalid ConditionExpression: The expression can not be empty;"
            ),
            (
                [Self.put(key("a", 1) + [("body", text(409_600))])],
                "Item size has exceeded the maximum allowed size"
            ),
        ]
        for (items, sentence) in cases {
            #expect(await wording { () throws(ServiceError) in try await Self.write(fixture, items) } == sentence)
        }
        let missing = TransactWriteItem(put: Put(item: item(key("a", 1)), tableName: "missing"))
        #expect(
            await refused { () throws(ServiceError) in
                try await Self.write(fixture, [Self.put(key("a", 1)), missing])
            } == tableMissing
        )
    }

    @Test func `names and values without an expression are passed over`() async throws {
        let fixture = try await ItemFixture()
        let (names, values) = (["#x": "x"], item([(":x", int(1))]))
        let put = Put(
            item: item(key("a", 1)), tableName: "items", expressionAttributeNames: names,
            expressionAttributeValues: values)
        let delete = Delete(
            key: item(key("a", 2)), tableName: "items", expressionAttributeNames: names,
            expressionAttributeValues: values)
        _ = try await Self.write(fixture, [TransactWriteItem(put: put), TransactWriteItem(delete: delete)])
        #expect(try await fixture.stored(key("a", 1)) != nil)
        var used = put
        used.conditionExpression = "attribute_exists(pk)"
        #expect(
            await wording { () throws(ServiceError) in try await Self.write(fixture, [TransactWriteItem(put: used)]) }
                == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"
        )
    }

    @Test func `the items have 4 MB together`() async throws {
        let fixture = try await ItemFixture()
        // pk (2) + a (1), sk (2) + a number below 100 (2), body (4)
        let large = (1...10).map { Self.put(key("a", $0) + [("body", text(409_600 - 11))]) }
        let left = 4 * 1024 * 1024 - 10 * 409_600
        func rest(_ bytes: Int) -> TransactWriteItem { Self.put(key("a", 11) + [("body", text(bytes - 11))]) }
        #expect(
            await wording { () throws(ServiceError) in try await Self.write(fixture, large + [rest(left + 1)]) }
                == "Collection size of items exceeded, which can also be caused by the aggregate size of the items "
                + "in the transaction exceeding the 4MB limit"
        )
        #expect(try await fixture.stored(key("a", 1)) == nil)
        _ = try await Self.write(fixture, large + [rest(left)])
        #expect(try await fixture.stored(key("a", 11)) != nil)
    }

    @Test func `indexes follow, and only the table is charged twice`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let indexed = key("a", 1) + [("gp", .s("g")), ("gs", int(1)), ("ls", .s("l"))]
        let answer = try await Self.write(fixture, [Self.put(indexed), Self.put(key("a", 2))]) {
            $0.returnConsumedCapacity = .indexes
            $0.returnItemCollectionMetrics = .size
        }
        #expect(
            answer.consumedCapacity?.map { shown($0) }
                == ["items 7.0, table 4.0, local local 1.0, global global 1.0, global whole 1.0"]
        )
        #expect(answer.consumedCapacity?.first?.writeCapacityUnits == 7)
        #expect(answer.itemCollectionMetrics?["items"]?.count == 1)
        #expect(try await fixture.query("gp = :g", [(":g", .s("g"))], index: "whole").count == 1)
        _ = try await Self.write(fixture, [Self.delete(key("a", 1))])
        #expect(try await fixture.query("gp = :g", [(":g", .s("g"))], index: "whole").count == 0)
    }

    // The token

    @Test func `a token makes a transaction happen once, for ten minutes`() async throws {
        let clock = ManualClock(Timestamp(millisecondsSinceEpoch: 1_000_000))
        let fixture = try await ItemFixture(store: MemoryStore(clock: clock))
        let items = [Self.add(key("a", 1)), Self.put(key("b", 1), "attribute_not_exists(pk)")]
        func write() async throws(ServiceError) -> TransactWriteItemsOutput {
            try await Self.write(fixture, items) {
                $0.clientRequestToken = "token"
                $0.returnConsumedCapacity = .total
            }
        }
        #expect(try await write().consumedCapacity?.first?.writeCapacityUnits == 4)
        // Done already, although the condition does not hold any more: charged as a read.
        let again = try await write()
        #expect(again.consumedCapacity?.first?.readCapacityUnits == 4)
        #expect(again.consumedCapacity?.first?.writeCapacityUnits == nil)
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(1))
        clock.advance(milliseconds: 600_001)
        let refusal = await refused { () throws(ServiceError) in try await write() }
        #expect(refusal?.message == Self.cancelled + "[None, ConditionalCheckFailed]")
    }

    @Test func `a token with another request is refused`() async throws {
        let fixture = try await ItemFixture()
        func write(_ items: [TransactWriteItem]) async throws(ServiceError) -> TransactWriteItemsOutput {
            try await Self.write(fixture, items) { $0.clientRequestToken = "token" }
        }
        let map = [("x", int(1)), ("y", .ss(["a", "b"]))]
        _ = try await write([Self.put(key("a", 1) + map)])
        _ = try await write([Self.put([("y", .ss(["b", "a"])), ("x", int(1))] + key("a", 1))])
        for action in [
            Self.put(key("a", 1) + [("x", int(2))]), Self.delete(key("a", 1)),
            Self.put(key("a", 1) + map, "attribute_not_exists(pk)"),
        ] {
            let refusal = await refused { () throws(ServiceError) in try await write([action]) }
            #expect(refusal?.code == "IdempotentParameterMismatchException")
        }
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(1))
    }

    @Test func `a refused transaction does not use its token up`() async throws {
        let fixture = try await ItemFixture()
        let items = [Self.check(key("a", 1), "attribute_exists(pk)"), Self.put(key("b", 1))]
        func write() async throws(ServiceError) -> TransactWriteItemsOutput {
            try await Self.write(fixture, items) { $0.clientRequestToken = "token" }
        }
        #expect(
            await refused { () throws(ServiceError) in try await write() }?.message == Self.cancelled
                + "[ConditionalCheckFailed, None]"
        )
        try await fixture.put(key("a", 1))
        _ = try await write()
        #expect(try await fixture.stored(key("b", 1)) != nil)
    }

    // Concurrency

    @Test func `transactions of one moment are done one after the other`() async throws {
        let fixture = try await ItemFixture()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    // Who loses 64 times is told so; nobody is done in part.
                    _ = try? await Self.write(fixture, [Self.add(key("a", 1)), Self.add(key("a", 2))])
                }
            }
        }
        let first = try await fixture.stored(key("a", 1))?["x"]
        #expect(first != nil)
        #expect(try await fixture.stored(key("a", 2))?["x"] == first)
    }

    @Test func `the access is that of the single operations, once for each table`() async throws {
        let fixture = try await ItemFixture()
        let input = TransactWriteItemsInput(transactItems: [
            Self.put(key("a", 1)), Self.put(key("a", 2)), Self.add(key("a", 3)), Self.delete(key("a", 4)),
            Self.check(key("a", 5), "attribute_exists(pk)"),
        ])
        let access = fixture.service.access(input, fixture.context)
        #expect(
            access.map(\.action) == [
                "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem",
            ]
        )
        #expect(Set(access.map(\.resource)) == ["arn:aws:dynamodb:eu-central-1:123456789012:table/items"])
    }
}
