import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceKit
import ServiceModel
import Testing

struct ListBackupsTests {
    private func names(_ fixture: BackupFixture, _ input: ListBackupsInput) async throws -> [String] {
        try await fixture.service.listBackups(input, fixture.context).backupSummaries?.compactMap(\.backupName) ?? []
    }

    private func three() async throws -> BackupFixture {
        let fixture = try await BackupFixture()
        for name in ["one", "two", "three"] {
            _ = try await fixture.backup(name)
            fixture.clock.advance(milliseconds: 1000)
        }
        return fixture
    }

    @Test func `backups come in the order in which they were made, page by page`() async throws {
        let fixture = try await self.three()
        let first = try await fixture.service.listBackups(ListBackupsInput(limit: 2), fixture.context)
        #expect(first.backupSummaries?.map(\.backupName) == ["one", "two"])
        #expect(first.lastEvaluatedBackupARN == first.backupSummaries?.last?.backupARN)
        let rest = try await fixture.service.listBackups(
            ListBackupsInput(limit: 2, exclusiveStartBackupARN: first.lastEvaluatedBackupARN), fixture.context)
        #expect(rest.backupSummaries?.map(\.backupName) == ["three"])
        #expect(rest.lastEvaluatedBackupARN == nil)
    }

    @Test func `the lower bound is inclusive and the upper one exclusive`() async throws {
        let fixture = try await self.three()
        let now = fixture.clock.now().millisecondsSinceEpoch
        let bounds = (
            lower: Timestamp(millisecondsSinceEpoch: now - 2000), upper: Timestamp(millisecondsSinceEpoch: now - 1000)
        )
        #expect(try await self.names(fixture, ListBackupsInput(timeRangeLowerBound: bounds.lower)) == ["two", "three"])
        #expect(
            try await self.names(
                fixture, ListBackupsInput(timeRangeLowerBound: bounds.lower, timeRangeUpperBound: bounds.upper))
                == ["two"])
    }

    @Test func `table, type and owner choose`() async throws {
        let fixture = try await self.three()
        #expect(try await self.names(fixture, ListBackupsInput(tableName: "items")).count == 3)
        #expect(try await self.names(fixture, ListBackupsInput(tableName: "other")) == [])
        #expect(try await self.names(fixture, ListBackupsInput(backupType: .system)) == [])
        #expect(try await self.names(fixture, ListBackupsInput(backupType: .all)).count == 3)
        let other = try await fixture.service.listBackups(
            ListBackupsInput(), TableFixture.context(region: "us-east-1"))
        #expect(other.backupSummaries?.isEmpty == true)
    }

    @Test func `a start that is no backup's ARN is refused`() async throws {
        let fixture = try await self.three()
        let sentence = await wording { () async throws(ServiceError) in
            try await fixture.service.listBackups(
                ListBackupsInput(exclusiveStartBackupARN: "arn:aws:dynamodb:eu-central-1:123456789012:table/items"),
                fixture.context)
        }
        #expect(sentence?.contains("Invalid Backup ARN") == true)
    }
}
