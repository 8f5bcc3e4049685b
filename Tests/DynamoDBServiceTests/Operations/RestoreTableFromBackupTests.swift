import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

struct RestoreTableFromBackupTests {
    private func backedUp(
        _ input: CreateTableInput = ItemFixture.plain, count: Int = 3
    ) async throws -> (BackupFixture, String) {
        let fixture = try await BackupFixture(input)
        for number in 0..<count {
            try await fixture.put(key("a", number) + [("gp", .s("g")), ("gs", int(number)), ("ls", .s("l\(number)"))])
        }
        return (fixture, try given(try await fixture.backup()?.backupARN))
    }

    @Test func `a restored table has the items and indexes of its backup, and says where it comes from`() async throws {
        let (fixture, arn) = try await self.backedUp(ItemFixture.indexed, count: 250)
        let answer = try #require(try await fixture.restore(arn))
        #expect(answer.tableStatus == .creating)
        #expect(answer.restoreSummary?.restoreInProgress == true)
        #expect(answer.restoreSummary?.sourceBackupARN == arn)
        #expect(answer.restoreSummary?.sourceTableARN == "arn:aws:dynamodb:eu-central-1:123456789012:table/items")
        // An index has no status until the items are there.
        #expect(answer.globalSecondaryIndexes?.compactMap(\.indexStatus) == [])
        let table = try #require(try await fixture.table("restored"))
        #expect(table.tableStatus == .active)
        #expect(table.restoreSummary == nil)
        #expect(Set(table.globalSecondaryIndexes?.map(\.indexStatus) ?? []) == [.active])
        #expect(table.itemCount == 250)
        for index in [nil, "local", "global", "whole"] {
            let both = (try await fixture.items(index: index), try await fixture.items("restored", index: index))
            #expect(Set(both.0) == Set(both.1))
        }
    }

