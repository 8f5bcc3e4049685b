import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceModel
import Testing

/// How a query goes on: `Limit`, `LastEvaluatedKey`, `ExclusiveStartKey` and pages of 1 MB.
struct QueryPagingTests {
    private static let startKey = "The provided starting key is invalid"
    private static let keyElement = startKey + ": The provided key element does not match the schema"
    private static let byPartition: [(String, AttributeValue)] = [(":p", .s("a"))]

    private static func filled() async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        for sort in 1...7 {
            // Three to a value, so that entries of an index differ by their items alone.
            try await fixture.put(
                key("a", sort) + [("gp", .s("g")), ("gs", int(sort / 3)), ("ls", .s("\(sort / 3)")), ("x", int(sort))]
            )
        }
        return fixture
    }

    @Test(arguments: [nil, "local", "global", "whole"], [true, false])
    func `pages make the whole, whatever their size`(_ index: String?, _ isForward: Bool) async throws {
        let fixture = try await Self.filled()
        let condition = index == nil || index == "local" ? "pk = :p" : "gp = :p"
        let values: [(String, AttributeValue)] = [(":p", .s(condition.hasPrefix("pk") ? "a" : "g"))]
        func page(_ limit: Int?, _ start: AttributeMap?) async throws(ServiceError) -> QueryOutput {
            try await fixture.query(condition, values, index: index) {
                $0.limit = limit
                $0.exclusiveStartKey = start
                $0.scanIndexForward = isForward
            }
        }
        let whole = try await page(nil, nil).items?.map(shown) ?? []
        #expect(whole.count == 7)
        for limit in 1...8 {
            var found: [[String: AttributeValue]] = []
            var start: AttributeMap?
            var pageCount = 0
            repeat {
                let answer = try await page(limit, start)
                #expect(answer.count == answer.items?.count)
                found += answer.items?.map(shown) ?? []
                start = answer.lastEvaluatedKey
                pageCount += 1
            } while start != nil && pageCount < 20
            #expect(found == whole)
            // A page that ends with the last item does not know it.
            #expect(pageCount == 7 / limit + 1)
        }
    }

    @Test func `the last key is the item's in the table and in the index`() async throws {
        let fixture = try await Self.filled()
        let names: [(String?, [String])] = [
            (nil, ["pk", "sk"]), ("local", ["ls", "pk", "sk"]), ("global", ["gp", "gs", "pk", "sk"]),
            ("whole", ["gp", "pk", "sk"]),
        ]
        for (index, expected) in names {
            let isGlobal = index == "global" || index == "whole"
            let answer = try await fixture.query(
                isGlobal ? "gp = :p" : "pk = :p", [(":p", .s(isGlobal ? "g" : "a"))], index: index
            ) {
                $0.limit = 1
                $0.filterExpression = "attribute_not_exists(x)"
                $0.projectionExpression = "x"
            }
            #expect(answer.count == 0)
            #expect(answer.scannedCount == 1)
            #expect(answer.lastEvaluatedKey.map(shown)?.keys.sorted() == expected)
        }
    }

    @Test func `a page goes on where an item was that is gone`() async throws {
        let fixture = try await Self.filled()
        let first = try await fixture.query("pk = :p", Self.byPartition) { $0.limit = 3 }
        try await fixture.delete(key("a", 3))
        let rest = try await fixture.query("pk = :p", Self.byPartition) {
            $0.exclusiveStartKey = first.lastEvaluatedKey
        }
        #expect(rest.items?.map { shown($0)["sk"] } == (4...7).map(int))
    }

    @Test func `a page ends with the item that reaches 1 MB`() async throws {
        let fixture = try await ItemFixture()
        // Each has 1,042 bytes, as those of a scan that was measured on AWS: 1,007 are the first over 1,048,576.
        for count in 0..<1010 {
            try await fixture.put([("pk", .s("a")), ("sk", int((1000 + count) * 10 + 1)), ("body", text(1029))])
        }
        let first = try await fixture.query("pk = :p", Self.byPartition) {
            $0.projectionExpression = "sk"
            $0.returnConsumedCapacity = .total
        }
        #expect(first.count == 1007)
        #expect(first.scannedCount == 1007)
        #expect(first.consumedCapacity?.capacityUnits == 128.5)
        // What a filter hides counts too.
        for isForward in [true, false] {
            let hidden = try await fixture.query("pk = :p", Self.byPartition) {
                $0.filterExpression = "attribute_not_exists(body)"
                $0.exclusiveStartKey = isForward ? first.lastEvaluatedKey : nil
                $0.scanIndexForward = isForward
            }
            #expect(hidden.count == 0)
            #expect(hidden.scannedCount == (isForward ? 3 : 1007))
            #expect((hidden.lastEvaluatedKey == nil) == isForward)
        }
    }

    @Test func `an item that makes 1 MB exactly ends a page, though it be the last`() async throws {
        let fixture = try await ItemFixture()
        for sort in 1...8 { try await fixture.put(key("a", sort) + [("body", text((128 << 10) - 11))]) }
        let first = try await fixture.query("pk = :p", Self.byPartition)
        #expect(first.count == 8)
        #expect(first.lastEvaluatedKey.map(shown) == ["pk": .s("a"), "sk": int(8)])
        let rest = try await fixture.query("pk = :p", Self.byPartition) {
            $0.exclusiveStartKey = first.lastEvaluatedKey
        }
        #expect(rest.count == 0)
        #expect(rest.lastEvaluatedKey == nil)
    }

    // Starting keys

    @Test(
        arguments: [
            (nil, [("pk", .s("a"))], startKey), (nil, [], startKey),
            (nil, key("a", 1) + [("x", int(1))], startKey), (nil, [("pk", .s("a")), ("x", int(1))], startKey),
            (nil, [("pk", .s("a")), ("sk", .s("1"))], keyElement),
            (
                nil, [("pk", text(2049)), ("sk", int(1))],
                startKey + ": One or more parameter values were invalid: "
                    + "Size of hashkey has exceeded the maximum size limit of2048 bytes"
            ),
            ("local", key("a", 1), startKey), ("local", key("a", 1) + [("ls", int(1))], keyElement),
            ("local", key("a", 1) + [("gs", int(1))], startKey),
        ] as [(String?, [(String, AttributeValue)], String)])
    func `a starting key is a whole key`(
        _ index: String?, _ start: [(String, AttributeValue)], _ sentence: String
    ) async throws {
        let fixture = try await Self.filled()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.query("pk = :p", Self.byPartition, index: index) {
                    $0.exclusiveStartKey = item(start)
                }
            } == sentence
        )
    }

    @Test(
        arguments: [
            ("pk = :p", key("a", 100), nil), ("pk = :p", key("a", -100), nil),
            (
                "pk = :p", key("b", 1),
                "The provided starting key is outside query boundaries based on provided conditions"
            ),
            ("pk = :p AND sk > :v", key("a", 3), "The provided starting key does not match the range key predicate"),
            ("pk = :p AND sk > :v", key("a", 4), nil), ("pk = :p AND sk >= :v", key("a", 3), nil),
            ("pk = :p AND sk >= :v", key("a", 2), "The provided starting key does not match the range key predicate"),
            ("pk = :p AND sk < :v", key("a", 3), "The provided starting key does not match the range key predicate"),
            ("pk = :p AND sk <= :v", key("a", 3), nil),
            ("pk = :p AND sk = :v", key("a", 4), "The provided starting key does not match the range key predicate"),
            (
                "pk = :p AND sk BETWEEN :v AND :v", key("a", 4),
                "The provided starting key does not match the range key predicate"
            ),
            ("pk = :p AND sk = :v", key("a", 3), nil),
            ("pk = :p AND sk = :v", key("b", 3), "The query can return at most one row and cannot be restarted"),
        ] as [(String, [(String, AttributeValue)], String?)])
    func `a starting key is one that the query could have given`(
        _ condition: String, _ start: [(String, AttributeValue)], _ sentence: String?
    ) async throws {
        let fixture = try await Self.filled()
        let values = Self.byPartition + (condition.contains(":v") ? [(":v", int(3))] : [])
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.query(condition, values) { $0.exclusiveStartKey = item(start) }
            } == sentence
        )
    }

    @Test func `a starting key of an index is of the partition that is asked for`() async throws {
        let fixture = try await Self.filled()
        let start = item(key("z", 9) + [("gp", .s("h")), ("gs", int(1))])
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.query("gp = :g", [(":g", .s("g"))], index: "global") { $0.exclusiveStartKey = start }
            } == "The provided starting key is outside query boundaries based on provided conditions"
        )
    }
}
