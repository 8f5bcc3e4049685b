import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

struct GetItemTests {
    private static let keyElement = "The provided key element does not match the schema"

    @Test func `an item comes back as it went, and what is missing has no item`() async throws {
        let fixture = try await ItemFixture()
        let entries: [(String, AttributeValue)] =
            key("a", -1) + [
                ("b", .b([0, 255])), ("bs", .bs([[1], [2]])), ("l", .l([.s(""), .null])),
                ("ns", .ns([DynamoDBNumber(1)])),
            ]
        try await fixture.put(entries)
        #expect(try await fixture.get(key("a", -1)).item.map(shown) == shown(item(entries)))
        #expect(try await fixture.get(key("a", -1)) { $0.consistentRead = true }.item?.count == 6)
        let missing = try await fixture.get(key("a", 1))
        #expect(missing.item == nil)
        #expect(missing.consumedCapacity == nil)
    }

    @Test func `a number is found in whatever form it is written`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put([("pk", .s("a")), ("sk", number("1.50e1"))])
        #expect(try await fixture.stored([("pk", .s("a")), ("sk", number("015"))])?["sk"] == int(15))
    }

    @Test(
        arguments: [
            Case([("pk", .s("a"))], keyElement),
            Case([("sk", int(1))], keyElement),
            Case([], keyElement),
            Case(key("a", 1) + [("x", int(1))], keyElement),
            Case([("pk", .s("a")), ("x", int(1))], keyElement),
            Case([("pk", int(1)), ("sk", int(1))], keyElement),
            Case([("pk", .s("a")), ("sk", .s("1"))], keyElement),
            Case(
                [("pk", .s("")), ("sk", int(1))],
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty string value. Key: pk"
            ),
            Case(
                [("pk", text(2049)), ("sk", int(1))],
                "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
            ),
        ] as [Case<[(String, AttributeValue)], String>])
    func `a key is the table's whole key and nothing else`(
        _ example: Case<[(String, AttributeValue)], String>
    ) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in try await fixture.get(example.input) } == example.output
        )
        #expect(
            await wording { () throws(ServiceError) in try await fixture.delete(example.input) } == example.output
        )
        #expect(
            await wording { () throws(ServiceError) in try await fixture.update(example.input, "REMOVE z") }
                == example.output
        )
    }

    @Test func `a projection shows what is there of what was asked for`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(
            key("a", 1) + [("x", int(1)), ("m", map([("n", int(2)), ("o", int(3))])), ("l", .l([int(4), int(5)]))])
        let answer = try await fixture.get(key("a", 1)) {
            $0.projectionExpression = "x, #m.n, l[1], nothing, m.nothing"
            $0.expressionAttributeNames = ["#m": "m"]
        }
        #expect(
            answer.item.map(shown) == ["x": int(1), "m": map([("n", int(2))]), "l": .l([int(5)])]
        )
        // An item of which nothing is left is still there.
        #expect(try await fixture.get(key("a", 1)) { $0.projectionExpression = "nothing" }.item?.isEmpty == true)
        #expect(try await fixture.get(key("a", 2)) { $0.projectionExpression = "nothing" }.item == nil)
    }

    @Test func `a projection is refused in words of its own, before the table is looked for`() async throws {
        let fixture = try await ItemFixture()
        let cases: [(String?, [String: String]?, String)] = [
            (
                nil, ["#a": "a"],
                "ExpressionAttributeNames can only be specified when using expressions"
            ),
            ("", nil, "Invalid ProjectionExpression: The expression can not be empty;"),
            ("a", ["#a": "a"], "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"),
            (
                "#a", nil,
                "Invalid ProjectionExpression: An expression attribute name used in the document path is not "
                    + "defined; attribute name: #a"
            ),
            (
                "a, a", nil,
                "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or "
                    + "rewrite one of these paths; path one: [a], path two: [a]"
            ),
            ("#a", ["#a": ""], "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"),
            ("#a", ["a": "a"], "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""),
        ]
        for (expression, names, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.get([]) {
                        $0.tableName = "missing"
                        $0.projectionExpression = expression
                        $0.expressionAttributeNames = names
                    }
                } == sentence
            )
        }
    }

    @Test(arguments: ["pk.a", "x, sk[0]"])
    func `a projection goes into no part of a key`(_ expression: String) async throws {
        let fixture = try await ItemFixture()
        let sentence =
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: "
            + (expression.hasPrefix("pk") ? "pk" : "sk")
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.get(key("a", 1)) { $0.projectionExpression = expression }
            } == sentence
        )
        var request = KeysAndAttributes(keys: [item(key("a", 1))])
        request.projectionExpression = expression
        let input = BatchGetItemInput(requestItems: ["items": request])
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.service.batchGetItem(input, fixture.context)
            } == sentence
        )
        // A wrong key is told before.
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.get([]) { $0.projectionExpression = expression }
            } == "The provided key element does not match the schema"
        )
    }

    @Test func `a missing table is told before a wrong key`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await refused { () throws(ServiceError) in try await fixture.get([]) { $0.tableName = "missing" } }
                == tableMissing
        )
        #expect(
            await wording { () throws(ServiceError) in try await fixture.get(key("a", 1)) { $0.tableName = "x" } }
                == "TableName must be at least 3 characters long and at most 255 characters long"
        )
    }

    @Test(
        arguments: [Case(4096 - 11, 1), Case(4097 - 11, 2), Case(409_600 - 11, 100)] as [Case<Int, Double>])
    func `a unit is for each 4 KB begun, and half of one when consistency is not asked for`(
        _ example: Case<Int, Double>
    ) async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("body", text(example.input))])
        for (isConsistent, factor) in [(true, 1.0), (false, 0.5)] {
            // A projection makes a read no cheaper.
            let answer = try await fixture.get(key("a", 1)) {
                $0.consistentRead = isConsistent
                $0.returnConsumedCapacity = .total
                $0.projectionExpression = "pk"
            }
            #expect(answer.consumedCapacity?.capacityUnits == example.output * factor)
        }
    }

    @Test func `capacity is told as it is asked for, also of what is missing`() async throws {
        let fixture = try await ItemFixture()
        let cases: [(ReturnConsumedCapacity?, String?)] = [
            (nil, nil), (.none_, nil), (.total, "items 0.5"), (.indexes, "items 0.5, table 0.5"),
        ]
        for (wanted, expected) in cases {
            let answer = try await fixture.get(key("a", 1)) { $0.returnConsumedCapacity = wanted }
            #expect(shown(answer.consumedCapacity) == expected)
        }
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
        let named = try await fixture.get(key("a", 1)) {
            $0.tableName = arn
            $0.returnConsumedCapacity = .total
        }
        #expect(named.consumedCapacity?.tableName == arn)
    }

    @Test func `the access is to the table`() async throws {
        let fixture = try await ItemFixture()
        let access = fixture.service.access(GetItemInput(tableName: "items", key: item([])), fixture.context)
        #expect(access.map(\.action) == ["dynamodb:GetItem"])
        #expect(access.map(\.resource) == ["arn:aws:dynamodb:eu-central-1:123456789012:table/items"])
    }
}
