import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

/// What an update does to indexes, and what it consumes.
struct UpdateItemIndexTests {
    private static let invalid = "One or more parameter values were invalid: "
    private static let unsupported =
        "The update expression attempted to update the secondary index key to unsupported type"

    @Test func `an index's key keeps its type: a value is refused by name, a computed one bare`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.put(key("a", 1) + [("n", int(1)), ("s", .s("x"))])
        let cases: [(String, AttributeValue?, String?)] = [
            (
                "SET gp = :v", int(1),
                Self.invalid + "Type mismatch for Index Key gp Expected: S Actual: N IndexName: global"
            ),
            (
                "SET gs = :v", .null,
                Self.invalid + "Type mismatch for Index Key gs Expected: N Actual: NULL IndexName: global"
            ),
            (
                "ADD ls :v", int(1),
                Self.invalid + "Type mismatch for Index Key ls Expected: S Actual: N IndexName: local"
            ),
            ("SET gp = n", nil, Self.unsupported),
            ("SET ls = n", nil, Self.unsupported),
            ("SET gs = if_not_exists(nothing, s)", nil, Self.unsupported),
            ("SET gs = if_not_exists(nothing, :v)", .s("1"), Self.unsupported),
            ("SET gp = s, gs = n, ls = s", nil, nil),
            ("REMOVE gp", nil, nil),
        ]
        for (expression, value, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.update(key("a", 1), expression, value.map { [(":v", $0)] } ?? [])
                } == sentence
            )
        }
    }

    @Test func `an index's key is not empty and not too long`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let empty =
            "One or more parameter values are not valid. The update expression attempted to update a secondary index "
            + "key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty "
            + "string value."
        let tooLong = "The update expression attempted to update the secondary index key beyond allowed size limits"
        let cases: [(String, AttributeValue, String?)] = [
            ("SET gp = :v", .s(""), empty), ("SET ls = :v", .s(""), empty),
            ("SET gp = :v", text(2048), nil), ("SET gp = :v", text(2049), tooLong),
            ("SET ls = :v", text(1024), nil), ("SET ls = :v", text(1025), tooLong),
        ]
        for (expression, value, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.update(key("a", 1), expression, [(":v", value)])
                } == sentence
            )
        }
    }

    @Test func `an index follows the item`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        func found(_ partition: String) async throws -> [[String: AttributeValue]]? {
            try await fixture.query("gp = :p", [(":p", .s(partition))], index: "global").items?.map(shown)
        }
        try await fixture.update(key("a", 1), "SET gp = :g, x = :x, y = :x", [(":g", .s("g")), (":x", int(1))])
        #expect(try await found("g") == [])
        try await fixture.update(key("a", 1), "SET gs = :s", [(":s", int(5))])
        #expect(
            try await found("g") == [["pk": .s("a"), "sk": int(1), "gp": .s("g"), "gs": int(5), "x": int(1)]]
        )
        try await fixture.update(key("a", 1), "SET gp = :h REMOVE x", [(":h", .s("h"))])
        #expect(try await found("g") == [])
        #expect(try await found("h") == [["pk": .s("a"), "sk": int(1), "gp": .s("h"), "gs": int(5)]])
        try await fixture.update(key("a", 1), "REMOVE gs")
        #expect(try await found("h") == [])
    }

    @Test func `an update is charged by the larger item, and by each index that it changes`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        func charge(_ expression: String, _ values: [(String, AttributeValue)] = []) async throws -> String? {
            let answer = try await fixture.update(key("a", 1), expression, values) {
                $0.returnConsumedCapacity = .indexes
            }
            return shown(answer.consumedCapacity)
        }
        #expect(try await charge("REMOVE nothing") == "items 1.0, table 1.0")
        #expect(try await charge("SET y = :y", [(":y", text(3000))]) == "items 3.0, table 3.0")
        #expect(try await charge("SET y = :y", [(":y", int(1))]) == "items 3.0, table 3.0")
        #expect(
            try await charge("SET gp = :g, gs = :s, ls = :g", [(":g", .s("g")), (":s", int(1))])
                == "items 4.0, table 1.0, local local 1.0, global global 1.0, global whole 1.0"
        )
        // Only `whole` holds y.
        #expect(try await charge("SET y = :y", [(":y", int(2))]) == "items 2.0, table 1.0, global whole 1.0")
        #expect(
            try await charge("SET x = :x", [(":x", int(2))])
                == "items 4.0, table 1.0, local local 1.0, global global 1.0, global whole 1.0"
        )
        // A delete and a put of the entry of `global`.
        #expect(
            try await charge("SET gs = :s", [(":s", int(2))])
                == "items 4.0, table 1.0, global global 2.0, global whole 1.0"
        )
        // Nothing changes.
        #expect(try await charge("SET gs = :s", [(":s", int(2))]) == "items 1.0, table 1.0")
        let metrics = try await fixture.update(key("a", 1), nil) { $0.returnItemCollectionMetrics = .size }
            .itemCollectionMetrics
        #expect(metrics?.itemCollectionKey.map(shown) == ["pk": .s("a")])
    }
}
