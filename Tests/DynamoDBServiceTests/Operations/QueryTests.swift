import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

struct QueryTests {
    private static let invalid = "One or more parameter values were invalid: "
    private static let envelope = "1 validation error detected: "

    /// The sort keys -5, 0, 3, 10 and 200 under `a`, one of them under `b`.
    private static func filled() async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture()
        for sort in [10, -5, 200, 0, 3] { try await fixture.put(key("a", sort) + [("x", int(sort * 2))]) }
        try await fixture.put(key("b", 3))
        return fixture
    }

    private static func sorts(_ answer: QueryOutput) -> [AttributeValue?]? {
        answer.items?.map { shown($0)["sk"] }
    }

    @Test(
        arguments: [
            Case("pk = :p", [-5, 0, 3, 10, 200]),
            Case("pk = :p AND sk = :v", [3]), Case(":v = sk AND :p = pk", [3]),
            Case("pk = :p AND sk < :v", [-5, 0]), Case("pk = :p AND sk <= :v", [-5, 0, 3]),
            Case("pk = :p AND sk > :v", [10, 200]), Case("pk = :p AND sk >= :v", [3, 10, 200]),
            Case("pk = :p AND :v > sk", [-5, 0]),
            Case("pk = :p AND sk BETWEEN :v AND :w", [3, 10]), Case("(pk = :p) AND (sk = :w)", [10]),
        ] as [Case<String, [Int]>])
    func `a key condition chooses a part of a partition, in the order of the sort key`(
        _ example: Case<String, [Int]>
    ) async throws {
        let fixture = try await Self.filled()
        let values =
            [(":p", .s("a")), (":v", int(3)), (":w", int(10))].filter { example.input.contains($0.0) }
            as [(String, AttributeValue)]
        for isForward in [nil, true, false] {
            let answer = try await fixture.query(example.input, values) { $0.scanIndexForward = isForward }
            let expected = isForward == false ? example.output.reversed() : example.output
            #expect(Self.sorts(answer) == expected.map(int))
            #expect(answer.count == expected.count)
            #expect(answer.scannedCount == expected.count)
            #expect(answer.lastEvaluatedKey == nil)
            #expect(answer.consumedCapacity == nil)
        }
    }

    @Test func `texts and bytes sort by their bytes`() async throws {
        let fixture = try await ItemFixture(tableInput("items", defined("pk", "sk"), [hash("pk"), range("sk")]))
        let sorted = ["A", "B", "a", "aa", "ab", "z", "é", "\u{FF5E}", "😀"]
        for text in sorted.shuffled() { try await fixture.put([("pk", .s("p")), ("sk", .s(text))]) }
        let all = try await fixture.query("pk = :p", [(":p", .s("p"))])
        #expect(Self.sorts(all) == sorted.map { .s($0) })
        let begun = try await fixture.query("pk = :p AND begins_with(sk, :a)", [(":p", .s("p")), (":a", .s("a"))])
        #expect(Self.sorts(begun) == [.s("a"), .s("aa"), .s("ab")])
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.query("pk = :p AND begins_with(sk, :a)", [(":p", .s("p")), (":a", .s(""))])
            } == "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                + "empty string value. Key: sk"
        )
    }

    @Test func `a filter hides what was read, and a projection parts of it`() async throws {
        let fixture = try await Self.filled()
        let answer = try await fixture.query("pk = :p", [(":p", .s("a")), (":x", int(6))]) {
            $0.filterExpression = "#x >= :x"
            $0.projectionExpression = "#x, sk"
            $0.expressionAttributeNames = ["#x": "x"]
        }
        #expect(answer.items?.map(shown) == [3, 10, 200].map { ["sk": int($0), "x": int($0 * 2)] })
        #expect(answer.count == 3)
        #expect(answer.scannedCount == 5)
        let none = try await fixture.query("pk = :p", [(":p", .s("nobody"))])
        #expect(none.items?.isEmpty == true)
        #expect(none.count == 0)
    }

    @Test func `names are compared by their bytes`() async throws {
        let fixture = try await ItemFixture(tableInput("items", defined("caf\u{E9}"), [hash("caf\u{E9}")]))
        try await fixture.put([("caf\u{E9}", .s("a")), ("cafe\u{301}", .s("b"))])
        func query(_ name: String, _ filter: String? = nil) async throws(ServiceError) -> QueryOutput {
            try await fixture.query("#n = :n", [(":n", .s("a"))]) {
                $0.expressionAttributeNames = ["#n": name, "#f": filter ?? ""].filter { !$0.value.isEmpty }
                $0.filterExpression = filter == nil ? nil : "#f <> :n"
            }
        }
        #expect(try await query("caf\u{E9}").count == 1)
        #expect(try await query("caf\u{E9}", "cafe\u{301}").count == 1)
        #expect(
            await wording { () throws(ServiceError) in try await query("cafe\u{301}") }
                == "Query condition missed key schema element: caf\u{E9}"
        )
    }

    // Select

    @Test func `a count has no items`() async throws {
        let fixture = try await Self.filled()
        let answer = try await fixture.query("pk = :p", [(":p", .s("a")), (":x", int(6))]) {
            $0.select = .count
            $0.filterExpression = "x >= :x"
        }
        #expect(answer.items == nil)
        #expect(answer.count == 3)
        #expect(answer.scannedCount == 5)
    }

    @Test(
        arguments: [
            (.allAttributes, nil, nil), (.specificAttributes, "pk", nil),
            (
                .allProjectedAttributes, nil,
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
            ),
            (
                .specificAttributes, nil,
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            ),
            (.allAttributes, "pk", "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"),
            (.count, "pk", "Cannot specify the ProjectionExpression when choosing to get only the Count"),
            (
                .allProjectedAttributes, "pk",
                "Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES"
            ),
        ] as [(Select, String?, String?)])
    func `what is selected goes with what is projected`(
        _ select: Select, _ projection: String?, _ sentence: String?
    ) async throws {
        let fixture = try await ItemFixture()
        let query = await wording { () throws(ServiceError) in
            try await fixture.query("pk = :p", [(":p", .s("a"))]) {
                $0.select = select
                $0.projectionExpression = projection
            }
        }
        #expect(query == sentence.map { Self.envelope + $0 })
        let scan = await wording { () throws(ServiceError) in
            try await fixture.scan {
                $0.select = select
                $0.projectionExpression = projection
            }
        }
        #expect(scan == sentence.map { Self.envelope + $0 })
    }

    // Refusals

    @Test func `expressions are refused before the table is looked for`() async throws {
        let fixture = try await ItemFixture()
        let values: [(String, AttributeValue)] = [(":p", .s("a"))]
        let cases: [(String?, String?, String?, String)] = [
            (
                nil, nil, nil,
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            ),
            ("", nil, nil, "Invalid KeyConditionExpression: The expression can not be empty;"),
            (
                "pk = :q", nil, nil,
                "Invalid KeyConditionExpression: An expression attribute value used in expression is "
                    + "not defined; attribute value: :q"
            ),
            (
                "pk = :p OR sk = :p", nil, nil,
                "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: OR"
            ),
            ("pk = :p", "", nil, "Invalid FilterExpression: The expression can not be empty;"),
            (
                "pk = :p", "x <> :x", nil,
                "Invalid FilterExpression: An expression attribute value used in expression is "
                    + "not defined; attribute value: :x"
            ),
            ("pk = :p", nil, "", "Invalid ProjectionExpression: The expression can not be empty;"),
            (
                "pk = :p", nil, "#x",
                "Invalid ProjectionExpression: An expression attribute name used in the document "
                    + "path is not defined; attribute name: #x"
            ),
        ]
        for (condition, filter, projection, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.query(condition, values) {
                        $0.tableName = "missing"
                        $0.filterExpression = filter
                        $0.projectionExpression = projection
                    }
                } == sentence
            )
        }
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.query("pk = :p", values + [(":x", int(1))]) { $0.tableName = "missing" }
            } == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"
        )
    }

    @Test func `a key condition is refused after the table is found`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await refused { () throws(ServiceError) in
                try await fixture.query("sk = :p", [(":p", .s("a"))]) { $0.tableName = "missing" }
            } == tableMissing
        )
        let empty = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
        let cases: [(String, [AttributeValue], String)] = [
            ("sk = :0", [int(1)], "Query condition missed key schema element: pk"),
            ("pk = :0 AND x = :1", [.s("a"), int(1)], "Query condition missed key schema element: sk"),
            ("pk = :0 AND sk = :1 AND x = :1", [.s("a"), int(1)], "Query key condition not supported"),
            ("pk > :0", [.s("a")], "Query key condition not supported"),
            ("begins_with(pk, :0)", [.s("a")], "Query key condition not supported"),
            (
                "pk = :0 AND begins_with(sk, :1)", [.s("a"), int(1)],
                "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: "
                    + "begins_with, operand type: N"
            ),
            ("pk = :0", [int(1)], Self.invalid + "Condition parameter type does not match schema type"),
            (
                "pk = :0 AND sk = :1", [.s("a"), .s("b")],
                Self.invalid + "Condition parameter type does not match schema type"
            ),
            ("pk = :0", [.s("")], empty + "an empty string value. Key: pk"),
            (
                "pk = :0", [text(2049)],
                Self.invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes"
            ),
        ]
        for (condition, values, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.query(condition, values.enumerated().map { (":\($0)", $1) })
                } == sentence
            )
        }
    }

    @Test func `a filter and a projection leave the key alone`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let scalars = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
        let cases: [(String?, String?, String)] = [
            (
                "pk = :p", nil,
                "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"
            ),
            (
                "attribute_exists(sk) AND x = :p", nil,
                "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"
            ),
            ("gp.a = :p", nil, scalars + "IndexKey: gp"),
            (nil, "pk.a", scalars + "Key: pk"),
            (nil, "ls[1]", scalars + "IndexKey: ls"),
        ]
        for (filter, projection, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.query("pk = :p", [(":p", .s("a"))]) {
                        $0.filterExpression = filter
                        $0.projectionExpression = projection
                    }
                } == sentence
            )
        }
    }

    // Capacity

    @Test func `a page is charged by the sum of what was read, rounded once`() async throws {
        let fixture = try await ItemFixture()
        // Each item has 1,024 bytes: 2 + 1, 2 + 2, 4 + 1,013.
        for sort in 1...9 { try await fixture.put(key("a", sort) + [("body", text(1013))]) }
        let cases: [(Int?, Bool, Double)] = [
            (4, true, 1), (5, true, 2), (nil, true, 3), (nil, false, 1.5), (1, false, 0.5),
        ]
        for (limit, isConsistent, units) in cases {
            let answer = try await fixture.query("pk = :p", [(":p", .s("a"))]) {
                $0.limit = limit
                $0.consistentRead = isConsistent
                $0.returnConsumedCapacity = .indexes
                // Neither makes a page cheaper.
                $0.projectionExpression = "pk"
                $0.filterExpression = "attribute_not_exists(body)"
            }
            #expect(answer.count == 0)
            #expect(shown(answer.consumedCapacity) == "items \(units), table \(units)")
        }
        let nothing = try await fixture.query("pk = :p", [(":p", .s("nobody"))]) { $0.returnConsumedCapacity = .total }
        #expect(shown(nothing.consumedCapacity) == "items 0.5")
        let unasked = try await fixture.query("pk = :p", [(":p", .s("a"))]) { $0.returnConsumedCapacity = .none_ }
        #expect(unasked.consumedCapacity == nil)
    }

    @Test func `the access is to the table or to the index`() async throws {
        let fixture = try await ItemFixture()
        let table = "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
        for (index, resource) in [(nil, table), ("one", table + "/index/one")] {
            let access = fixture.service.access(QueryInput(tableName: "items", indexName: index), fixture.context)
            #expect(access == [ResourceAccess(action: "dynamodb:Query", resource: resource)])
        }
    }
}
