import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

struct RestoreTableToPointInTimeTests {
    @Test func `each second of a table's past can be had again`() async throws {
        let fixture = try await BackupFixture()
        var random = SeededGenerator(seed: 20)
        for number in 0..<150 { try await fixture.put(key("p\(number % 3)", number)) }
        try await fixture.recovery(true)
        var moments: [(time: Timestamp, items: [[String: AttributeValue]])] = []
        for round in 0..<6 {
            fixture.clock.advance(milliseconds: 1000)
            for _ in 0..<80 {
                let number = Int(random.next() % 200)
                if random.next() % 3 == 0 {
                    try await fixture.delete(key("p\(number % 3)", number))
                } else {
                    try await fixture.put(key("p\(number % 3)", number) + [("round", int(round))])
                }
            }
            moments.append((fixture.clock.now(), try await fixture.items()))
        }
        fixture.clock.advance(milliseconds: 1000)
        for (index, moment) in moments.enumerated() {
            try await fixture.restore(to: moment.time, "restored-\(index)")
            #expect(try await fixture.items("restored-\(index)") == moment.items)
        }
    }

    @Test func `the latest moment has all that was answered`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.put(key("a", 1))
        try await fixture.recovery(true)
        try await fixture.put(key("a", 2))
        let answer = try #require(try await fixture.restore(to: nil))
        #expect(answer.restoreSummary?.sourceBackupARN == nil)
        #expect(answer.restoreSummary?.restoreDateTime == fixture.clock.now())
        #expect(try await fixture.items("restored").count == 2)
        #expect(try await fixture.table("restored")?.restoreSummary == nil)
    }

    @Test func `writers go on while a table is restored`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        for number in 0..<350 { try await fixture.put(key("p\(number % 5)", number)) }
        let before = try await fixture.items()
        _ = try await fixture.service.restoreTableToPointInTime(
            RestoreTableToPointInTimeInput(
                sourceTableName: "items", targetTableName: "restored", useLatestRestorableTime: true),
            fixture.context)
        for number in 0..<350 where number % 3 != 0 { try await fixture.delete(key("p\(number % 5)", number)) }
        for number in 350..<500 { try await fixture.put(key("p\(number % 5)", number)) }
        await fixture.service.jobs.whenIdle()
        #expect(try await fixture.items("restored") == before)
    }

    @Test func `a table without recovery is not restored`() async throws {
        let fixture = try await BackupFixture()
        let error = await refused { () async throws(ServiceError) in try await fixture.restore(to: nil) }
        #expect(
            error
                == ServiceError(
                    code: "PointInTimeRecoveryUnavailableException",
                    message: "Point in time recovery is not enabled for table 'items'"))
    }

    @Test func `the moment must lie between the earliest and the latest`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        let earliest: Int64 = 1_795_496_431_000
        fixture.clock.advance(milliseconds: 10_000)
        let latest = fixture.clock.now().millisecondsSinceEpoch
        #expect(
            await refused { () async throws(ServiceError) in
                try await fixture.restore(to: Timestamp(millisecondsSinceEpoch: earliest - 1))
            }
                == ServiceError(
                    code: "InvalidRestoreTimeException",
                    message: "RestoreDateTime '2026-11-24T05:00:30Z' must be within EarliestRestorableDateTime "
                        + "'2026-11-24T05:00:31Z' and LatestRestorableDateTime '2026-11-24T05:00:40Z'"))
        for (moment, isLawful) in [(earliest - 1, false), (earliest, true), (latest, true), (latest + 1, false)] {
            let error = await refused { () async throws(ServiceError) in
                try await fixture.restore(to: Timestamp(millisecondsSinceEpoch: moment), "restored-\(moment)")
            }
            #expect((error == nil) == isLawful)
            if let error { #expect(error.code == "InvalidRestoreTimeException") }
        }
    }

    @Test func `source, target and moment are checked`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        #expect(
            await refused { () async throws(ServiceError) in try await fixture.restore(to: nil, "items") }
                == ServiceError(code: "TableAlreadyExistsException", message: "Table already exists: items"))
        #expect(
            await refused { () async throws(ServiceError) in
                try await fixture.restore(to: nil) { $0.sourceTableName = "absent" }
            } == ServiceError(code: "TableNotFoundException", message: "Table not found: absent"))
        #expect(
            await wording { () async throws(ServiceError) in
                try await fixture.restore(to: nil) { $0.sourceTableName = nil }
            } != nil)
        #expect(
            await wording { () async throws(ServiceError) in
                try await fixture.restore(to: nil) { $0.useLatestRestorableTime = false }
            } != nil)
        // None of these left the table held.
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
    }

    @Test func `a deleted table with recovery leaves a system backup for 35 days`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        try await fixture.put(key("a", 1))
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
        await fixture.service.jobs.whenIdle()
        func system() async throws -> [BackupSummary] {
            try await fixture.service.listBackups(ListBackupsInput(backupType: .system), fixture.context)
                .backupSummaries ?? []
        }
        let summary = try #require(try await system().first)
        #expect(summary.backupName == "items$DeletedTableBackup")
        let arn = try given(summary.backupARN)
        #expect(
            await wording { () async throws(ServiceError) in
                try await fixture.service.deleteBackup(DeleteBackupInput(backupARN: arn), fixture.context)
            }
                == "Invalid Request: User is not allowed to delete the system backup with arn \(arn). It will "
                + "automatically expire on 2026-12-29T05:00:30.123Z")
        try await fixture.restore(arn)
        #expect(try await fixture.items("restored").count == 1)
        fixture.clock.advance(milliseconds: 35 * 86_400_000)
        #expect(try await system().isEmpty)
        await fixture.service.removeExpiredBackups()
        await fixture.service.jobs.whenIdle()
        #expect(try await fixture.keyCount(1) == 0)
    }
}
