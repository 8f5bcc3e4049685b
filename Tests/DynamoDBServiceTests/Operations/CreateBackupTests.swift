import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

struct CreateBackupTests {
    @Test func `a backup is CREATING when it is answered and AVAILABLE when all is copied`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.put(key("a", 1) + [("x", text(10))])
        let answer = try await fixture.service.createBackup(
            CreateBackupInput(tableName: BackupFixture.table, backupName: "first"), fixture.context)
        let details = try #require(answer.backupDetails)
        #expect(details.backupStatus == .creating)
        #expect(details.backupType == .user)
        #expect(details.backupName == "first")
        #expect(details.backupCreationDateTime == fixture.clock.now())
        #expect(details.backupExpiryDateTime == nil)
        let prefix = "arn:aws:dynamodb:eu-central-1:123456789012:table/items/backup/01795496430123-"
        #expect(details.backupARN.hasPrefix(prefix))
        #expect(details.backupARN.utf8.count == prefix.utf8.count + 8)
        await fixture.service.jobs.whenIdle()
        let described = try await fixture.describe(details.backupARN)
        #expect(described?.backupDetails?.backupStatus == .available)
        #expect(described?.backupDetails?.backupSizeBytes == 2 + 1 + 2 + 2 + 1 + 10)
    }

    @Test func `a table that is written to meanwhile is copied as of one moment`() async throws {
        let fixture = try await BackupFixture()
        for number in 0..<350 { try await fixture.put(key("p\(number % 5)", number) + [("x", text(100))]) }
        let before = try await fixture.items()
        let backup = try await fixture.service.createBackup(
            CreateBackupInput(tableName: BackupFixture.table, backupName: "first"), fixture.context)
        // Every item is gone or changed, and new ones lie between them.
        for number in 0..<350 where number % 3 != 0 { try await fixture.delete(key("p\(number % 5)", number)) }
        for number in 0..<700 where number % 2 == 0 { try await fixture.put(key("p\(number % 5)", number)) }
        await fixture.service.jobs.whenIdle()
        try await fixture.restore(try given(backup.backupDetails?.backupARN))
        #expect(try await fixture.items("restored") == before)
    }

    @Test func `the table keeps its changes only while it is copied`() async throws {
        let fixture = try await BackupFixture()
        func count() async throws -> Int {
            try await fixture.store.readLog(LogID(1), after: nil, limit: 100, byteLimit: 1 << 20).entries.count
        }
        try await fixture.put(key("a", 1))
        _ = try await fixture.backup()
        let copied = try await count()
        try await fixture.put(key("a", 2))
        #expect(try await count() == copied)
    }

    @Test func `what a copy needed itself is removed`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.put(key("a", 1))
        _ = try await fixture.backup()
        // Table 1, contents 2, the copy's own 3.
        #expect(try await fixture.keyCount(2) == 1)
        #expect(try await fixture.keyCount(3) == 0)
    }

    @Test func `a table that is not there is named`() async throws {
        let fixture = try await BackupFixture()
        let error = await refused { () async throws(ServiceError) in
            try await fixture.service.createBackup(
                CreateBackupInput(tableName: "absent", backupName: "first"), fixture.context)
        }
        #expect(error == ServiceError(code: "TableNotFoundException", message: "Table not found: absent"))
    }

    @Test func `the table cannot be deleted while it is copied`() async throws {
        let fixture = try await BackupFixture()
        for number in 0..<350 { try await fixture.put(key("a", number)) }
        _ = try await fixture.service.createBackup(
            CreateBackupInput(tableName: BackupFixture.table, backupName: "first"), fixture.context)
        let error = await refused { () async throws(ServiceError) in
            try await fixture.service.deleteTable(DeleteTableInput(tableName: BackupFixture.table), fixture.context)
        }
        #expect(error?.code == "ResourceInUseException")
        await fixture.service.jobs.whenIdle()
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: BackupFixture.table), fixture.context)
    }

    @Test func `a copy that was cut off goes on after the next start`() async throws {
        let fixture = try await BackupFixture()
        for number in 0..<350 { try await fixture.put(key("a", number)) }
        let before = try await fixture.items()
        let backup = try await fixture.service.createBackup(
            CreateBackupInput(tableName: BackupFixture.table, backupName: "first"), fixture.context)
        await fixture.service.jobs.stop()
        let next = TableFixture(store: fixture.store)
        await next.service.resume()
        await next.service.jobs.whenIdle()
        let arn = try given(backup.backupDetails?.backupARN)
        _ = try await next.service.restoreTableFromBackup(
            RestoreTableFromBackupInput(targetTableName: "restored", backupARN: arn), next.context)
        await next.service.jobs.whenIdle()
        let page = try await next.service.scan(ScanInput(tableName: "restored"), next.context)
        #expect((page.items ?? []).map(shown) == before)
    }

    @Test func `IAM sees the table`() async throws {
        let fixture = try await BackupFixture()
        let accesses = fixture.service.access(
            CreateBackupInput(tableName: "items", backupName: "first"), fixture.context)
        #expect(
            accesses == [
                ResourceAccess(
                    action: "dynamodb:CreateBackup",
                    resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/items")
            ])
    }
}
