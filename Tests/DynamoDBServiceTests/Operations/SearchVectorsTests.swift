import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

private let invalid = "One or more parameter values were invalid: "

/// A table with an index `near` by euclidean distance in two dimensions; `shelf` keeps searches apart in `shelves`.
private struct VectorFixture {
    let tables = TableFixture()

    init() async throws(ServiceError) {
        func index(_ name: String, _ distance: VectorDistanceFunction, _ schema: [SearchSchemaElement]?) -> VectorIndex
        {
            VectorIndex(
                indexName: name,
                vectorAttribute: VectorAttributeDefinition(attributeName: "v"),
                searchSchema: schema,
                projection: Projection(projectionType: .keysOnly),
                dimensions: 2,
                distanceFunction: distance
            )
        }
        let shelf = SearchSchemaElement(attributeName: "shelf", searchSchemaElementType: .hash)
        try await self.tables.create(
            CreateTableInput(
                attributeDefinitions: ["pk", "shelf"].map {
                    AttributeDefinition(attributeName: $0, attributeType: .s)
                },
                tableName: "vectors",
                keySchema: [hash("pk")],
                billingMode: .payPerRequest,
                vectorIndexes: [
                    index("near", .euclidean, nil), index("dot", .dotProduct, nil), index("cosine", .cosine, nil),
                    index("shelves", .euclidean, [shelf]),
                ]
            ))
    }

    func put(_ key: String, _ vector: [Int], _ more: [(String, AttributeValue)] = []) async throws(ServiceError) {
        let entries = [("pk", .s(key)), ("v", .l(vector.map(int)))] + more
        let input = PutItemInput(tableName: "vectors", item: item(entries))
        _ = try await self.tables.service.putItem(input, self.tables.context)
    }

    func search(
        _ index: String, _ vector: [AttributeValue], _ change: (inout SearchVectorsInput) -> Void = { _ in }
    ) async throws(ServiceError) -> SearchVectorsOutput {
        var input = SearchVectorsInput(
            tableName: "vectors", indexName: index, searchVector: vector.map(BoundAttributeValue.init), topK: 2)
        change(&input)
        return try await self.tables.service.searchVectors(input, self.tables.context)
    }

    func found(_ index: String, _ vector: [Int]) async throws(ServiceError) -> [String] {
        try await self.search(index, vector.map(int)).searchResults?.map { result in
            guard case .s(let key)? = result.item?.tree["pk"] else { return "?" }
            return "\(key) \(result.score ?? .nan)"
        } ?? []
    }
}

struct SearchVectorsTests {
    @Test func `each distance function ranks as AWS says`() async throws {
        let fixture = try await VectorFixture()
        try await fixture.put("a", [3, 4])
        try await fixture.put("b", [0, 1])
        try await fixture.put("c", [-3, -4])
        #expect(try await fixture.found("near", [0, 0]) == ["b 1.0", "a 5.0"])
        #expect(try await fixture.found("dot", [1, 0]) == ["a 3.0", "b 0.0"])
        #expect(try await fixture.found("cosine", [6, 8]) == ["a 0.0", "b 0.19999999999999996"])
    }

    @Test func `a write tells the bytes of vector indexes that it changed`() async throws {
        let fixture = try await VectorFixture()
        func bytes(_ entries: [(String, AttributeValue)]) async throws -> [String: Double?]? {
            let input = PutItemInput(tableName: "vectors", item: item(entries), returnConsumedCapacity: .indexes)
            let output = try await fixture.tables.service.putItem(input, fixture.tables.context)
            return output.consumedCapacity?.vectorIndexes?.mapValues(\.vectorWriteRequestBytes)
        }
        let vector = AttributeValue.l([int(1), int(2)])
        // Two numbers of four bytes and the projected attributes are less than the least that is told.
        let first = try #require(try await bytes([("pk", .s("a")), ("v", vector)]))
        #expect(Set(first.keys) == ["near", "dot", "cosine"])
        #expect(first["near"] == 1024)
        #expect(try await bytes([("pk", .s("a")), ("v", vector), ("x", .s("x"))]) == nil)
        #expect(try await bytes([("pk", .s("b")), ("x", .s("x"))]) == nil)
    }

    @Test func `an item that moves, loses its vector or is deleted is found where it is`() async throws {
        let fixture = try await VectorFixture()
        try await fixture.put("a", [1, 0], [("shelf", .s("x"))])
        try await fixture.put("a", [2, 0], [("shelf", .s("y"))])
        func found(_ shelf: String) async throws(ServiceError) -> Int? {
            try await fixture.search("shelves", [int(0), int(0)]) {
                $0.searchConditionExpression = "shelf = :s"
                $0.expressionAttributeValues = item([(":s", .s(shelf))])
            }.searchResults?.count
        }
        #expect(try await found("x") == 0)
        #expect(try await found("y") == 1)
        let bare = PutItemInput(tableName: "vectors", item: item([("pk", .s("a"))]))
        _ = try await fixture.tables.service.putItem(bare, fixture.tables.context)
        #expect(try await found("y") == 0)
    }

