import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

/// What a put does to indexes, and what it consumes.
struct PutItemIndexTests {
    private static let invalid = "One or more parameter values were invalid: "

    @Test func `attributes of an index's key have its types and sizes, where they are there`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let empty =
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            + "The AttributeValue for a key attribute cannot contain an empty string value. "
        let cases: [([(String, AttributeValue)], String?)] = [
            (
                [("gp", .null)],
                Self.invalid + "Type mismatch for Index Key gp Expected: S Actual: NULL IndexName: global"
            ),
            (
                [("gs", .s("1"))],
                Self.invalid + "Type mismatch for Index Key gs Expected: N Actual: S IndexName: global"
            ),
            ([("ls", .l([]))], Self.invalid + "Type mismatch for Index Key ls Expected: S Actual: L IndexName: local"),
            ([("gp", .s(""))], empty + "IndexName: global, IndexKey: gp"),
            ([("ls", .s(""))], empty + "IndexName: local, IndexKey: ls"),
            ([("gp", text(2048)), ("ls", text(1024))], nil),
            ([("gp", text(2049))], Self.invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
            (
                [("ls", text(1025))],
                Self.invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
            ),
            ([("other", .null)], nil),
        ]
        for (entries, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in try await fixture.put(key("a", 1) + entries) } == sentence
            )
        }
    }

    @Test func `an index has the items with its whole key, and follows them`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        func found() async throws -> [String] {
            var found: [String] = []
            for index in ["local", "global", "whole"] {
                found += try await fixture.scan(index: index).items?.map { "\(index) \(shown($0).keys.sorted())" } ?? []
            }
            return found
        }
        try await fixture.put(key("a", 1) + [("x", int(1)), ("y", int(2))])
        #expect(try await found() == [])
        try await fixture.put(key("a", 1) + [("gp", .s("g")), ("x", int(1)), ("y", int(2))])
        #expect(try await found() == [#"whole ["gp", "pk", "sk", "x", "y"]"#])
        try await fixture.put(
            key("a", 1) + [("gp", .s("g")), ("gs", int(1)), ("ls", .s("l")), ("x", int(1)), ("y", int(2))])
        #expect(
            try await found() == [
                #"local ["ls", "pk", "sk", "x"]"#, #"global ["gp", "gs", "pk", "sk", "x"]"#,
                #"whole ["gp", "gs", "ls", "pk", "sk", "x", "y"]"#,
            ]
        )
        try await fixture.put(key("a", 1) + [("gp", .s("h")), ("gs", int(1))])
        #expect(
            try await found() == [#"global ["gp", "gs", "pk", "sk"]"#, #"whole ["gp", "gs", "pk", "sk"]"#]
        )
        try await fixture.put(key("a", 1))
        #expect(try await found() == [])
    }

    // Capacity

    @Test func `a put is charged by the larger item, and by each index that it changes`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        func charge(
            _ entries: [(String, AttributeValue)], _ wanted: ReturnConsumedCapacity = .indexes
        ) async throws -> String? {
            shown(try await fixture.put(key("a", 1) + entries) { $0.returnConsumedCapacity = wanted }.consumedCapacity)
        }
        #expect(try await charge([], .none_) == nil)
        #expect(try await charge([], .total) == "items 1.0")
        #expect(try await charge([]) == "items 1.0, table 1.0")
        // Three entries are new.
        let whole: [(String, AttributeValue)] = [("gp", .s("g")), ("gs", int(1)), ("ls", .s("l"))]
        #expect(
            try await charge(whole) == "items 4.0, table 1.0, local local 1.0, global global 1.0, global whole 1.0"
        )
        // The same again changes no entry.
        #expect(try await charge(whole) == "items 1.0, table 1.0")
        // Only `whole` holds y; its entry has 1,043 bytes.
        #expect(try await charge(whole + [("y", text(1024))]) == "items 4.0, table 2.0, global whole 2.0")
        // An entry that moves is a delete and a put; one that stays is charged by the larger.
        let moved: [(String, AttributeValue)] = [("gp", .s("g")), ("gs", int(2)), ("ls", .s("l"))]
        #expect(try await charge(moved) == "items 6.0, table 2.0, global global 2.0, global whole 2.0")
        #expect(try await charge(moved, .total) == "items 1.0")
        // Three entries go.
        #expect(try await charge([]) == "items 4.0, table 1.0, local local 1.0, global global 1.0, global whole 1.0")
    }

    @Test(
        arguments: [Case(1024 - 12, 1), Case(1024 - 11, 1), Case(1025 - 11, 2), Case(409_600 - 11, 400)]
            as [Case<Int, Double>])
    func `a unit is for each KB begun`(_ example: Case<Int, Double>) async throws {
        let fixture = try await ItemFixture()
        let answer = try await fixture.put(key("a", 1) + [("body", text(example.input))]) {
            $0.returnConsumedCapacity = .total
        }
        #expect(answer.consumedCapacity?.capacityUnits == example.output)
    }

    @Test func `the collection of an item is told where there are local indexes`() async throws {
        let indexed = try await ItemFixture(ItemFixture.indexed)
        let metrics = try await indexed.put(key("a", 1)) { $0.returnItemCollectionMetrics = .size }
            .itemCollectionMetrics
        #expect(metrics?.itemCollectionKey.map(shown) == ["pk": .s("a")])
        #expect(metrics?.sizeEstimateRangeGB == [0, 1])
        let none = try await indexed.put(key("a", 1)) { $0.returnItemCollectionMetrics = .none_ }
        #expect(none.itemCollectionMetrics == nil)
        let plain = try await ItemFixture()
        let absent = try await plain.put(key("a", 1)) { $0.returnItemCollectionMetrics = .size }
        #expect(absent.itemCollectionMetrics == nil)
    }
}