    @Test func `a table that is being restored takes no requests for items and is not deleted`() async throws {
        let (fixture, arn) = try await self.backedUp(count: 250)
        _ = try await fixture.service.restoreTableFromBackup(
            RestoreTableFromBackupInput(targetTableName: "restored", backupARN: arn), fixture.context)
        #expect(
            await refused { () async throws(ServiceError) in try await fixture.put(key("a", 1), table: "restored") }
                == tableMissing)
        #expect(
            await refused { () async throws(ServiceError) in try await fixture.items("restored") } == tableMissing)
        let error = await refused { () async throws(ServiceError) in
            try await fixture.service.deleteTable(DeleteTableInput(tableName: "restored"), fixture.context)
        }
        #expect(
            error
                == ServiceError(
                    code: "ResourceInUseException",
                    message: "Attempt to change a resource which is still in use: Table is being created: restored"))
        await fixture.service.jobs.whenIdle()
        try await fixture.put(key("b", 1), table: "restored")
        #expect(try await fixture.items("restored").count == 251)
    }

    @Test func `a backup is restored to one table at a time`() async throws {
        let (fixture, arn) = try await self.backedUp(count: 350)
        func begin(_ name: String) async throws(ServiceError) {
            _ = try await fixture.service.restoreTableFromBackup(
                RestoreTableFromBackupInput(targetTableName: name, backupARN: arn), fixture.context)
        }
        try await begin("restored")
        let error = await refused { () async throws(ServiceError) in try await begin("other") }
        let message = "Backup is being used to restore another table: \(arn)"
        #expect(error == ServiceError(code: "BackupInUseException", message: message))
        await fixture.service.jobs.whenIdle()
        try await begin("other")
        await fixture.service.jobs.whenIdle()
        #expect(try await fixture.items("other").count == 350)
    }

    @Test func `fifty restores are done at a time`() async throws {
        let (fixture, _) = try await self.backedUp()
        var backups: [String] = []
        for number in 0..<51 { backups.append(try given(try await fixture.backup("b\(100 + number)")?.backupARN)) }
        await fixture.service.jobs.stop()
        func begin(_ number: Int) async throws(ServiceError) {
            _ = try await fixture.service.restoreTableFromBackup(
                RestoreTableFromBackupInput(targetTableName: "r\(100 + number)", backupARN: backups[number]),
                fixture.context)
        }
        for number in 0..<50 { try await begin(number) }
        let error = await refused { () async throws(ServiceError) in try await begin(50) }
        #expect(
            error
                == ServiceError(
                    code: "LimitExceededException",
                    message: "Subscriber limit exceeded: Only 50 restore operations can be done simultaneously"))
    }

    @Test(arguments: [false, true])
    func `a table is restored to another region when it is told how to encrypt`(_ isToMoment: Bool) async throws {
        let (fixture, arn) = try await self.backedUp(ItemFixture.indexed, count: 250)
        try await fixture.recovery(true)
        let west = TableFixture.context(region: "eu-west-1")
        func restore(_ encryption: SSESpecification?) async throws(ServiceError) -> TableDescription? {
            guard isToMoment else {
                var input = RestoreTableFromBackupInput(targetTableName: "restored", backupARN: arn)
                input.sseSpecificationOverride = encryption
                return try await fixture.service.restoreTableFromBackup(input, west).tableDescription
            }
            var input = RestoreTableToPointInTimeInput(targetTableName: "restored", useLatestRestorableTime: true)
            input.sourceTableARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
            input.sseSpecificationOverride = encryption
            return try await fixture.service.restoreTableToPointInTime(input, west).tableDescription
        }
        #expect(
            await wording { () async throws(ServiceError) in try await restore(nil) }
                == "Invalid Request: sseSpecificationOverride must be provided for cross-region restores")
        let table = try await restore(SSESpecification(enabled: true))
        #expect(table?.tableARN == "arn:aws:dynamodb:eu-west-1:123456789012:table/restored")
        #expect(table?.sseDescription?.kmsMasterKeyARN?.hasPrefix("arn:aws:kms:eu-west-1:") == true)
        // Another process goes on with it.
        await fixture.service.jobs.stop()
        let next = TableFixture(store: fixture.store)
        await next.service.resume()
        await next.service.jobs.whenIdle()
        #expect(try await next.service.scan(ScanInput(tableName: "restored"), west).count == 250)
        #expect(await refused { () async throws(ServiceError) in try await next.describe("restored") } != nil)
    }

    @Test func `a restore that was cut off goes on after the next start`() async throws {
        let (fixture, arn) = try await self.backedUp(count: 350)
        _ = try await fixture.service.restoreTableFromBackup(
            RestoreTableFromBackupInput(targetTableName: "restored", backupARN: arn), fixture.context)
        await fixture.service.jobs.stop()
        let next = TableFixture(store: fixture.store)
        await next.service.resume()
        await next.service.jobs.whenIdle()
        let page = try await next.service.scan(ScanInput(tableName: "restored"), next.context)
        #expect(page.count == 350)
        #expect(try await next.describe("restored")?.tableStatus == .active)
    }

    @Test func `overrides choose indexes, billing and encryption`() async throws {
        let (fixture, arn) = try await self.backedUp(ItemFixture.indexed)
        let table = try await fixture.restore(arn) { input in
            input.billingModeOverride = .provisioned
            input.provisionedThroughputOverride = ProvisionedThroughput(readCapacityUnits: 3, writeCapacityUnits: 4)
            input.localSecondaryIndexOverride = []
            input.globalSecondaryIndexOverride = [
                globalIndex(
                    "whole", [hash("gp")],
                    throughput: ProvisionedThroughput(readCapacityUnits: 1, writeCapacityUnits: 2))
            ]
            input.sseSpecificationOverride = SSESpecification(enabled: true, sseType: .kms)
        }
        #expect(table?.localSecondaryIndexes == nil)
        #expect(table?.globalSecondaryIndexes?.map(\.indexName) == ["whole"])
        #expect(table?.attributeDefinitions?.map(\.attributeName) == ["gp", "pk", "sk"])
        #expect(table?.provisionedThroughput?.readCapacityUnits == 3)
        #expect(table?.sseDescription?.sseType == .kms)
        #expect(try await fixture.items("restored", index: "whole").count == 3)
    }

    @Test func `overrides that do not fit are refused`() async throws {
        let (fixture, arn) = try await self.backedUp(ItemFixture.indexed)
        func refusal(_ change: (inout RestoreTableFromBackupInput) -> Void) async -> String? {
            await wording { () async throws(ServiceError) in try await fixture.restore(arn, "restored", change) }
        }
        #expect(
            await refusal { $0.billingModeOverride = .provisioned }
                == "Invalid Request: Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
        #expect(
            await refusal {
                $0.provisionedThroughputOverride = ProvisionedThroughput(readCapacityUnits: 1, writeCapacityUnits: 1)
            }
                == "Invalid Request: Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED")
        #expect(
            await refusal {
                $0.billingModeOverride = .payPerRequest
                $0.provisionedThroughputOverride = ProvisionedThroughput(readCapacityUnits: 1, writeCapacityUnits: 1)
            }
                == "Invalid Request: Cannot override ProvisionedThroughput if BillingMode is overridden to "
                + "PAY_PER_REQUEST")
        #expect(
            await refusal { $0.onDemandThroughputOverride = OnDemandThroughput(maxReadRequestUnits: 0) }
                == "Invalid Request: Requested MaxReadRequestUnits for OnDemandThroughput is outside of valid range")
        for name in ["new", "whole"] {
            #expect(
                await refusal { $0.globalSecondaryIndexOverride = [globalIndex(name, [hash("ls")])] }
                    == "Invalid Request: Index \(name) does not match a secondary index that existed in the source "
                    + "table and cannot be created during the restore operation")
        }
        let units = ProvisionedThroughput(readCapacityUnits: 1, writeCapacityUnits: 1)
        #expect(
            await refusal {
                $0.billingModeOverride = .provisioned
                $0.provisionedThroughputOverride = units
                $0.globalSecondaryIndexOverride = [globalIndex("whole", [hash("gp")])]
            } == "Invalid Request: Must specify provisioned throughput for index whole")
        #expect(
            await refusal {
                $0.billingModeOverride = .payPerRequest
                $0.globalSecondaryIndexOverride = [globalIndex("whole", [hash("gp")], throughput: units)]
            }
                == "Invalid Request: Cannot override ProvisionedThroughput if BillingMode is overridden to "
                + "PAY_PER_REQUEST for index whole")
    }

    @Test func `an index may get another name`() async throws {
        let (fixture, arn) = try await self.backedUp(ItemFixture.indexed)
        let table = try await fixture.restore(arn) {
            $0.globalSecondaryIndexOverride = [globalIndex("new", [hash("gp")])]
        }
        #expect(table?.globalSecondaryIndexes?.map(\.indexName) == ["new"])
        #expect(try await fixture.items("restored", index: "new").count == 3)
    }

    @Test func `the name must be free`() async throws {
        let (fixture, arn) = try await self.backedUp()
        let error = await refused { () async throws(ServiceError) in try await fixture.restore(arn, "items") }
        #expect(error == ServiceError(code: "TableAlreadyExistsException", message: "Table already exists: items"))
    }

    @Test func `a name that is being restored is not used for another table`() async throws {
        let (fixture, arn) = try await self.backedUp()
        let other = try given(try await fixture.backup("other")?.backupARN)
        await fixture.service.jobs.stop()
        try await fixture.restore(arn)
        for backup in [arn, other] {
            let error = await refused { () async throws(ServiceError) in try await fixture.restore(backup) }
            let message = "Table: restored is already being restored from backup: \(arn)"
            #expect(error == ServiceError(code: "TableInUseException", message: message))
        }
        let error = await refused { () async throws(ServiceError) in
            try await fixture.service.createTable(
                tableInput("restored", defined("pk"), [hash("pk")]), fixture.context)
        }
        #expect(
            error
                == ServiceError(
                    code: "ResourceInUseException",
                    message: "Attempt to change a resource which is still in use: Table is being used: restored"))
    }

    @Test func `tags, protection and class are not restored, keys and throughput are`() async throws {
        var input = tableInput("items", defined("pk", "sk"), [hash("pk"), range("sk")])
        input.billingMode = .provisioned
        input.provisionedThroughput = ProvisionedThroughput(readCapacityUnits: 5, writeCapacityUnits: 6)
        input.deletionProtectionEnabled = true
        input.tableClass = .standardInfrequentAccess
        input.tags = [Tag(key: "team", value: "blue")]
        let fixture = try await BackupFixture(input)
        let table = try await fixture.restore(try given(try await fixture.backup()?.backupARN))
        #expect(table?.deletionProtectionEnabled == false)
        #expect(table?.tableClassSummary == nil)
        #expect(table?.provisionedThroughput?.writeCapacityUnits == 6)
        #expect(table?.billingModeSummary == nil)
        let tags = try await fixture.service.listTagsOfResource(
            ListTagsOfResourceInput(resourceARN: try given(table?.tableARN)), fixture.context)
        #expect(tags.tags?.isEmpty != false)
    }

    @Test func `IAM sees the backup and the writing of the new table`() async throws {
        let fixture = try await BackupFixture()
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/items/backup/01489602797149-73d8d5bc"
        let accesses = fixture.service.access(
            RestoreTableFromBackupInput(targetTableName: "restored", backupARN: arn), fixture.context)
        #expect(accesses.first == ResourceAccess(action: "dynamodb:RestoreTableFromBackup", resource: arn))
        #expect(
            accesses.contains(
                ResourceAccess(
                    action: "dynamodb:PutItem",
                    resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/restored")))
    }
}
