import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

struct UpdateItemTests {
    private static let invalid = "One or more parameter values were invalid: "
    private static let envelope = "1 validation error detected: "

    @Test func `an update makes an item that is not there, and changes one that is`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.update(key("a", 1), "SET x = :x ADD c :one", [(":x", .s("x")), (":one", int(1))])
        #expect(
            try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1), "x": .s("x"), "c": int(1)]
        )
        try await fixture.update(key("a", 1), "ADD c :two REMOVE x", [(":two", int(2))])
        #expect(try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1), "c": int(3)])
    }

    @Test func `an update of nothing makes the key; one that only removes makes nothing`() async throws {
        let fixture = try await ItemFixture()
        let nothing = try await fixture.update(key("a", 1), nil)
        #expect(nothing.attributes == nil)
        #expect(try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1)])
        try await fixture.update(key("a", 2), "REMOVE x DELETE y :y", [(":y", .ss(["y"]))])
        #expect(try await fixture.stored(key("a", 2)) == nil)
        try await fixture.update(key("a", 1), "REMOVE x")
        #expect(try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1)])
    }

    @Test(
        arguments: [
            Case(
                .allOld,
                ["pk": .s("a"), "sk": int(1), "x": int(1), "y": int(2), "m": map([("n", int(3)), ("o", int(4))])]),
            Case(
                .allNew,
                [
                    "pk": .s("a"), "sk": int(1), "x": int(2), "y": int(2), "m": map([("n", int(9)), ("o", int(4))]),
                    "new": int(1),
                ]
            ),
            Case(.updatedOld, ["x": int(1), "m": map([("n", int(3))])]),
            Case(.updatedNew, ["x": int(2), "m": map([("n", int(9))]), "new": int(1)]),
            Case(.none_, nil), Case(nil, nil),
        ] as [Case<ReturnValue?, [String: AttributeValue]?>])
    func `what is asked for is returned`(
        _ example: Case<ReturnValue?, [String: AttributeValue]?>
    ) async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(
            key("a", 1) + [("x", int(1)), ("y", int(2)), ("m", map([("n", int(3)), ("o", int(4))]))])
        let answer = try await fixture.update(
            key("a", 1), "SET x = x + :one, m.n = :nine, #new = :one REMOVE gone",
            [(":one", int(1)), (":nine", int(9))]
        ) {
            $0.returnValues = example.input
            $0.expressionAttributeNames = ["#new": "new"]
        }
        #expect(answer.attributes.map(shown) == example.output)
    }

    @Test func `there is nothing old of a new item`() async throws {
        let fixture = try await ItemFixture()
        for (sort, wanted) in [(1, ReturnValue.allOld), (2, .updatedOld)] {
            let answer = try await fixture.update(key("a", sort), "SET x = :x", [(":x", int(1))]) {
                $0.returnValues = wanted
            }
            #expect(answer.attributes == nil)
        }
        let removed = try await fixture.update(key("a", 1), "REMOVE x") { $0.returnValues = .updatedNew }
        #expect(removed.attributes == nil)
    }

    // Conditions

    @Test func `a condition decides, on what was there`() async throws {
        let fixture = try await ItemFixture()
        func attempt(_ value: Int, returnsOld: Bool = false) async -> ServiceError? {
            await refused { () throws(ServiceError) in
                try await fixture.update(key("a", 1), "SET x = :new", [(":new", int(value + 1)), (":old", int(value))])
                {
                    $0.conditionExpression = "attribute_not_exists(pk) OR x = :old"
                    $0.returnValuesOnConditionCheckFailure = returnsOld ? .allOld : nil
                }
            }
        }
        #expect(await attempt(0) == nil)
        let refusal = await attempt(0)
        #expect(refusal?.code == "ConditionalCheckFailedException")
        #expect(refusal?.message == "The conditional request failed")
        #expect((refusal?.detail as? ConditionalCheckFailedException)?.item == nil)
        let shownItem = await attempt(0, returnsOld: true)?.detail as? ConditionalCheckFailedException
        #expect(shownItem?.item.map(shown) == ["pk": .s("a"), "sk": int(1), "x": int(1)])
        #expect(await attempt(1) == nil)
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(2))
    }

    @Test func `the condition is looked at before the update is applied`() async throws {
        let fixture = try await ItemFixture()
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.update(key("a", 1), "SET x = nothing") { $0.conditionExpression = "attribute_exists(pk)" }
        }
        #expect(refusal?.code == "ConditionalCheckFailedException")
    }

    // Refusals

    @Test func `expressions are refused in words of their own, in an envelope, before the table`() async throws {
        let fixture = try await ItemFixture()
        let cases: [(String?, String?, [(String, AttributeValue)], String)] = [
            (
                nil, nil, [(":a", int(1))],
                "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and "
                    + "ConditionExpression are null"
            ),
            ("", nil, [], "Invalid UpdateExpression: The expression can not be empty;"),
            (
                "SET a = :a", nil, [],
                "Invalid UpdateExpression: An expression attribute value used in expression is not "
                    + "defined; attribute value: :a"
            ),
            (
                "SET #a = :a", nil, [(":a", int(1))],
                "Invalid UpdateExpression: An expression attribute name used in the "
                    + "document path is not defined; attribute name: #a"
            ),
            (
                "REMOVE a", "attribute_exists(b)", [(":a", int(1))],
                "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
            ),
            (
                "SET a = :a, a = :a", nil, [(":a", int(1))],
                "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these "
                    + "paths; path one: [a], path two: [a]"
            ),
            (
                "ADD a :a", nil, [(":a", .s("x"))],
                "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: "
                    + "STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"
            ),
            (
                "SET a = :a SET b = :a", nil, [(":a", int(1))],
                "Invalid UpdateExpression: The \"SET\" section can only be used once in an update expression;"
            ),
        ]
        for (expression, condition, values, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.update(key("a", 1), expression, values) {
                        $0.tableName = "missing"
                        $0.conditionExpression = condition
                    }
                } == Self.envelope + sentence
            )
        }
    }

    @Test func `what only the item shows is refused bare`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("s", .s("x")), ("m", map([]))])
        let missing = "The provided expression refers to an attribute that does not exist in the item"
        let cases: [(String, String)] = [
            ("SET x = nothing", missing),
            ("SET x = s + :one", "An operand in the update expression has an incorrect data type"),
            ("ADD s :one", "An operand in the update expression has an incorrect data type"),
            ("SET s.x = :one", "The document path provided in the update expression is invalid for update"),
            ("SET nothing.x = :one", "The document path provided in the update expression is invalid for update"),
            ("SET pk = :one", Self.invalid + "Cannot update attribute pk. This attribute is part of the key"),
            ("REMOVE sk ADD x :one", Self.invalid + "Cannot update attribute sk. This attribute is part of the key"),
            ("SET x = nothing + :one", missing),
        ]
        for (expression, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    let values: [(String, AttributeValue)] = expression.contains(":one") ? [(":one", int(1))] : []
                    return try await fixture.update(key("a", 1), expression, values)
                } == sentence
            )
        }
        #expect(try await fixture.stored(key("a", 1))?.count == 4)
    }

    @Test func `a missing table is told before a wrong key, and before an update of the key`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await refused { () throws(ServiceError) in
                try await fixture.update([], "SET pk = :a", [(":a", int(1))]) { $0.tableName = "missing" }
            } == tableMissing
        )
    }

    @Test func `an item grows to 400 KB, and not further`() async throws {
        let fixture = try await ItemFixture()
        let rest = 409_600 - 11
        try await fixture.update(key("a", 1), "SET body = :b", [(":b", text(rest))])
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.update(key("a", 1), "SET x = :x", [(":x", .s(""))])
            } == "Item size to update has exceeded the maximum allowed size"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.update(key("a", 2), "SET body = :b", [(":b", text(rest + 1))])
            } == "Item size to update has exceeded the maximum allowed size"
        )
    }

    @Test func `updates of one item by many lose nothing`() async throws {
        let fixture = try await ItemFixture()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask { _ = try? await fixture.update(key("a", 1), "ADD c :one", [(":one", int(1))]) }
            }
        }
        #expect(try await fixture.stored(key("a", 1))?["c"] == int(50))
    }

    @Test func `the access is to the table`() async throws {
        let fixture = try await ItemFixture()
        let access = fixture.service.access(UpdateItemInput(tableName: "items", key: item([])), fixture.context)
        #expect(access.map(\.action) == ["dynamodb:UpdateItem"])
        #expect(access.map(\.resource) == ["arn:aws:dynamodb:eu-central-1:123456789012:table/items"])
    }
}
