import DynamoDBModel
import DynamoDBService
import ServiceKit
import ServiceModel
import Testing

struct CancelBulkOperationTests {
    @Test func `an operation is cancelled before its next commit, and what it put stays`() async throws {
        let fixture = try await BackupFixture()
        fixture.place("1", (0..<20_000).map { bulkLine("a", $0) })
        fixture.objects.makeBucket(BackupFixture.reports)
        let started = try await fixture.service.startBulkPutItems(
            BackupFixture.bulk { $0.maxWriteRequestUnits = 1024 }, fixture.context)
        let arn = try #require(started.bulkOperationDescription.bulkOperationARN)
        let input = CancelBulkOperationInput(bulkOperationARN: arn)
        let answer = try await fixture.service.cancelBulkOperation(input, fixture.context)
        #expect(answer.bulkOperationARN == arn)
        #expect(answer.bulkOperationStatus == .cancelling)
        await fixture.service.jobs.whenIdle()
        let ended = try await fixture.describeBulk(arn)
        #expect(ended.bulkOperationStatus == .cancelled)
        #expect(ended.failureCode == "OperationCancelled")
        #expect(ended.endTime != nil)
        let count = try #require(ended.processedItemCount)
        #expect(count < 20_000)
        #expect(try await fixture.items().count == count)
        #expect(
            await wording { () async throws(ServiceError) in
                try await fixture.service.cancelBulkOperation(input, fixture.context)
            } == "The bulk operation has ended and cannot be cancelled: \(arn)")
    }

    @Test(arguments: [
        "nonsense", "arn:aws:dynamodb:us-east-1:000000000000:table/items/bulk-operation/01",
        "arn:aws:dynamodb:us-east-1:000000000000:table/items/import/01", "arn:aws:dynamodb:us-east-1:1:table/items",
    ])
    func `an operation that is not there is not found`(arn: String) async throws {
        let fixture = try await BackupFixture()
        let cancelled = await refused { () async throws(ServiceError) in
            try await fixture.service.cancelBulkOperation(
                CancelBulkOperationInput(bulkOperationARN: arn), fixture.context)
        }
        let described = await refused { () async throws(ServiceError) in try await fixture.describeBulk(arn) }
        #expect(cancelled?.code == "ResourceNotFoundException")
        #expect(cancelled?.message == "Bulk operation not found: \(arn)")
        #expect(described == cancelled)
    }

    @Test func `access is to the operation`() async throws {
        let fixture = try await BackupFixture()
        let cancel = fixture.service.access(CancelBulkOperationInput(bulkOperationARN: "arn"), fixture.context)
        #expect(cancel.map(\.action) == ["dynamodb:CancelBulkOperation"])
        #expect(cancel.map(\.resource) == ["arn"])
        let describe = fixture.service.access(DescribeBulkOperationInput(bulkOperationARN: "arn"), fixture.context)
        #expect(describe.map(\.action) == ["dynamodb:DescribeBulkOperation"])
        #expect(describe.map(\.resource) == ["arn"])
    }
}
