import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceModel
import Testing

struct PutItemTests {
    private static let invalid = "One or more parameter values were invalid: "
    private static let envelope = "1 validation error detected: "

    @Test func `an item is stored whole, and replaced whole`() async throws {
        let fixture = try await ItemFixture()
        let first = try await fixture.put(key("a", 1) + [("x", .ss(["q", "p"])), ("y", map([("z", .l([.null]))]))])
        #expect(first.attributes == nil)
        #expect(first.consumedCapacity == nil)
        #expect(first.itemCollectionMetrics == nil)
        #expect(try await fixture.stored(key("a", 1))?.keys.sorted() == ["pk", "sk", "x", "y"])
        try await fixture.put(key("a", 1) + [("x", .bool(true))])
        #expect(
            try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1), "x": .bool(true)]
        )
    }

    @Test func `what was there is returned when asked for`() async throws {
        let fixture = try await ItemFixture()
        let none = try await fixture.put(key("a", 1) + [("x", int(1))]) { $0.returnValues = .allOld }
        #expect(none.attributes == nil)
        let old = try await fixture.put(key("a", 1)) { $0.returnValues = .allOld }
        #expect(old.attributes.map(shown) == ["pk": .s("a"), "sk": int(1), "x": int(1)])
        #expect(try await fixture.put(key("a", 1)) { $0.returnValues = .none_ }.attributes == nil)
    }

    @Test(arguments: [ReturnValue.allNew, .updatedOld, .updatedNew])
    func `other return values are for updates`(_ wanted: ReturnValue) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.put(key("a", 1)) { $0.returnValues = wanted }
            } == Self.envelope + "ReturnValues can only be ALL_OLD or NONE"
        )
    }

    // Keys

    @Test(
        arguments: [
            Case([("pk", .s("a"))], "Missing the key sk in the item"),
            Case([("sk", int(1))], "Missing the key pk in the item"),
            Case([], "Missing the key pk in the item"),
            Case([("pk", int(1)), ("sk", int(1))], "Type mismatch for key pk expected: S actual: N"),
            Case([("pk", .s("a")), ("sk", .bool(true))], "Type mismatch for key sk expected: N actual: BOOL"),
            Case(
                [("pk", text(2049)), ("sk", int(1))],
                "Size of hashkey has exceeded the maximum size limit of2048 bytes"
            ),
        ] as [Case<[(String, AttributeValue)], String>])
    func `an item has its whole key, of the right types and sizes`(
        _ example: Case<[(String, AttributeValue)], String>
    ) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in try await fixture.put(example.input) }
                == Self.invalid + example.output
        )
    }

    @Test func `key texts are not empty, and end at their limits`() async throws {
        let fixture = try await ItemFixture(tableInput("items", defined("pk", "sk"), [hash("pk"), range("sk")]))
        let empty = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
        #expect(
            await wording { () throws(ServiceError) in try await fixture.put([("pk", .s("")), ("sk", .s("a"))]) }
                == empty + "an empty string value. Key: pk"
        )
        #expect(
            await wording { () throws(ServiceError) in try await fixture.put([("pk", .s("a")), ("sk", .s(""))]) }
                == empty + "an empty string value. Key: sk"
        )
        try await fixture.put([("pk", text(2048)), ("sk", text(1024)), ("x", .s("")), ("y", .b([]))])
        #expect(
            await wording { () throws(ServiceError) in try await fixture.put([("pk", .s("a")), ("sk", text(1025))]) }
                == Self.invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        )
    }

    @Test func `an attribute has a name, at the top and in maps`() async throws {
        let fixture = try await ItemFixture()
        for nameless in [("", int(1)), ("x", map([("", int(1))])), ("x", .l([map([("y", map([("", .null)]))])]))] {
            #expect(
                await wording { () throws(ServiceError) in try await fixture.put(key("a", 1) + [nameless]) }
                    == Self.envelope + "Empty attribute name"
            )
        }
        #expect(try await fixture.stored(key("a", 1)) == nil)
    }

    // Sizes

    @Test func `an item has 400 KB, names and values together`() async throws {
        let fixture = try await ItemFixture()
        // pk (2) + a (1), sk (2) + 1 (2), body (4)
        let rest = 409_600 - 11
        try await fixture.put(key("a", 1) + [("body", text(rest))])
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.put(key("a", 1) + [("body", text(rest + 1))])
            } == "Item size has exceeded the maximum allowed size"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.put([("body", text(409_600))]) { $0.tableName = "missing" }
            } == "Item size has exceeded the maximum allowed size"
        )
    }

    // Conditions

    @Test func `a condition decides, on what was there`() async throws {
        let fixture = try await ItemFixture()
        let absent = "attribute_not_exists(pk)"
        try await fixture.put(key("a", 1) + [("x", int(1))]) { $0.conditionExpression = absent }
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.put(key("a", 1) + [("x", int(2))]) { $0.conditionExpression = absent }
        }
        #expect(refusal?.code == "ConditionalCheckFailedException")
        #expect(refusal?.status == 400)
        #expect(refusal?.message == "The conditional request failed")
        #expect((refusal?.detail as? ConditionalCheckFailedException)?.item == nil)
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(1))
        try await fixture.put(key("a", 1) + [("x", int(2))]) {
            $0.conditionExpression = "#x = :x"
            $0.expressionAttributeNames = ["#x": "x"]
            $0.expressionAttributeValues = item([(":x", int(1))])
        }
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(2))
    }

    @Test func `a failed condition shows the item when asked to`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        for (sort, expected) in [(1, ["pk": .s("a"), "sk": int(1), "x": int(1)]), (2, nil)]
            as [(
                Int, [String: AttributeValue]?
            )]
        {
            let refusal = await refused { () throws(ServiceError) in
                try await fixture.put(key("a", sort)) {
                    $0.conditionExpression = "attribute_exists(nothing)"
                    $0.returnValuesOnConditionCheckFailure = .allOld
                }
            }
            #expect((refusal?.detail as? ConditionalCheckFailedException)?.item.map(shown) == expected)
        }
    }

    @Test func `expressions are refused in words of their own, in an envelope`() async throws {
        let fixture = try await ItemFixture()
        let cases: [(String?, [String: String]?, AttributeMap?, String)] = [
            (
                nil, ["#a": "a"], nil,
                "ExpressionAttributeNames can only be specified when using expressions"
            ),
            (
                nil, nil, item([(":a", int(1))]),
                "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
            ),
            ("", nil, nil, "Invalid ConditionExpression: The expression can not be empty;"),
            (
                "a = :a", nil, nil,
                "Invalid ConditionExpression: An expression attribute value used in expression is not "
                    + "defined; attribute value: :a"
            ),
            (
                "attribute_exists(#a)", nil, nil,
                "Invalid ConditionExpression: An expression attribute name used in the "
                    + "document path is not defined; attribute name: #a"
            ),
            (
                "attribute_exists(a)", ["#a": "a"], nil,
                "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"
            ),
            (
                "attribute_exists(a)", nil, item([(":a", int(1))]),
                "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
            ),
            ("attribute_exists(a)", [:], nil, "ExpressionAttributeNames must not be empty"),
            (
                "attribute_exists(size)", nil, nil,
                "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: size"
            ),
        ]
        for (expression, names, values, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    // An expression is refused before its table is looked for.
                    try await fixture.put(key("a", 1)) {
                        $0.tableName = "missing"
                        $0.conditionExpression = expression
                        $0.expressionAttributeNames = names
                        $0.expressionAttributeValues = values
                    }
                } == Self.envelope + sentence
            )
        }
    }

    @Test func `a condition does not look into a key`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let sentence = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
        for (expression, rest) in [("attribute_exists(pk.a)", "Key: pk"), ("attribute_exists(gp[0])", "IndexKey: gp")] {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.put(key("a", 1)) { $0.conditionExpression = expression }
                } == sentence + rest
            )
        }
    }

    @Test func `a missing table is told after the request, and before the item's keys`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await refused { () throws(ServiceError) in try await fixture.put([]) { $0.tableName = "missing" } }
                == tableMissing
        )
    }

    @Test func `the access is to the table`() async throws {
        let fixture = try await ItemFixture()
        let access = fixture.service.access(PutItemInput(tableName: "items", item: item([])), fixture.context)
        #expect(
            access == [
                ResourceAccess(
                    action: "dynamodb:PutItem",
                    resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
                )
            ]
        )
    }
}
