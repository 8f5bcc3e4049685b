import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

/// `Expected` of PutItem, UpdateItem and DeleteItem.
struct LegacyConditionTests {
    private static let envelope = "1 validation error detected: "
    private static let enveloped = Self.envelope + "One or more parameter values were invalid: "

    /// The attributes of the item that conditions are tried on.
    private static let attributes: [(String, AttributeValue)] = [
        ("s", .s("abc")), ("n", int(5)), ("b", .b([1, 2, 3])), ("ss", .ss(["a", "b"])),
        ("ns", .ns([DynamoDBNumber(1)])),
        ("l", .l([.s("x"), int(1)])), ("m", map([("k", .s("v"))])), ("t", .bool(true)), ("z", .null),
    ]

    private static func fixture() async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + Self.attributes)
        return fixture
    }

    private static func compare(_ name: ComparisonOperator, _ values: AttributeValue...) -> ExpectedAttributeValue {
        ExpectedAttributeValue(
            comparisonOperator: name, attributeValueList: values.isEmpty ? nil : values.map { BoundAttributeValue($0) }
        )
    }

    /// Whether a DeleteItem with these conditions deletes the item.
    private static func holds(
        _ expected: [ExactName: ExpectedAttributeValue], _ joining: ConditionalOperator? = nil
    ) async throws -> Bool {
        let fixture = try await Self.fixture()
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.delete(key("a", 1)) {
                $0.expected = expected
                $0.conditionalOperator = joining
            }
        }
        guard let refusal else { return true }
        #expect(refusal.code == "ConditionalCheckFailedException")
        #expect(refusal.message == "The conditional request failed")
        #expect(try await fixture.stored(key("a", 1)) != nil)
        return false
    }

    @Test(
        arguments: [
            ("s", Self.compare(.eq, .s("abc")), true), ("s", Self.compare(.eq, .b([97, 98, 99])), false),
            ("ss", Self.compare(.eq, .ss(["b", "a"])), true), ("l", Self.compare(.eq, .l([.s("x"), int(1)])), true),
            ("m", Self.compare(.eq, map([("k", .s("v"))])), true), ("t", Self.compare(.eq, .bool(true)), true),
            ("z", Self.compare(.eq, .null), true), ("x", Self.compare(.eq, .null), false),
            ("n", Self.compare(.ne, int(5)), false), ("n", Self.compare(.ne, .s("5")), true),
            ("x", Self.compare(.ne, int(5)), true),
            ("n", Self.compare(.le, int(5)), true), ("n", Self.compare(.lt, int(5)), false),
            ("n", Self.compare(.ge, int(5)), true), ("n", Self.compare(.gt, int(5)), false),
            ("n", Self.compare(.gt, int(-10)), true), ("x", Self.compare(.lt, int(5)), false),
            ("s", Self.compare(.lt, int(5)), false),
            ("z", Self.compare(.notNull), true), ("x", Self.compare(.notNull), false),
            ("z", Self.compare(.null), false), ("x", Self.compare(.null), true),
            ("s", Self.compare(.contains, .s("bc")), true), ("s", Self.compare(.contains, .s("ac")), false),
            ("b", Self.compare(.contains, .b([2, 3])), true), ("ss", Self.compare(.contains, .s("a")), true),
            ("ns", Self.compare(.contains, int(1)), true), ("l", Self.compare(.contains, int(1)), true),
            ("n", Self.compare(.contains, int(5)), false), ("x", Self.compare(.contains, .s("a")), false),
            ("s", Self.compare(.notContains, .s("bc")), false), ("s", Self.compare(.notContains, .s("ac")), true),
            ("ss", Self.compare(.notContains, .s("c")), true), ("ss", Self.compare(.notContains, .s("a")), false),
            ("n", Self.compare(.notContains, .s("a")), true), ("x", Self.compare(.notContains, .s("a")), false),
            ("s", Self.compare(.beginsWith, .s("ab")), true), ("s", Self.compare(.beginsWith, .s("b")), false),
            ("b", Self.compare(.beginsWith, .b([1])), true), ("n", Self.compare(.beginsWith, .s("5")), false),
            ("n", Self.compare(.in, int(4), int(5)), true), ("n", Self.compare(.in, int(4)), false),
            ("n", Self.compare(.in, .s("5")), false), ("x", Self.compare(.in, int(5)), false),
            ("n", Self.compare(.between, int(5), int(6)), true), ("n", Self.compare(.between, int(6), int(7)), false),
            ("n", Self.compare(.between, int(5), int(5)), true), ("s", Self.compare(.between, .s("a"), .s("b")), true),
            ("n", Self.compare(.between, .s("0"), .s("9")), false),
            ("n", ExpectedAttributeValue(value: BoundAttributeValue(int(5))), true),
            ("n", ExpectedAttributeValue(value: BoundAttributeValue(int(6)), exists: true), false),
            ("n", ExpectedAttributeValue(value: BoundAttributeValue(int(6)), comparisonOperator: .lt), true),
            ("n", ExpectedAttributeValue(exists: false), false), ("x", ExpectedAttributeValue(exists: false), true),
        ] as [(String, ExpectedAttributeValue, Bool)])
    func `a condition holds as its operator says`(
        _ name: String, _ condition: ExpectedAttributeValue, _ holds: Bool
    ) async throws {
        #expect(try await Self.holds([ExactName(name): condition]) == holds)
    }

    @Test func `conditions are joined by AND unless OR is asked for`() async throws {
        let right = ExpectedAttributeValue(value: BoundAttributeValue(int(5)))
        let absent = ExpectedAttributeValue(exists: false)
        #expect(try await Self.holds(["n": right, "x": absent]))
        #expect(try await Self.holds(["n": right, "s": absent]) == false)
        #expect(try await Self.holds(["n": right, "s": absent], .and) == false)
        #expect(try await Self.holds(["n": right, "s": absent], .or))
        #expect(try await Self.holds(["m": absent, "s": absent, "n": absent], .or) == false)
        #expect(try await Self.holds(["m": absent, "s": absent, "n": right], .or))
    }

    @Test func `many conditions are evaluated, and one more is refused`() async throws {
        let absent = ExpectedAttributeValue(exists: false)
        func conditions(_ count: Int) -> [ExactName: ExpectedAttributeValue] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { (ExactName("none\($0)"), absent) })
        }
        #expect(try await Self.holds(conditions(1_024)))
        let fixture = try await Self.fixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.delete(key("a", 1)) { $0.expected = conditions(1_025) }
            } == Self.enveloped + "A parameter without expressions can have at most 1024 entries"
        )
    }

    @Test(
        arguments: [
            (
                ExpectedAttributeValue(
                    value: BoundAttributeValue(int(1)), comparisonOperator: .eq,
                    attributeValueList: [BoundAttributeValue(int(1))]
                ), "Value and AttributeValueList cannot be used together for Attribute: a"
            ),
            (
                ExpectedAttributeValue(exists: true, comparisonOperator: .eq),
                "Exists and ComparisonOperator cannot be used together for Attribute: a"
            ),
            (
                ExpectedAttributeValue(comparisonOperator: .lt),
                "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a"
            ),
            (
                ExpectedAttributeValue(exists: false, attributeValueList: [BoundAttributeValue(int(1))]),
                "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"
            ),
            (ExpectedAttributeValue(), "Value must be provided when Exists is null for Attribute: a"),
            (ExpectedAttributeValue(exists: true), "Value must be provided when Exists is true for Attribute: a"),
            (
                ExpectedAttributeValue(value: BoundAttributeValue(int(1)), exists: false),
                "Value cannot be used when Exists is false for Attribute: a"
            ),
            (
                ExpectedAttributeValue(comparisonOperator: .eq, attributeValueList: []),
                "Invalid number of argument(s) for the EQ ComparisonOperator"
            ),
            (Self.compare(.null, int(1)), "Invalid number of argument(s) for the NULL ComparisonOperator"),
            (Self.compare(.between, int(1)), "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
            (
                ExpectedAttributeValue(comparisonOperator: .in, attributeValueList: []),
                "Invalid number of argument(s) for the IN ComparisonOperator"
            ),
            (Self.compare(.in, int(1), .s("1")), "AttributeValues inside AttributeValueList must be of same type"),
            (Self.compare(.le, .l([])), "ComparisonOperator LE is not valid for L AttributeValue type"),
            (
                Self.compare(.contains, .ss(["a"])),
                "ComparisonOperator CONTAINS is not valid for SS AttributeValue type"
            ),
            (
                Self.compare(.beginsWith, int(1)),
                "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"
            ),
            (
                Self.compare(.between, .bool(true), .bool(true)),
                "ComparisonOperator BETWEEN is not valid for BOOL AttributeValue type"
            ),
        ] as [(ExpectedAttributeValue, String)])
    func `a condition that contradicts itself is refused`(
        _ condition: ExpectedAttributeValue, _ sentence: String
    ) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.delete(key("a", 1)) { $0.expected = ["a": condition] }
            } == Self.enveloped + sentence
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.put(key("a", 1)) { $0.expected = ["a": condition] }
            } == Self.enveloped + sentence
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.update(key("a", 1), nil) { $0.expected = ["a": condition] }
            } == Self.enveloped + sentence
        )
    }

    @Test func `a range from more to less is refused`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.delete(key("a", 1)) { $0.expected = ["n": Self.compare(.between, int(2), int(1))] }
            }
                == Self.envelope
                + "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )
    }

    @Test func `an operator joins two conditions or more`() async throws {
        let fixture = try await ItemFixture()
        let without = Self.envelope + "ConditionalOperator cannot be used without Filter or Expected"
        let one =
            Self.envelope + "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        func sentence(_ expected: [ExactName: ExpectedAttributeValue]?) async -> String? {
            await wording { () throws(ServiceError) in
                try await fixture.delete(key("a", 1)) {
                    $0.expected = expected
                    $0.conditionalOperator = .and
                }
            }
        }
        #expect(await sentence(nil) == without)
        #expect(await sentence([:]) == without)
        #expect(await sentence(["a": ExpectedAttributeValue(exists: false)]) == one)
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.put(key("a", 1)) { $0.conditionalOperator = .or }
            } == without
        )
    }

    @Test func `conditions stand alone or in an expression`() async throws {
        let fixture = try await ItemFixture()
        let absent: [ExactName: ExpectedAttributeValue] = ["x": ExpectedAttributeValue(exists: false)]
        let mixed = "Can not use both expression and non-expression parameters in the same request: "
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.delete(key("a", 1)) {
                    $0.expected = absent
                    $0.conditionalOperator = .and
                    $0.conditionExpression = "x = y"
                }
            } == Self.envelope + mixed + "Non-expression parameters: {Expected, ConditionalOperator} "
                + "Expression parameters: {ConditionExpression}"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.put(key("a", 1)) {
                    $0.expected = absent
                    $0.conditionExpression = "x = y"
                }
            } == "1 validation error detected: " + mixed
                + "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.update(key("a", 1), "SET x = y") {
                    $0.expected = absent
                    $0.attributeUpdates = [:]
                    $0.conditionExpression = "x = y"
                }
            } == "1 validation error detected: " + mixed
                + "Non-expression parameters: {AttributeUpdates, Expected} "
                + "Expression parameters: {UpdateExpression, ConditionExpression}"
        )
    }

    @Test func `a failure shows the item that is there`() async throws {
        let fixture = try await Self.fixture()
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.put(key("a", 1)) {
                $0.expected = ["s": ExpectedAttributeValue(exists: false)]
                $0.returnValuesOnConditionCheckFailure = .allOld
            }
        }
        #expect(refusal?.code == "ConditionalCheckFailedException")
        #expect(try await fixture.stored(key("a", 1))?["s"] == .s("abc"))
        try await fixture.put(key("a", 1)) { $0.expected = ["s": Self.compare(.eq, .s("abc"))] }
        #expect(try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1)])
    }

    @Test func `names that only look alike have conditions of their own`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("\u{E9}", int(1)), ("e\u{301}", int(2))])
        func isHeld(_ composed: Int, _ decomposed: Int) async throws -> Bool {
            let refusal = await refused { () throws(ServiceError) in
                try await fixture.update(key("a", 1), nil) {
                    $0.expected = [
                        "\u{E9}": Self.compare(.eq, int(composed)), "e\u{301}": Self.compare(.eq, int(decomposed)),
                    ]
                }
            }
            return refusal == nil
        }
        #expect(try await isHeld(1, 2))
        #expect(try await isHeld(1, 1) == false)
        #expect(try await isHeld(2, 2) == false)
    }
}
