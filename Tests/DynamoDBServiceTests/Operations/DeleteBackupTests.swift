import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceKit
import ServiceModel
import Testing

struct DeleteBackupTests {
    private static let absent =
        "arn:aws:dynamodb:eu-central-1:123456789012:table/items/backup/01489602797149-73d8d5bc"

    @Test func `a deleted backup is gone with its items, and told once as DELETED`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.put(key("a", 1))
        let arn = try given(try await fixture.backup()?.backupARN)
        let answer = try await fixture.service.deleteBackup(DeleteBackupInput(backupARN: arn), fixture.context)
        #expect(answer.backupDescription?.backupDetails?.backupStatus == .deleted)
        #expect(answer.backupDescription?.sourceTableDetails?.tableName == "items")
        await fixture.service.jobs.whenIdle()
        #expect(try await fixture.keyCount(2) == 0)
        let again = await refused { () async throws(ServiceError) in
            try await fixture.service.deleteBackup(DeleteBackupInput(backupARN: arn), fixture.context)
        }
        #expect(again == ServiceError(code: "BackupNotFoundException", message: "Backup not found: \(arn)"))
    }

    @Test(
        arguments: [
            Self.absent, "arn:aws:dynamodb:eu-central-1:999999999999:table/items/backup/01489602797149-73d8d5bc",
            "arn:aws:dynamodb:eu-central-1:123456789012:table/items",
            "arn:aws:dynamodb:eu-central-1:123456789012:table/items/backup/\0",
        ] as [String])
    func `a backup that is not there is named, and an ARN of something else is not one`(_ arn: String) async throws {
        let fixture = try await BackupFixture()
        for error in [
            await refused({ () async throws(ServiceError) in
                try await fixture.service.deleteBackup(DeleteBackupInput(backupARN: arn), fixture.context)
            }),
            await refused({ () async throws(ServiceError) in
                try await fixture.service.describeBackup(DescribeBackupInput(backupARN: arn), fixture.context)
            }),
            await refused({ () async throws(ServiceError) in try await fixture.restore(arn) }),
        ] {
            var wanted = ServiceError(code: "ValidationException", message: "Invalid Backup ARN")
            if arn.hasSuffix("bc") {
                wanted =
                    arn.contains("999999999999")
                    ? ServiceError(code: "AccessDeniedException", message: "Access is denied")
                    : ServiceError(code: "BackupNotFoundException", message: "Backup not found: \(arn)")
            }
            #expect(error == wanted)
        }
    }

    @Test func `policies are asked about the backup that is meant, whatever region its ARN names`() async throws {
        let fixture = try await BackupFixture()
        let west = Self.absent.replacing("eu-central-1", with: "eu-west-1")
        for arn in [Self.absent, west] {
            let deletion = fixture.service.access(DeleteBackupInput(backupARN: arn), fixture.context)
            #expect(deletion == [ResourceAccess(action: "dynamodb:DeleteBackup", resource: Self.absent)])
            let description = fixture.service.access(DescribeBackupInput(backupARN: arn), fixture.context)
            #expect(description == [ResourceAccess(action: "dynamodb:DescribeBackup", resource: Self.absent)])
        }
        // A restore looks where the ARN says.
        let restore = fixture.service.access(
            RestoreTableFromBackupInput(targetTableName: "restored", backupARN: west), fixture.context)
        #expect(restore.first?.resource == west)
    }

    @Test func `a backup is described and deleted under an ARN of any region that there is`() async throws {
        let fixture = try await BackupFixture()
        let arn = try given(try await fixture.backup()?.backupARN)
        let west = arn.replacing("eu-central-1", with: "eu-west-1")
        #expect(try await fixture.describe(west)?.backupDetails?.backupARN == west)
        let invalid = ServiceError(code: "ValidationException", message: "Invalid Request: BackupArn is not valid")
        let wrong = [
            (arn.replacing("eu-central-1", with: "xx-fake-1"), invalid),
            (arn.replacing(":aws:", with: ":aws-cn:"), invalid),
            (arn.replacing(":dynamodb:", with: ":s3:"), invalid),
            (
                arn.replacing("eu-central-1", with: ""),
                ServiceError(code: "AccessDeniedException", message: "Access is denied")
            ),
        ]
        for (arn, error) in wrong {
            #expect(await refused { () async throws(ServiceError) in try await fixture.describe(arn) } == error)
            #expect(
                await refused { () async throws(ServiceError) in
                    try await fixture.service.deleteBackup(DeleteBackupInput(backupARN: arn), fixture.context)
                } == error)
        }
        let answer = try await fixture.service.deleteBackup(DeleteBackupInput(backupARN: west), fixture.context)
        #expect(answer.backupDescription?.backupDetails?.backupARN == west)
        let error = await refused { () async throws(ServiceError) in try await fixture.describe(arn) }
        #expect(error?.code == "BackupNotFoundException")
    }

    @Test func `a backup that is made or restored is not deleted`() async throws {
        let fixture = try await BackupFixture()
        for number in 0..<350 { try await fixture.put(key("a", number)) }
        let answer = try await fixture.service.createBackup(
            CreateBackupInput(tableName: BackupFixture.table, backupName: "first"), fixture.context)
        let arn = try given(answer.backupDetails?.backupARN)
        func refusal() async -> ServiceError? {
            await refused { () async throws(ServiceError) in
                try await fixture.service.deleteBackup(DeleteBackupInput(backupARN: arn), fixture.context)
            }
        }
        #expect(await refusal()?.code == "BackupInUseException")
        await fixture.service.jobs.whenIdle()
        _ = try await fixture.service.restoreTableFromBackup(
            RestoreTableFromBackupInput(targetTableName: "restored", backupARN: arn), fixture.context)
        let message = "Backup is being used to restore table: \(arn)"
        #expect(await refusal() == ServiceError(code: "BackupInUseException", message: message))
        await fixture.service.jobs.whenIdle()
        #expect(await refusal() == nil)
    }
}
