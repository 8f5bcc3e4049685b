import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceModel
import Testing

struct ScanTests {
    private static let startKey = "The provided starting key is invalid"
    private static let keyElement = startKey + ": The provided key element does not match the schema"
    private static let envelope = "1 validation error detected: "

    private static func filled(_ count: Int = 20) async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        for number in 0..<count {
            // Every second one is in the indexes.
            let indexed: [(String, AttributeValue)] =
                number % 2 == 0 ? [("gp", .s("g\(number % 3)")), ("gs", int(number)), ("ls", .s("\(number)"))] : []
            try await fixture.put(key("p\(number)", number) + indexed + [("x", int(number)), ("y", int(1))])
        }
        return fixture
    }

    private static func numbers(_ answer: ScanOutput) -> [Int] {
        (answer.items ?? []).compactMap { item in
            if case .n(let number)? = shown(item)["sk"] { Int(number.text) } else { nil }
        }
    }

    @Test func `everything is read, and each partition in its order`() async throws {
        let fixture = try await Self.filled()
        for sort in [3, 1, 2] { try await fixture.put(key("same", 100 + sort)) }
        let answer = try await fixture.scan()
        #expect(answer.count == 23)
        #expect(answer.scannedCount == 23)
        #expect(answer.lastEvaluatedKey == nil)
        #expect(answer.consumedCapacity == nil)
        #expect(Self.numbers(answer).filter { $0 > 100 } == [101, 102, 103])
        #expect(Self.numbers(answer).sorted() == Array(0..<20) + [101, 102, 103])
        #expect(try await ItemFixture().scan().items?.isEmpty == true)
    }

    @Test func `an index has the items with its key, and what it projects of them`() async throws {
        let fixture = try await Self.filled()
        let cases = [
            ("local", ["ls", "pk", "sk", "x"]), ("global", ["gp", "gs", "pk", "sk", "x"]),
            ("whole", ["gp", "gs", "ls", "pk", "sk", "x", "y"]),
        ]
        for (index, names) in cases {
            let answer = try await fixture.scan(index: index)
            #expect(Self.numbers(answer).sorted() == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
            #expect(answer.items?.allSatisfy { shown($0).keys.sorted() == names } == true)
        }
        let completed = try await fixture.scan(index: "local") { $0.select = .allAttributes }
        #expect(completed.items?.allSatisfy { $0.count == 7 } == true)
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan(index: "global") { $0.projectionExpression = "y" }
            } == "One or more parameter values were invalid: Global secondary index global does not project [y]"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan(index: "global") { $0.select = .allAttributes }
            }
                == "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global "
                + "secondary index global because its projection type is not ALL"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan(index: "global") { $0.consistentRead = true }
            } == "Consistent reads are not supported on global secondary indexes"
        )
        #expect(
            await wording { () throws(ServiceError) in try await fixture.scan(index: "none") }
                == "The table does not have the specified index: none"
        )
    }

    @Test func `a filter may name the key, and counts what it hides`() async throws {
        let fixture = try await Self.filled()
        let answer = try await fixture.scan {
            $0.filterExpression = "sk < :five AND x > :zero"
            $0.projectionExpression = "sk"
            $0.expressionAttributeValues = item([(":five", int(5)), (":zero", int(0))])
        }
        #expect(Self.numbers(answer).sorted() == [1, 2, 3, 4])
        #expect(answer.count == 4)
        #expect(answer.scannedCount == 20)
        let count = try await fixture.scan { $0.select = .count }
        #expect(count.items == nil)
        #expect(count.count == 20)
    }

    @Test func `what Select does not go with is told in an envelope`() async throws {
        let fixture = try await Self.filled()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan { $0.select = .specificAttributes }
            }
                == Self.envelope
                + "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan { $0.select = .allProjectedAttributes }
            }
                == Self.envelope + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
        )
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan {
                    $0.select = .count
                    $0.projectionExpression = "pk"
                }
            } == Self.envelope + "Cannot specify the ProjectionExpression when choosing to get only the Count"
        )
    }

    @Test func `of a filter that is too long its size is told`() async throws {
        let fixture = try await Self.filled()
        let text = "x > :zero" + String(repeating: " ", count: 4088)
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan {
                    $0.filterExpression = text
                    $0.expressionAttributeValues = item([(":zero", int(0))])
                }
            }
                == "Invalid FilterExpression: Expression size has exceeded the maximum allowed size; expression size: "
                + "4097"
        )
    }

    // Pages

    @Test(arguments: [nil, "local", "global", "whole"])
    func `pages make the whole, whatever their size`(_ index: String?) async throws {
        let fixture = try await Self.filled()
        let whole = try await Self.numbers(fixture.scan(index: index))
        for limit in [1, 3, 7, 10, 20, 21] {
            var found: [Int] = []
            var start: AttributeMap?
            var pageCount = 0
            repeat {
                let answer = try await fixture.scan(index: index) {
                    $0.limit = limit
                    $0.exclusiveStartKey = start
                }
                found += Self.numbers(answer)
                start = answer.lastEvaluatedKey
                pageCount += 1
            } while start != nil && pageCount < 30
            #expect(found == whole)
            #expect(pageCount == whole.count / limit + 1)
        }
    }

    @Test func `a page ends with the item that reaches 1 MB`() async throws {
        let fixture = try await ItemFixture()
        for number in 0..<30 {
            try await fixture.put([("pk", .s("\(number + 10)")), ("sk", int(1)), ("body", text(102_400 - 12))])
        }
        var counts: [Int] = []
        var start: AttributeMap?
        repeat {
            let answer = try await fixture.scan {
                $0.exclusiveStartKey = start
                $0.projectionExpression = "pk"
            }
            counts.append(answer.count ?? -1)
            start = answer.lastEvaluatedKey
        } while start != nil && counts.count < 5
        #expect(counts == [11, 11, 8])
    }

    @Test(
        arguments: [
            (nil, [("pk", .s("a"))], keyElement), (nil, key("a", 1) + [("x", int(1))], keyElement),
            (nil, [("pk", int(1)), ("sk", int(1))], keyElement),
            ("local", key("a", 1), startKey), ("global", key("a", 1) + [("gp", .s("g"))], startKey),
            ("global", key("a", 1) + [("gp", .s("g")), ("gs", .s("1"))], keyElement),
            ("whole", key("a", 1) + [("gp", .s("g"))], nil), (nil, key("nobody", 1), nil),
        ] as [(String?, [(String, AttributeValue)], String?)])
    func `a starting key is a whole key`(
        _ index: String?, _ start: [(String, AttributeValue)], _ sentence: String?
    ) async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan(index: index) { $0.exclusiveStartKey = item(start) }
            } == sentence
        )
    }

    // Segments

    @Test(arguments: [nil, "global"], [1, 2, 3, 7, 1_000_000])
    func `the segments of a parallel scan make the whole`(_ index: String?, _ total: Int) async throws {
        let fixture = try await Self.filled(60)
        let whole = try await Self.numbers(fixture.scan(index: index))
        var found: [Int] = []
        // Of a million segments some must do.
        for segment in total > 10 ? [0, 1, 999_999] : Array(0..<total) {
            let answer = try await fixture.scan(index: index) {
                $0.segment = segment
                $0.totalSegments = total
            }
            found += Self.numbers(answer)
        }
        #expect(total > 10 ? Set(found).isSubset(of: whole) : found == whole)
        #expect(Set(found).count == found.count)
    }

    @Test func `a segment goes on with its own keys only`() async throws {
        let fixture = try await Self.filled()
        func page(_ segment: Int, _ start: AttributeMap?) async throws(ServiceError) -> ScanOutput {
            try await fixture.scan {
                $0.segment = segment
                $0.totalSegments = 2
                $0.limit = 1
                $0.exclusiveStartKey = start
            }
        }
        let first = try await page(0, nil)
        #expect(try await page(0, first.lastEvaluatedKey).count == 1)
        #expect(
            await wording { () throws(ServiceError) in try await page(1, first.lastEvaluatedKey) }
                == Self.startKey + ": Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
                + "TotalSegments: 2 Segment: 1"
        )
    }

    @Test(
        arguments: [
            (
                1, nil,
                "The TotalSegments parameter is required but was not present in the request when Segment parameter "
                    + "is present"
            ),
            (
                nil, 2,
                "The Segment parameter is required but was not present in the request when parameter TotalSegments "
                    + "is present"
            ),
            (
                3, 2,
                "The Segment parameter is zero-based and must be less than parameter TotalSegments"
            ),
            (
                2, 2,
                "The Segment parameter is zero-based and must be less than parameter TotalSegments"
            ),
        ] as [(Int?, Int?, String)])
    func `segment and number of segments go together`(_ segment: Int?, _ total: Int?, _ sentence: String) async throws {
        let fixture = try await ItemFixture()
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.scan {
                    $0.tableName = "missing"
                    $0.segment = segment
                    $0.totalSegments = total
                }
            } == sentence
        )
    }

    // Refusals

    @Test func `expressions are refused before the table is looked for`() async throws {
        let fixture = try await ItemFixture()
        let unused = "can only be specified when using expressions"
        let cases: [(String?, String?, [String: String]?, AttributeMap?, String)] = [
            (nil, nil, ["#a": "a"], nil, "ExpressionAttributeNames " + unused),
            (
                nil, nil, nil, item([(":a", int(1))]),
                "ExpressionAttributeValues " + unused + ": FilterExpression is null"
            ),
            (
                nil, "a", nil, item([(":a", int(1))]),
                "ExpressionAttributeValues " + unused + ": FilterExpression is null"
            ),
            ("", nil, nil, nil, "Invalid FilterExpression: The expression can not be empty;"),
            (nil, "", nil, nil, "Invalid ProjectionExpression: The expression can not be empty;"),
            (
                nil, "a", ["#a": "a"], nil,
                "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"
            ),
            (
                "a = :b", nil, nil, item([(":a", int(1))]),
                "Invalid FilterExpression: An expression attribute value used in "
                    + "expression is not defined; attribute value: :b"
            ),
        ]
        for (filter, projection, names, values, sentence) in cases {
            #expect(
                await wording { () throws(ServiceError) in
                    try await fixture.scan {
                        $0.tableName = "missing"
                        $0.filterExpression = filter
                        $0.projectionExpression = projection
                        $0.expressionAttributeNames = names
                        $0.expressionAttributeValues = values
                    }
                } == sentence
            )
        }
        #expect(
            await refused { () throws(ServiceError) in
                try await fixture.scan(index: "none") {
                    $0.tableName = "missing"
                    $0.exclusiveStartKey = item([])
                }
            } == tableMissing
        )
    }

    @Test func `a page is charged by the sum of what was read, rounded once`() async throws {
        let fixture = try await ItemFixture()
        for number in 1...9 { try await fixture.put([("pk", .s("\(number)")), ("sk", int(1)), ("body", text(1013))]) }
        for (isConsistent, units) in [(true, 3.0), (false, 1.5)] {
            let answer = try await fixture.scan {
                $0.consistentRead = isConsistent
                $0.returnConsumedCapacity = .indexes
                $0.select = .count
            }
            #expect(shown(answer.consumedCapacity) == "items \(units), table \(units)")
        }
        let indexed = try await Self.filled()
        let answer = try await indexed.scan(index: "global") { $0.returnConsumedCapacity = .indexes }
        #expect(shown(answer.consumedCapacity) == "items 0.5, table 0.0, global global 0.5")
    }

    @Test func `the access is to the table or to the index`() async throws {
        let fixture = try await ItemFixture()
        let table = "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
        for (index, resource) in [(nil, table), ("one", table + "/index/one")] {
            let access = fixture.service.access(ScanInput(tableName: "items", indexName: index), fixture.context)
            #expect(access == [ResourceAccess(action: "dynamodb:Scan", resource: resource)])
        }
    }
}
