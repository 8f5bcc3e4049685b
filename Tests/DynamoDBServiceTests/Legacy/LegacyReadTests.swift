import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

/// `KeyConditions`, `QueryFilter`, `ScanFilter` and `AttributesToGet`.
struct LegacyReadTests {
    private static let invalid = "One or more parameter values were invalid: "
    private static let mixed = "Can not use both expression and non-expression parameters in the same request: "

    private static func compare(
        _ name: ComparisonOperator, _ values: AttributeValue...
    ) -> DynamoDBModel.Condition {
        DynamoDBModel.Condition(
            attributeValueList: values.isEmpty ? nil : values.map { BoundAttributeValue($0) }, comparisonOperator: name
        )
    }

    private static let partition: [ExactName: DynamoDBModel.Condition] = ["pk": Self.compare(.eq, .s("a"))]

    private static func fixture() async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        for number in 1...5 {
            try await fixture.put(
                key("a", number) + [("gp", .s("g")), ("gs", int(-number)), ("x", int(number)), ("y", .s("y\(number)"))]
            )
        }
        try await fixture.put(key("b", 1))
        return fixture
    }

    private static func query(
        _ fixture: ItemFixture, _ conditions: [ExactName: DynamoDBModel.Condition], index: String? = nil,
        _ change: (inout QueryInput) -> Void = { _ in }
    ) async throws(ServiceError) -> [[String: AttributeValue]] {
        let answer = try await fixture.query(nil, [], index: index) {
            $0.keyConditions = conditions
            change(&$0)
        }
        return (answer.items ?? []).map(shown)
    }

    @Test(
        arguments: [
            (Self.compare(.eq, int(3)), [3]), (Self.compare(.lt, int(3)), [1, 2]),
            (Self.compare(.le, int(3)), [1, 2, 3]),
            (Self.compare(.gt, int(3)), [4, 5]), (Self.compare(.ge, int(3)), [3, 4, 5]),
            (Self.compare(.between, int(2), int(4)), [2, 3, 4]),
        ] as [(DynamoDBModel.Condition, [Int])])
    func `key conditions choose items`(_ condition: DynamoDBModel.Condition, _ numbers: [Int]) async throws {
        let fixture = try await Self.fixture()
        let found = try await Self.query(fixture, Self.partition.merging(["sk": condition]) { $1 })
        #expect(found.map { $0["sk"] } == numbers.map { int($0) })
    }

    @Test func `key conditions choose from an index, and BEGINS_WITH by a string`() async throws {
        let fixture = try await Self.fixture()
        let found = try await Self.query(
            fixture, ["gp": Self.compare(.eq, .s("g")), "gs": Self.compare(.lt, int(-3))], index: "global"
        )
        #expect(found.map { $0["gs"] } == [int(-5), int(-4)])
        try await fixture.put(key("a", 9) + [("ls", .s("left"))])
        let begun = try await Self.query(
            fixture, Self.partition.merging(["ls": Self.compare(.beginsWith, .s("le"))]) { $1 }, index: "local"
        )
        #expect(begun.map { $0["sk"] } == [int(9)])
    }

    @Test(
        arguments: [
            ([:], "Conditions can be of length 1 or 2 only"),
            (["sk": Self.compare(.eq, int(1))], "Query condition missed key schema element: pk"),
            (
                ["pk": Self.compare(.eq, .s("a")), "x": Self.compare(.eq, int(1))],
                "Query condition missed key schema element: sk"
            ),
            (["pk": Self.compare(.gt, .s("a"))], "Query key condition not supported"),
            (["pk": Self.compare(.in, .s("a"))], "Attempted conditional constraint is not an indexable operation"),
            (["pk": Self.compare(.notNull)], "Attempted conditional constraint is not an indexable operation"),
            (
                ["pk": Self.compare(.eq, .s("a")), "sk": Self.compare(.ne, int(1))],
                "Attempted conditional constraint is not an indexable operation"
            ),
            (["pk": Self.compare(.eq, int(1))], Self.invalid + "Condition parameter type does not match schema type"),
            (["pk": Self.compare(.eq)], Self.invalid + "Invalid number of argument(s) for the EQ ComparisonOperator"),
            (
                ["pk": Self.compare(.lt, .bool(true))],
                Self.invalid + "ComparisonOperator LT is not valid for BOOL AttributeValue type"
            ),
            (
                ["pk": Self.compare(.eq, .s("a")), "sk": Self.compare(.between, int(2), int(1))],
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
            ),
        ] as [([ExactName: DynamoDBModel.Condition], String)])
    func `key conditions that choose nothing are refused`(
        _ conditions: [ExactName: DynamoDBModel.Condition], _ sentence: String
    ) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in try await Self.query(fixture, conditions) } == sentence
        )
    }

    @Test func `filters keep what holds, joined by AND or OR`() async throws {
        let fixture = try await Self.fixture()
        let filter: [ExactName: DynamoDBModel.Condition] = [
            "x": Self.compare(.ge, int(3)), "y": Self.compare(.beginsWith, .s("y3")),
        ]
        let both = try await Self.query(fixture, Self.partition) { $0.queryFilter = filter }
        #expect(both.map { $0["sk"] } == [int(3)])
        let either = try await Self.query(fixture, Self.partition) {
            $0.queryFilter = filter
            $0.conditionalOperator = .or
        }
        #expect(either.map { $0["sk"] } == [int(3), int(4), int(5)])
        let scanned = try await fixture.scan { $0.scanFilter = ["x": Self.compare(.null)] }
        #expect(scanned.items?.map { shown($0)["pk"] } == [.s("b")])
        #expect(scanned.scannedCount == 6)
        let counted = try await fixture.scan {
            $0.scanFilter = filter
            $0.conditionalOperator = .or
            $0.select = .count
        }
        #expect(counted.count == 3)
    }

    @Test func `a filter of a query leaves the key alone, that of a scan does not`() async throws {
        let fixture = try await Self.fixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.query(fixture, Self.partition) { $0.queryFilter = ["sk": Self.compare(.eq, int(1))] }
            } == "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"
        )
        let scanned = try await fixture.scan { $0.scanFilter = ["sk": Self.compare(.eq, int(5))] }
        #expect(scanned.count == 1)
    }

    @Test func `an operator needs a filter, and a filter is checked`() async throws {
        let fixture = try await ItemFixture()
        let without = "ConditionalOperator cannot be used without Filter or Expected"
        let one = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan { $0.conditionalOperator = .and }
            } == without
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.query(fixture, Self.partition) {
                    $0.conditionalOperator = .and
                    $0.queryFilter = ["x": Self.compare(.null)]
                }
            } == one
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan { $0.scanFilter = ["x": Self.compare(.null, int(1))] }
            } == Self.invalid + "Invalid number of argument(s) for the NULL ComparisonOperator"
        )
    }

    @Test func `attributes to get are projected`() async throws {
        let fixture = try await Self.fixture()
        let got = try await fixture.get(key("a", 1)) { $0.attributesToGet = ["x", "none", "sk"] }
        #expect(got.item.map(shown) == ["x": int(1), "sk": int(1)])
        let queried = try await Self.query(fixture, Self.partition) {
            $0.attributesToGet = ["x"]
            $0.limit = 2
        }
        #expect(queried == [["x": int(1)], ["x": int(2)]])
        let scanned = try await fixture.scan(index: "global") {
            $0.attributesToGet = ["gs"]
            $0.select = .specificAttributes
        }
        #expect(scanned.items?.count == 5)
        #expect(scanned.items?.allSatisfy { $0.count == 1 } == true)
        let batch = try await fixture.service.batchGetItem(
            BatchGetItemInput(requestItems: [
                ItemFixture.table: KeysAndAttributes(keys: [item(key("a", 2))], attributesToGet: ["y"])
            ]),
            fixture.context
        )
        #expect(batch.responses?[ItemFixture.table]?.map(shown) == [["y": .s("y2")]])
    }

    @Test func `an index does not give what it does not hold`() async throws {
        let fixture = try await Self.fixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan(index: "global") { $0.attributesToGet = ["y", "x"] }
            } == Self.invalid + "Global secondary index global does not project [y]"
        )
    }

    @Test func `an attribute is asked for once, and not by a count`() async throws {
        let fixture = try await ItemFixture()
        let twice = Self.invalid + "Duplicate value in attribute name: x"
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.get(key("a", 1)) { $0.attributesToGet = ["x", "y", "x"] }
            } == twice
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan { $0.attributesToGet = ["x", "x"] }
            } == twice
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan {
                    $0.attributesToGet = ["x"]
                    $0.select = .count
                }
            } == "1 validation error detected: Cannot specify the AttributesToGet when choosing to get only the Count"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.get(key("a", 1)) { $0.attributesToGet = (0...1_024).map { "a\($0)" } }
            } == Self.invalid + "A parameter without expressions can have at most 1024 entries"
        )
    }

    @Test func `both kinds of parameters in one request are refused, but for KeyConditions`() async throws {
        let fixture = try await Self.fixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.get(key("a", 1)) {
                    $0.attributesToGet = ["x"]
                    $0.projectionExpression = "x"
                }
            } == Self.mixed
                + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan {
                    $0.attributesToGet = ["x"]
                    $0.scanFilter = [:]
                    $0.conditionalOperator = .or
                    $0.filterExpression = "x = y"
                }
            } == Self.mixed + "Non-expression parameters: {AttributesToGet, ScanFilter, ConditionalOperator} "
                + "Expression parameters: {FilterExpression}"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.query(fixture, Self.partition) {
                    $0.keyConditionExpression = "pk = :p"
                    $0.queryFilter = [:]
                    $0.projectionExpression = "x"
                }
            } == Self.mixed + "Non-expression parameters: {QueryFilter, KeyConditions} "
                + "Expression parameters: {ProjectionExpression, KeyConditionExpression}"
        )
        // Nor may they be with two tables of a batch, whether these are there or not.
        let keys = [item(key("a", 1))]
        #expect(
            await wording { () throws(ServiceError) in
                _ = try await fixture.service.batchGetItem(
                    BatchGetItemInput(requestItems: [
                        ItemFixture.table: KeysAndAttributes(keys: keys, attributesToGet: ["y"]),
                        "absent": KeysAndAttributes(keys: keys, projectionExpression: "x"),
                    ]),
                    fixture.context
                )
            } == Self.mixed
                + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
        )
        // Names and values need an expression; AWS does not say which here.
        let unused = "can only be specified when using expressions"
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.query(fixture, Self.partition) { $0.expressionAttributeNames = ["#x": "x"] }
            } == "ExpressionAttributeNames " + unused
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.query(fixture, Self.partition) {
                    $0.projectionExpression = "x"
                    $0.expressionAttributeValues = item([(":x", int(4))])
                }
            } == "ExpressionAttributeValues " + unused
        )
        let found = try await Self.query(fixture, Self.partition) {
            $0.projectionExpression = "x"
            $0.filterExpression = "x > :x"
            $0.expressionAttributeValues = item([(":x", int(4))])
        }
        #expect(found == [["x": int(5)]])
    }
}
