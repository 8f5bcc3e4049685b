import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

/// `AttributeUpdates` of UpdateItem.
struct LegacyUpdateTests {
    private static let enveloped = "1 validation error detected: One or more parameter values were invalid: "

    private static func change(_ action: AttributeAction?, _ value: AttributeValue? = nil) -> AttributeValueUpdate {
        AttributeValueUpdate(value: value.map { BoundAttributeValue($0) }, action: action)
    }

    private static func update(
        _ fixture: ItemFixture, _ updates: [ExactName: AttributeValueUpdate],
        _ change: (inout UpdateItemInput) -> Void = { _ in }
    ) async throws(ServiceError) -> UpdateItemOutput {
        try await fixture.update(key("a", 1), nil, []) {
            $0.attributeUpdates = updates
            change(&$0)
        }
    }

    @Test(arguments: [AttributeAction.put, .add])
    func `an attribute that is updated has a name`(_ action: AttributeAction) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.update(fixture, ["": Self.change(action, int(1))])
            } == "1 validation error detected: Empty attribute name"
        )
    }

    @Test func `PUT sets, ADD adds and makes, DELETE removes`() async throws {
        let fixture = try await ItemFixture()
        _ = try await Self.update(
            fixture,
            [
                "put": Self.change(.put, map([("k", int(1))])), "default": Self.change(nil, .s("x")),
                "n": Self.change(.add, int(2)), "ss": Self.change(.add, .ss(["a"])),
                "l": Self.change(.add, .l([int(1)])), "none": Self.change(.delete),
                "noSet": Self.change(.delete, .ns([DynamoDBNumber(1)])),
            ]
        )
        #expect(
            try await fixture.stored(key("a", 1)) == [
                "pk": .s("a"), "sk": int(1), "put": map([("k", int(1))]), "default": .s("x"), "n": int(2),
                "ss": .ss(["a"]), "l": .l([int(1)]),
            ]
        )
        _ = try await Self.update(
            fixture,
            [
                "put": Self.change(.put, .bool(false)), "default": Self.change(.delete),
                "n": Self.change(.add, int(-5)), "ss": Self.change(.add, .ss(["b", "a"])),
                "l": Self.change(.add, .l([int(2)])),
            ]
        )
        #expect(
            try await fixture.stored(key("a", 1)) == [
                "pk": .s("a"), "sk": int(1), "put": .bool(false), "n": int(-3), "ss": .ss(["a", "b"]),
                "l": .l([int(1), int(2)]),
            ]
        )
        _ = try await Self.update(fixture, ["ss": Self.change(.delete, .ss(["a", "c"]))])
        #expect(try await fixture.stored(key("a", 1))?["ss"] == .ss(["b"]))
        // A set without elements is none.
        _ = try await Self.update(fixture, ["ss": Self.change(.delete, .ss(["b"]))])
        #expect(try await fixture.stored(key("a", 1))?["ss"] == nil)
    }

    @Test func `what only deletes makes no item, and nothing at all makes one`() async throws {
        let fixture = try await ItemFixture()
        _ = try await Self.update(fixture, ["x": Self.change(.delete), "y": Self.change(.delete, .ss(["a"]))])
        #expect(try await fixture.stored(key("a", 1)) == nil)
        _ = try await Self.update(fixture, [:])
        #expect(try await fixture.stored(key("a", 1)) == ["pk": .s("a"), "sk": int(1)])
    }

    @Test(
        arguments: [
            (.allOld, ["pk": .s("a"), "sk": int(1), "x": int(1), "y": int(2)]),
            (.allNew, ["pk": .s("a"), "sk": int(1), "x": int(4), "z": .s("z")]),
            (.updatedOld, ["x": int(1), "y": int(2)]),
            (.updatedNew, ["x": int(4), "z": .s("z")]),
            (ReturnValue.none_, nil),
        ] as [(ReturnValue, [String: AttributeValue]?)])
    func `the attributes that are asked for come back`(
        _ wanted: ReturnValue, _ attributes: [String: AttributeValue]?
    ) async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1)), ("y", int(2))])
        let answer = try await Self.update(
            fixture, ["x": Self.change(.add, int(3)), "y": Self.change(.delete), "z": Self.change(.put, .s("z"))]
        ) { $0.returnValues = wanted }
        #expect(answer.attributes.map(shown) == attributes)
    }

    @Test func `nothing updated leaves no attributes to show`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let answer = try await Self.update(fixture, ["x": Self.change(.delete)]) { $0.returnValues = .updatedNew }
        #expect(answer.attributes == nil)
    }

    @Test(
        arguments: [
            (Self.change(.put), "Only DELETE action is allowed when no attribute value is specified"),
            (Self.change(nil), "Only DELETE action is allowed when no attribute value is specified"),
            (Self.change(.delete, .s("a")), "DELETE action with value is not supported for the type S"),
            (Self.change(.delete, .l([])), "DELETE action with value is not supported for the type L"),
            (Self.change(.add, .s("a")), "ADD action is not supported for the type S"),
            (Self.change(.add, .bool(true)), "ADD action is not supported for the type BOOL"),
            (Self.change(.add, map([])), "ADD action is not supported for the type M"),
        ] as [(AttributeValueUpdate, String)])
    func `an update that its action cannot have is refused`(
        _ update: AttributeValueUpdate, _ sentence: String
    ) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in try await Self.update(fixture, ["x": update]) }
                == Self.enveloped + sentence
        )
    }

    @Test func `another type than the attribute has, and a part of the key, are refused`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.put(key("a", 1) + [("x", .s("x")), ("ss", .ss(["a"]))])
        for update in [
            ["x": Self.change(.add, int(1))], ["ss": Self.change(.add, .ns([DynamoDBNumber(1)]))],
            ["ss": Self.change(.delete, .bs([[1]]))],
        ] as [[ExactName: AttributeValueUpdate]] {
            #expect(
                await wording { () throws(ServiceError) in try await Self.update(fixture, update) }
                    == "Type mismatch for attribute to update"
            )
        }
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.update(fixture, ["sk": Self.change(.add, int(1))])
            }
                == "One or more parameter values were invalid: Cannot update attribute sk. "
                + "This attribute is part of the key"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.update(fixture, ["gp": Self.change(.put, int(1))])
            }
                == "One or more parameter values were invalid: Type mismatch for Index Key gp Expected: S "
                + "Actual: N IndexName: global"
        )
    }

    @Test func `an update goes with a condition`() async throws {
        let fixture = try await ItemFixture()
        let absent: [ExactName: ExpectedAttributeValue] = ["x": ExpectedAttributeValue(exists: false)]
        _ = try await Self.update(fixture, ["x": Self.change(.put, int(1))]) { $0.expected = absent }
        let refusal = await refused { () throws(ServiceError) in
            try await Self.update(fixture, ["x": Self.change(.put, int(2))]) { $0.expected = absent }
        }
        #expect(refusal?.code == "ConditionalCheckFailedException")
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(1))
    }

    @Test func `updates that read are bounded, others are not`() async throws {
        let fixture = try await ItemFixture()
        func updates(_ count: Int, _ update: AttributeValueUpdate) -> [ExactName: AttributeValueUpdate] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { (ExactName("a\($0)"), update) })
        }
        _ = try await Self.update(fixture, updates(2_000, Self.change(.put, int(1)))) { $0.returnValues = .updatedNew }
        _ = try await Self.update(fixture, updates(1_024, Self.change(.add, int(1))))
        #expect(try await fixture.stored(key("a", 1))?["a1023"] == int(2))
        #expect(
            await wording { () throws(ServiceError) in
                try await Self.update(fixture, updates(1_025, Self.change(.add, int(1))))
            } == Self.enveloped + "A parameter without expressions can have at most 1024 entries"
        )
    }

    @Test func `names that only look alike are updated apart`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1))
        let answer = try await Self.update(
            fixture, ["\u{E9}": Self.change(.put, int(1)), "e\u{301}": Self.change(.put, int(2))]
        ) { $0.returnValues = .updatedNew }
        #expect(answer.attributes?["\u{E9}"]?.content == item([("x", int(1))])["x"]?.content)
        #expect(answer.attributes?["e\u{301}"]?.content == item([("x", int(2))])["x"]?.content)
    }
}
