import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

/// Queries of secondary indexes.
struct QueryIndexTests {
    private static let invalid = "One or more parameter values were invalid: "
    private static let byGroup: [(String, AttributeValue)] = [(":g", .s("g"))]
    private static let byPartition: [(String, AttributeValue)] = [(":p", .s("a"))]

    /// Two items in every index, one in none.
    private static func filled() async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        for sort in [1, 2] {
            try await fixture.put(
                key("a", sort) + [
                    ("gp", .s("g")), ("gs", int(-sort)), ("ls", .s("l\(sort)")), ("x", int(sort)), ("y", text(5000)),
                ]
            )
        }
        try await fixture.put(key("a", 3) + [("x", int(3))])
        return fixture
    }

    @Test func `an index has its own order, its own items, and what it projects of them`() async throws {
        let fixture = try await Self.filled()
        let global = try await fixture.query("gp = :g", Self.byGroup, index: "global")
        #expect(
            global.items?.map(shown)
                == [2, 1].map {
                    ["pk": .s("a"), "sk": int($0), "gp": .s("g"), "gs": int(-$0), "x": int($0)]
                }
        )
        let later = try await fixture.query("gp = :g AND gs > :s", Self.byGroup + [(":s", int(-2))], index: "global")
        #expect(later.items?.map { shown($0)["sk"] } == [int(1)])
        let local = try await fixture.query("pk = :p", Self.byPartition, index: "local") { $0.scanIndexForward = false }
        #expect(
            local.items?.map(shown)
                == [2, 1].map {
                    ["pk": .s("a"), "sk": int($0), "ls": .s("l\($0)"), "x": int($0)]
                }
        )
        let begun = try await fixture.query(
            "pk = :p AND begins_with(ls, :l)", Self.byPartition + [(":l", .s("l2"))], index: "local"
        )
        #expect(begun.items?.map { shown($0)["sk"] } == [int(2)])
        let whole = try await fixture.query("gp = :g", Self.byGroup, index: "whole")
        #expect(whole.items?.map(\.count) == [7, 7])
    }

    @Test func `a local index is completed from the table, a global one is not`() async throws {
        let fixture = try await Self.filled()
        func local(_ change: (inout QueryInput) -> Void) async throws(ServiceError) -> QueryOutput {
            try await fixture.query("pk = :p", Self.byPartition, index: "local") {
                $0.consistentRead = true
                $0.returnConsumedCapacity = .indexes
                change(&$0)
            }
        }
        // Each item has 5,000 bytes and some: two units to fetch it.
        let all = try await local { $0.select = .allAttributes }
        #expect(all.items?.map(\.count) == [7, 7])
        #expect(shown(all.consumedCapacity) == "items 5.0, table 4.0, local local 1.0")
        let fetched = try await local { $0.projectionExpression = "y, x" }
        #expect(fetched.items?.map { shown($0).keys.sorted() } == [["x", "y"], ["x", "y"]])
        #expect(shown(fetched.consumedCapacity) == "items 5.0, table 4.0, local local 1.0")
        // What the index holds is not fetched.
        let held = try await local { $0.projectionExpression = "x, sk, ls" }
        #expect(held.items?.map(\.count) == [3, 3])
        #expect(shown(held.consumedCapacity) == "items 1.0, table 0.0, local local 1.0")
        let projected = try await local { $0.select = .allProjectedAttributes }
        #expect(projected.items?.map(\.count) == [4, 4])
        let count = try await local { $0.select = .count }
        #expect(count.count == 2)
        #expect(shown(count.consumedCapacity) == "items 1.0, table 0.0, local local 1.0")
    }

    @Test func `a global index gives what it projects, and nothing else`() async throws {
        let fixture = try await Self.filled()
        func sentence(_ index: String, _ change: (inout QueryInput) -> Void) async -> String? {
            await wording { () throws(ServiceError) in
                try await fixture.query("gp = :g", Self.byGroup, index: index, change)
            }
        }
        #expect(await sentence("global") { $0.projectionExpression = "pk, sk, gs, x.a" } == nil)
        #expect(
            await sentence("global") { $0.projectionExpression = "x, y" }
                == Self.invalid + "Global secondary index global does not project [y]"
        )
        #expect(
            await sentence("global") { $0.projectionExpression = "y.a, z" }
                == Self.invalid + "Global secondary index global does not project [y, z]"
        )
        #expect(await sentence("whole") { $0.projectionExpression = "y" } == nil)
        #expect(
            await sentence("global") { $0.select = .allAttributes }
                == Self.invalid + "Select type ALL_ATTRIBUTES is not supported for global secondary index global "
                + "because its projection type is not ALL"
        )
        #expect(await sentence("global") { $0.select = .allProjectedAttributes } == nil)
        #expect(await sentence("whole") { $0.select = .allAttributes } == nil)
        #expect(
            await sentence("whole") { $0.consistentRead = true }
                == "Consistent reads are not supported on global secondary indexes"
        )
    }

    @Test func `capacity of an index is the index's`() async throws {
        let fixture = try await Self.filled()
        let cases: [(ReturnConsumedCapacity, String)] = [
            (.total, "items 1.5"), (.indexes, "items 1.5, table 0.0, global whole 1.5"),
        ]
        for (wanted, expected) in cases {
            let answer = try await fixture.query("gp = :g", Self.byGroup, index: "whole") {
                $0.returnConsumedCapacity = wanted
            }
            #expect(shown(answer.consumedCapacity) == expected)
        }
    }

    @Test func `the condition is for the key of the index`() async throws {
        let fixture = try await Self.filled()
        let cases: [(String, String, [AttributeValue], String)] = [
            ("nothing", "pk = :0", [.s("a")], "The table does not have the specified index: nothing"),
            ("global", "pk = :0", [.s("a")], "Query condition missed key schema element: gp"),
            ("global", "gp = :0 AND sk = :1", [.s("g"), int(1)], "Query condition missed key schema element: gs"),
            ("whole", "gp = :0 AND gs = :1", [.s("g"), int(1)], "Query key condition not supported"),
            ("global", "gp = :0", [int(1)], Self.invalid + "Condition parameter type does not match schema type"),
            ("local", "pk = :0 AND sk = :1", [.s("a"), int(1)], "Query condition missed key schema element: ls"),
        ]
        for (index, condition, values, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.query(condition, values.enumerated().map { (":\($0)", $1) }, index: index)
                } == sentence
            )
        }
    }

    @Test func `a filter may name the table's key, and not the index's`() async throws {
        let fixture = try await Self.filled()
        let answer = try await fixture.query("gp = :g", Self.byGroup + [(":s", int(1))], index: "global") {
            $0.filterExpression = "sk = :s"
        }
        #expect(answer.items?.map { shown($0)["sk"] } == [int(1)])
        #expect(answer.scannedCount == 2)
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.query("gp = :g", Self.byGroup + [(":s", int(1))], index: "global") {
                    $0.filterExpression = "gs = :s"
                }
            } == "Filter Expression can only contain non-primary key attributes: Primary key attribute: gs"
        )
    }
}