    @Test func `what a search names of another index, or not of its index, is refused`() async throws {
        let fixture = try await VectorFixture()
        let vector = [int(0), int(0)]
        #expect(
            await wording { () throws(ServiceError) in try await fixture.search("near", vector) { $0.topK = 101 } }
                == "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 inclusive")
        #expect(
            await wording { () throws(ServiceError) in try await fixture.search("near", [int(0)]) }
                == "Input search vector dimension 1 does not match vector index dimension 2")
        #expect(
            await wording { () throws(ServiceError) in try await fixture.search("near", [.s("0"), int(0)]) }
                == "Search vector contains invalid values")
        #expect(
            await wording { () throws(ServiceError) in try await fixture.search("shelves", vector) }
                == "SearchConditionExpression must be provided when SearchSchema has a HASH key")
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.search("near", vector) {
                    $0.searchConditionExpression = "shelf = :s"
                    $0.expressionAttributeValues = item([(":s", .s("x"))])
                }
            }
                == "Invalid SearchConditionExpression: The attribute is not defined in the SearchSchema; "
                + "attribute: shelf")
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.search("near", vector) { $0.projectionExpression = "colour" }
            } == invalid + "Vector index near does not project [colour]")
    }

    @Test func `an item whose vector an index cannot hold is not written`() async throws {
        let fixture = try await VectorFixture()
        func refusal(_ entries: (String, AttributeValue)...) async -> String? {
            let input = PutItemInput(tableName: "vectors", item: item([("pk", .s("a"))] + entries))
            return await wording { () throws(ServiceError) in
                try await fixture.tables.service.putItem(input, fixture.tables.context)
            }
        }
        let head = "One or more parameter values were invalid. "
        #expect(
            await refusal(("v", .l([int(1)])))
                == head + "Invalid size for parameter v, Expected: 2, Actual: 1 IndexName: near")
        #expect(
            await refusal(("v", .s("x")))
                == head + "Invalid type for parameter v, Expected: 32-bit floating point number list IndexName: near")
        #expect(
            await refusal(("v", .l([int(1), .s("x")])))
                == head + "Invalid type for parameter v[1], Expected: 32-bit floating point number, Actual: S. "
                + "IndexName: near")
        #expect(
            await refusal(("v", .l([int(1), number("-1.3e40")])))
                == head + "Invalid value for parameter v[1], Value: -1.3E+40 is outside valid range "
                + "[-3.4028235E38, 3.4028235E38]. IndexName: near")
        #expect(
            await refusal(("shelf", int(1)))
                == head + "Attribute 'shelf' type mismatch. Expected: S, Actual: N. IndexName: shelves")
        #expect(
            await refusal(("shelf", .s("")))
                == "One or more parameter values are not valid. A value specified for a secondary index key is not "
                + "supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: "
                + "shelves, IndexKey: shelf")
        #expect(
            await refusal(("shelf", .s(String(repeating: "s", count: 2049))))
                == invalid + "Aggregate size for HASH key attributes exceeds the maximum of 2048 bytes")
        #expect(await refusal(("shelf", .s(String(repeating: "s", count: 2048)))) == nil)
    }

    @Test func `a write and a search tell the bytes of large vectors as AWS does`() async throws {
        let tables = TableFixture()
        func index(_ name: String, _ schema: [SearchSchemaElement]?) -> VectorIndex {
            VectorIndex(
                indexName: name, vectorAttribute: VectorAttributeDefinition(attributeName: "emb"), searchSchema: schema,
                projection: Projection(projectionType: .all), dimensions: 1024, distanceFunction: .euclidean)
        }
        let tenant = SearchSchemaElement(attributeName: "tenant", searchSchemaElementType: .hash)
        try await tables.create(
            tableInput("large", defined("pk", "tenant"), [hash("pk")]) {
                $0.vectorIndexes = [index("all", nil), index("kept", [tenant])]
            })
        let vector = [AttributeValue](repeating: number("0.1"), count: 1024)
        func bytes(_ tenant: String) async throws -> [String: Double?]? {
            let entries = [("pk", .s("mv1")), ("tenant", .s(tenant)), ("emb", AttributeValue.l(vector))]
            let input = PutItemInput(tableName: "large", item: item(entries), returnConsumedCapacity: .indexes)
            let output = try await tables.service.putItem(input, tables.context)
            return output.consumedCapacity?.vectorIndexes?.mapValues(\.vectorWriteRequestBytes)
        }
        #expect(try await bytes("t1") == ["all": 4112, "kept": 4112])
        #expect(try await bytes("t1") == nil)
        #expect(try await bytes("t9") == ["all": 4112, "kept": 8224])
        var search = SearchVectorsInput(
            tableName: "large", indexName: "all", searchVector: vector.map(BoundAttributeValue.init), topK: 1)
        search.projectionExpression = "pk"
        search.returnConsumedCapacity = .total
        let found = try await tables.service.searchVectors(search, tables.context)
        // 17.6 for each dimension, and 13 bytes of the item beside its vector.
        #expect(found.consumedCapacity?.vectorSearchRequestBytes == 18_035)
    }

    @Test func `Query and Scan do not read a vector index`() async throws {
        let fixture = try await VectorFixture()
        let scan = ScanInput(tableName: "vectors", indexName: "near")
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.tables.service.scan(scan, fixture.tables.context)
            } == "Scan operation not supported on this index type")
        let query = QueryInput(
            tableName: "vectors", indexName: "near", keyConditionExpression: "pk = :p",
            expressionAttributeValues: item([(":p", .s("a"))]))
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.tables.service.query(query, fixture.tables.context)
            } == "Query operation not supported on this index type.")
    }

    @Test func `the access is to the index`() async throws {
        let fixture = TableFixture()
        let input = SearchVectorsInput(tableName: "t1", indexName: "near", searchVector: [], topK: 1)
        #expect(
            fixture.service.access(input, fixture.context) == [
                ResourceAccess(
                    action: "dynamodb:SearchVectors",
                    resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/t1/index/near"
                )
            ])
    }
}
