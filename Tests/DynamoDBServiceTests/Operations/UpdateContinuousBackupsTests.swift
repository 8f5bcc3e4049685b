import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

struct UpdateContinuousBackupsTests {
    @Test func `a table has continuous backups at once, and recovery when it is enabled`() async throws {
        let fixture = try await BackupFixture()
        let before = try await fixture.service.describeContinuousBackups(
            DescribeContinuousBackupsInput(tableName: "items"), fixture.context
        ).continuousBackupsDescription
        #expect(before?.continuousBackupsStatus == .enabled)
        #expect(before?.pointInTimeRecoveryDescription?.pointInTimeRecoveryStatus == .disabled)
        #expect(before?.pointInTimeRecoveryDescription?.recoveryPeriodInDays == nil)
        let enabled = try #require(try await fixture.recovery(true)?.pointInTimeRecoveryDescription)
        #expect(enabled.pointInTimeRecoveryStatus == .enabled)
        #expect(enabled.recoveryPeriodInDays == 35)
        #expect(enabled.earliestRestorableDateTime == Timestamp(secondsSinceEpoch: 1_795_496_431))
        fixture.clock.advance(milliseconds: 5000)
        let later = try await fixture.service.describeContinuousBackups(
            DescribeContinuousBackupsInput(tableName: "items"), fixture.context
        ).continuousBackupsDescription?.pointInTimeRecoveryDescription
        #expect(later?.earliestRestorableDateTime == Timestamp(secondsSinceEpoch: 1_795_496_431))
        #expect(later?.latestRestorableDateTime == fixture.clock.now())
        let disabled = try await fixture.recovery(false)
        #expect(disabled?.pointInTimeRecoveryDescription?.pointInTimeRecoveryStatus == .disabled)
    }

    @Test func `the period bounds what can be restored, and a longer one does not bring back what may be trimmed`()
        async throws
    {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true, days: 2)
        fixture.clock.advance(milliseconds: 3 * 86_400_000)
        let short = try await fixture.recovery(true, days: 1)?.pointInTimeRecoveryDescription
        #expect(short?.recoveryPeriodInDays == 1)
        let day = Timestamp(millisecondsSinceEpoch: fixture.clock.now().millisecondsSinceEpoch - 86_400_000)
        #expect(short?.earliestRestorableDateTime == day)
        let long = try await fixture.recovery(true)?.pointInTimeRecoveryDescription
        // In whole seconds, since SDKs send it back so.
        let beginning = Timestamp(secondsSinceEpoch: (day.millisecondsSinceEpoch + 999) / 1000)
        #expect(long?.earliestRestorableDateTime == beginning)
        fixture.clock.advance(milliseconds: 86_400_000)
        let later = try await fixture.recovery(true, days: 30)?.pointInTimeRecoveryDescription
        #expect(later?.earliestRestorableDateTime == beginning)
    }

    @Test func `a table that is not there is named`() async throws {
        let fixture = try await BackupFixture()
        let absent = ServiceError(code: "TableNotFoundException", message: "Table not found: absent")
        #expect(
            await refused { () async throws(ServiceError) in try await fixture.recovery(true, "absent") } == absent)
        let error = await refused { () async throws(ServiceError) in
            try await fixture.service.describeContinuousBackups(
                DescribeContinuousBackupsInput(tableName: "absent"), fixture.context)
        }
        #expect(error == absent)
    }

    @Test func `a table that is being restored must wait`() async throws {
        let fixture = try await BackupFixture()
        let arn = try given(try await fixture.backup()?.backupARN)
        _ = try await fixture.service.restoreTableFromBackup(
            RestoreTableFromBackupInput(targetTableName: "restored", backupARN: arn), fixture.context)
        let error = await refused { () async throws(ServiceError) in try await fixture.recovery(true, "restored") }
        #expect(
            error
                == ServiceError(
                    code: "ContinuousBackupsUnavailableException",
                    message: "Backups are being enabled for the table: restored. Please retry later"))
        await fixture.service.jobs.whenIdle()
    }
}
