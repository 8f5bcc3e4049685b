import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel
import Testing

struct ListBulkOperationsTests {
    @Test func `the most recent operations come first, page by page`() async throws {
        let fixture = try await BackupFixture()
        fixture.place("1", [bulkLine("a", 1)])
        var arns: [String?] = []
        for _ in 0..<12 {
            arns.insert(try await fixture.bulk().bulkOperationARN, at: 0)
            fixture.clock.advance(milliseconds: 1000)
        }
        func list(_ input: ListBulkOperationsInput) async throws(ServiceError) -> ListBulkOperationsOutput {
            try await fixture.service.listBulkOperations(input, fixture.context)
        }
        let page = try await list(ListBulkOperationsInput())
        #expect(page.bulkOperationsSummaryList?.map(\.bulkOperationARN) == Array(arns.prefix(10)))
        #expect(page.bulkOperationsSummaryList?.first?.bulkOperationStatus == .completed)
        #expect(page.bulkOperationsSummaryList?.first?.endTime != nil)
        let token = try #require(page.nextToken)
        #expect(token.utf8.count <= 1024 && token.utf8.count.isMultiple(of: 16))
        let rest = try await list(ListBulkOperationsInput(nextToken: token))
        #expect(rest.bulkOperationsSummaryList?.map(\.bulkOperationARN) == Array(arns.suffix(2)))
        #expect(rest.nextToken == nil)
        let small = try await list(ListBulkOperationsInput(maxResults: 3, nextToken: token))
        #expect(small.bulkOperationsSummaryList?.count == 2)
        #expect(
            await wording { () async throws(ServiceError) in
                try await list(ListBulkOperationsInput(nextToken: "0123456789abcdef"))
            } == "Invalid Request: Provided nextToken is invalid: 0123456789abcdef")
        fixture.clock.advance(milliseconds: 91 * 86_400_000)
        #expect(try await list(ListBulkOperationsInput()).bulkOperationsSummaryList?.isEmpty == true)
    }

    @Test func `access is to the account`() async throws {
        let fixture = try await BackupFixture()
        let access = fixture.service.access(ListBulkOperationsInput(), fixture.context)
        #expect(access.map(\.action) == ["dynamodb:ListBulkOperations"])
        #expect(access.map(\.resource) == ["*"])
    }
}
