import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceKit
import ServiceModel
import Testing

struct UpdateVectorIndexTests {
    private static func action(_ name: String, _ attribute: String = "v") -> VectorIndexUpdate {
        VectorIndexUpdate(
            create: CreateVectorIndexAction(
                indexName: name, vectorAttribute: VectorAttributeDefinition(attributeName: attribute),
                projection: DynamoDBModel.Projection(projectionType: .all), dimensions: 2,
                distanceFunction: .euclidean))
    }

    private static func search(_ fixture: UpdateFixture) async throws(ServiceError) -> Int? {
        let input = SearchVectorsInput(
            tableName: "table", indexName: "vix",
            searchVector: [BoundAttributeValue(int(1)), BoundAttributeValue(int(1))], topK: 10)
        return try await fixture.tables.service.searchVectors(input, fixture.tables.context).searchResults?.count
    }

    @Test func `a vector index is added, filled and deleted`() async throws {
        let fixture = try await UpdateFixture()
        for number in 0..<5 {
            try await fixture.tables.put("table", [("pk", .s("\(number)")), ("v", .l([int(number), int(1)]))])
        }
        try await fixture.tables.put("table", [("pk", .s("other")), ("v", .s("no vector"))])
        let answer = try await fixture.update { $0.vectorIndexUpdates = [Self.action("vix")] }
        #expect(answer.vectorIndexes?.first?.indexStatus == .creating)
        #expect(answer.vectorIndexes?.first?.backfilling == false)
        await fixture.settle()
        #expect(try await fixture.described().vectorIndexes?.first?.indexStatus == .active)
        #expect(try await Self.search(fixture) == 5)
        #expect(
            await fixture.refusal { $0.vectorIndexUpdates = [Self.action("vix")] }
                == "ValidationException: Attempting to create an index which already exists")
        #expect(
            await fixture.refusal { $0.vectorIndexUpdates = [Self.action("two"), Self.action("three")] }
                == "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted "
                + "simultaneously per table")
        try await fixture.update {
            $0.vectorIndexUpdates = [VectorIndexUpdate(delete: DeleteVectorIndexAction(indexName: "vix"))]
        }
        await fixture.settle()
        #expect(try await fixture.described().vectorIndexes == nil)
        #expect(
            await fixture.refusal {
                $0.vectorIndexUpdates = [VectorIndexUpdate(delete: DeleteVectorIndexAction(indexName: "vix"))]
            } == "ResourceNotFoundException: Requested resource not found: Index vix for table table")
    }

    @Test func `a vector index that is being filled is not searched`() async throws {
        let fixture = try await UpdateFixture()
        await fixture.stopJobs()
        try await fixture.update { $0.vectorIndexUpdates = [Self.action("vix")] }
        let refusal = await wording { () throws(ServiceError) in try await Self.search(fixture) }
        #expect(refusal == "Cannot search backfilling vector index: vix")
        #expect(
            await fixture.refusal { $0.vectorIndexUpdates = [Self.action("vix")] }
                == "ResourceInUseException: Attempt to change a resource which is still in use: Index is being "
                + "created.  "
                + "Table: table Index: vix")
    }
}
