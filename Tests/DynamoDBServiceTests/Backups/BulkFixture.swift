import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceKit
import ServiceModel
import Testing

/// What tests of bulk operations ask.
extension BackupFixture {
    static let reports = "a-report-bucket"

    static func bulk(_ change: (inout StartBulkPutItemsInput) -> Void = { _ in }) -> StartBulkPutItemsInput {
        var input = StartBulkPutItemsInput(
            inputS3Configuration: InputS3Configuration(s3Bucket: Self.bucket, inputFormat: .dynamodbJson),
            outputS3Configuration: OutputS3Configuration(
                s3Bucket: Self.reports, outputType: [.error, .conditionCheckFailure]),
            tableName: Self.table
        )
        change(&input)
        return input
    }

    /// Starts an operation and waits for its end; gives the description then.
    func bulk(_ input: StartBulkPutItemsInput = Self.bulk()) async throws(ServiceError) -> BulkOperationDescription {
        self.objects.makeBucket(Self.reports)
        let started = try await self.service.startBulkPutItems(input, self.context).bulkOperationDescription
        await self.service.jobs.whenIdle()
        return try await self.describeBulk(started.bulkOperationARN ?? "")
    }

    func describeBulk(_ arn: String) async throws(ServiceError) -> BulkOperationDescription {
        try await self.service.describeBulkOperation(
            DescribeBulkOperationInput(bulkOperationARN: arn), self.context
        ).bulkOperationDescription
    }

    /// Puts an object of some lines.
    func place(_ key: String, _ lines: [String]) {
        self.objects["\(Self.bucket)/\(key)"] = Array(lines.joined(separator: "\n").utf8)
    }

    /// The lines of the first file of a report.
    func report(_ folder: String) throws -> [String] {
        let path = try #require(self.objects.paths.first { $0.contains("/\(folder)/") })
        return try self.text(path).split(separator: "\n").map(String.init)
    }
}

/// One record of an object.
func bulkLine(_ pk: String, _ sk: Int, _ more: String = "", attributes: String = "") -> String {
    #"{"Item":{"pk":{"S":"\#(pk)"},"sk":{"N":"\#(sk)"}\#(attributes)}\#(more)}"#
}
