import DynamoDBModel
import DynamoDBService
import ServiceKit
import ServiceModel
import Testing

struct DescribeBackupTests {
    @Test func `the description is of the table as it was`() async throws {
        let fixture = try await BackupFixture(ItemFixture.indexed)
        try await fixture.put(key("a", 1))
        let arn = try given(try await fixture.backup()?.backupARN)
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
        let description = try #require(try await fixture.describe(arn))
        let table = try #require(description.sourceTableDetails)
        #expect(table.tableName == "items")
        #expect(table.tableARN == "arn:aws:dynamodb:eu-central-1:123456789012:table/items")
        #expect(table.itemCount == 1)
        #expect(table.billingMode == .payPerRequest)
        #expect(table.keySchema.map(\.attributeName) == ["pk", "sk"])
        let features = description.sourceTableFeatureDetails
        #expect(features?.localSecondaryIndexes?.map(\.indexName) == ["local"])
        #expect(features?.globalSecondaryIndexes?.map(\.indexName) == ["global", "whole"])
    }

    @Test func `IAM sees the backup`() async throws {
        let fixture = try await BackupFixture()
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/items/backup/01489602797149-73d8d5bc"
        #expect(
            fixture.service.access(DescribeBackupInput(backupARN: arn), fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeBackup", resource: arn)])
    }
}
