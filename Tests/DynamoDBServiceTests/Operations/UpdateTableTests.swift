import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

private let invalid = "ValidationException: One or more parameter values were invalid: "

struct UpdateTableTests {
    @Test func `the access is to the table`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(UpdateTableInput(tableName: "orders"), fixture.context) == [
                ResourceAccess(action: "dynamodb:UpdateTable", resource: tableARN("orders"))
            ]
        )
    }

    @Test func `a missing table is named`() async {
        let fixture = TableFixture()
        let input = UpdateTableInput(tableName: "missing", deletionProtectionEnabled: true)
        let error = await refused { () throws(ServiceError) in
            try await fixture.service.updateTable(input, fixture.context)
        }
        #expect(error?.code == "ResourceNotFoundException")
        #expect(error?.message == "Requested resource not found: Table: missing not found")
    }

    @Test(.timeLimit(.minutes(1))) func `very many replicas are checked in linear time`() async throws {
        let fixture = try await UpdateFixture()
        let refusal = await fixture.refusal {
            $0.replicaUpdates = (0..<200_000).map { number in
                ReplicationGroupUpdate(create: CreateReplicationGroupMemberAction(regionName: "r\(number)"))
            }
        }
        #expect(refusal?.hasPrefix("ValidationException: Region r0 is not supported. ") == true)
    }

    @Test func `a request that changes nothing says what could be changed`() async throws {
        let fixture = try await UpdateFixture()
        let sentence =
            "ValidationException: At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            + "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, "
            + "ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, "
            + "WarmThroughput or TableClass is required"
        #expect(await fixture.refusal { _ in } == sentence)
        #expect(await fixture.refusal { $0.attributeDefinitions = defined("pk") } == sentence)
        #expect(await fixture.refusal { $0.globalSecondaryIndexUpdates = [] } == sentence)
        #expect(
            await fixture.refusal { $0.multiRegionConsistency = .eventual }
                == sentence.replacing("MultiRegionConsistency, ", with: ""))
        #expect(
            await fixture.refusal {
                $0.globalSecondaryIndexUpdates = []
                $0.deletionProtectionEnabled = true
            } == invalid + "List of GlobalSecondaryIndexUpdates is empty")
        #expect(try await fixture.described().deletionProtectionEnabled == false)
    }

    private static let alone = "must be the only operation in the request"
    private static let stream = StreamSpecification(streamEnabled: true, streamViewType: .newImage)

    /// Changes that stand alone, with the sentence about the first of several.
    private static let singles: [(String, @Sendable (inout UpdateTableInput) -> Void)] = [
        (
            "Server-Side Encryption modification \(Self.alone)",
            {
                $0.sseSpecification = SSESpecification(enabled: true)
                $0.tableClass = .standard
                $0.deletionProtectionEnabled = true
            }
        ),
        (
            "TableClass modification \(Self.alone)",
            {
                $0.tableClass = .standard
                $0.deletionProtectionEnabled = true
            }
        ),
        (
            "DeletionProtection modification \(Self.alone)",
            {
                $0.deletionProtectionEnabled = true
                $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 20)
            }
        ),
        (
            "WarmThroughput \(Self.alone)",
            {
                $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 20)
                $0.streamSpecification = Self.stream
            }
        ),
        (
            "Create global secondary index cannot be specified when updating WarmThroughput",
            {
                $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 20)
                $0.globalSecondaryIndexUpdates = [creation("two")]
            }
        ),
        (
            "Replica modification \(Self.alone)",
            {
                let action = CreateReplicationGroupMemberAction(regionName: "us-east-1")
                $0.replicaUpdates = [ReplicationGroupUpdate(create: action)]
                $0.deletionProtectionEnabled = true
            }
        ),
    ]

    /// Changes that do not go together.
    private static let pairs: [(String, @Sendable (inout UpdateTableInput) -> Void)] = [
        (
            "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
            {
                $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 5)
                $0.streamSpecification = Self.stream
            }
        ),
        (
            "You cannot modify stream status while updating table IOPS",
            {
                $0.provisionedThroughput = units(11, 11)
                $0.streamSpecification = Self.stream
            }
        ),
        (
            "You cannot create or delete index while updating table IOPS",
            {
                $0.provisionedThroughput = units(11, 11)
                $0.globalSecondaryIndexUpdates = [deletion("one")]
            }
        ),
        (
            "You cannot create or delete index while changing stream status",
            {
                $0.streamSpecification = Self.stream
                $0.globalSecondaryIndexUpdates = [deletion("one")]
            }
        ),
    ]

    @Test func `most changes stand alone`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.indexed)
        for (sentence, change) in Self.singles + Self.pairs {
            #expect(await fixture.refusal(change) == invalid + sentence)
        }
        let table = try await fixture.described()
        #expect(table.provisionedThroughput?.readCapacityUnits == 10)
        #expect(table.globalSecondaryIndexes?.map(\.indexName) == ["one"])
    }

    @Test func `an entry of GlobalSecondaryIndexUpdates is one action on one index`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.indexed)
        let actions: [([GlobalSecondaryIndexUpdate], String)] = [
            (
                [GlobalSecondaryIndexUpdate()],
                "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                    + "GlobalSecondaryIndexUpdate.Delete must not be null"
            ),
            (
                [
                    GlobalSecondaryIndexUpdate(
                        update: UpdateGlobalSecondaryIndexAction(indexName: "one"),
                        delete: DeleteGlobalSecondaryIndexAction(indexName: "one"))
                ],
                "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"
            ),
            (
                [deletion("one"), change("one") { $0.provisionedThroughput = units(6, 6) }],
                "Only one global secondary index update per index is allowed simultaneously. Index: one"
            ),
        ]
        for (updates, sentence) in actions {
            #expect(await fixture.refusal { $0.globalSecondaryIndexUpdates = updates } == invalid + sentence)
        }
    }

    @Test func `deletion protection is there at once`() async throws {
        let fixture = try await UpdateFixture()
        let answer = try await fixture.update { $0.deletionProtectionEnabled = true }
        #expect(answer.tableStatus == .active)
        #expect(answer.deletionProtectionEnabled == true)
        #expect(try await fixture.described().deletionProtectionEnabled == true)
        let refusal = await refused { () throws(ServiceError) in try await fixture.tables.delete("table") }
        #expect(refusal?.code == "ValidationException")
        try await fixture.update { $0.deletionProtectionEnabled = false }
        try await fixture.tables.delete("table")
    }

    @Test func `of many updates each is done`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.provisioned)
        await withTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    _ = await fixture.refusal { $0.provisionedThroughput = units(20 + number, 20) }
                }
            }
        }
        let reads = try #require(try await fixture.described().provisionedThroughput?.readCapacityUnits)
        #expect((20..<28).contains(reads))
    }
}

struct UpdateTableSettingsTests {
    @Test func `a stream begins, ends, and begins anew with another label`() async throws {
        let fixture = try await UpdateFixture()
        let first = try await fixture.update {
            $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .newImage)
        }
        #expect(first.tableStatus == .updating)
        #expect(first.streamSpecification?.streamViewType == .newImage)
        #expect(
            await fixture.refusal {
                $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .keysOnly)
            } == "ValidationException: Table already has an enabled stream: TableName: table")
        fixture.tables.clock.advance(milliseconds: 5)
        let ended = try await fixture.update { $0.streamSpecification = StreamSpecification(streamEnabled: false) }
        #expect(ended.streamSpecification == nil)
        #expect(ended.latestStreamLabel == first.latestStreamLabel)
        #expect(
            await fixture.refusal { $0.streamSpecification = StreamSpecification(streamEnabled: false) }
                == "ValidationException: Table has no stream to disable: TableName: table")
        let second = try await fixture.update {
            $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .keysOnly)
        }
        #expect(second.latestStreamARN != first.latestStreamARN)
        #expect(try await fixture.described().tableStatus == .active)
    }

    @Test func `a stream's view type goes with its enabling`() async throws {
        let fixture = try await UpdateFixture()
        #expect(
            await fixture.refusal { $0.streamSpecification = StreamSpecification(streamEnabled: true) }
                == invalid + "If stream is being enabled then UpdateViewType is required")
        #expect(
            await fixture.refusal {
                $0.streamSpecification = StreamSpecification(streamEnabled: false, streamViewType: .keysOnly)
            } == invalid + "If stream is being disabled, then UpdateViewType must not be specified")
    }

    @Test func `encryption changes its key`() async throws {
        let fixture = try await UpdateFixture()
        #expect(
            await fixture.refusal { $0.sseSpecification = SSESpecification() }
                == invalid + "Table is already encrypted by default")
        #expect(
            await fixture.refusal { $0.sseSpecification = SSESpecification(enabled: false) }
                == invalid + "Table is already encrypted by default")
        let answer = try await fixture.update { $0.sseSpecification = SSESpecification(enabled: true) }
        #expect(answer.tableStatus == .active)
        #expect(answer.sseDescription?.status == .updating)
        // Nothing is shown of the key to come.
        #expect(answer.sseDescription?.sseType == nil && answer.sseDescription?.kmsMasterKeyARN == nil)
        let key = "arn:aws:kms:eu-central-1:123456789012:key/one"
        let second = try await fixture.update {
            $0.sseSpecification = SSESpecification(enabled: true, sseType: .kms, kmsMasterKeyID: key)
        }
        // The old key is shown until the new one is in use.
        #expect(second.sseDescription?.kmsMasterKeyARN?.hasSuffix("alias/aws/dynamodb") == true)
        #expect(try await fixture.described().sseDescription?.kmsMasterKeyARN == key)
        #expect(try await fixture.described().sseDescription?.status == .enabled)
        #expect(
            await fixture.refusal {
                $0.sseSpecification = SSESpecification(enabled: true, sseType: .kms, kmsMasterKeyID: key)
            } == invalid
                + "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to "
                + "change Master Key")
        try await fixture.update { $0.sseSpecification = SSESpecification(enabled: false) }
        #expect(try await fixture.described().sseDescription == nil)
    }

    @Test func `the class changes twice in thirty days`() async throws {
        let fixture = try await UpdateFixture()
        // That a table is of the class which it never left is not noted.
        try await fixture.update { $0.tableClass = .standard }
        #expect(try await fixture.described().tableClassSummary == nil)
        let answer = try await fixture.update { $0.tableClass = .standardInfrequentAccess }
        #expect(answer.tableStatus == .updating)
        #expect(answer.tableClassSummary == nil)
        let summary = try #require(try await fixture.described().tableClassSummary)
        #expect(summary.tableClass == .standardInfrequentAccess)
        #expect(summary.lastUpdateDateTime == fixture.tables.clock.now())
        try await fixture.update { $0.tableClass = .standard }
        let sentence =
            "LimitExceededException: Subscriber limit exceeded: Updates to TableClass are limited to 2 times in "
            + "30 day(s)."
        #expect(await fixture.refusal { $0.tableClass = .standardInfrequentAccess } == sentence)
        #expect(await fixture.refusal { $0.tableClass = .standard } == sentence)
        fixture.tables.clock.advance(milliseconds: 30 * 86_400_000)
        try await fixture.update { $0.tableClass = .standardInfrequentAccess }
        #expect(try await fixture.described().tableClassSummary?.tableClass == .standardInfrequentAccess)
    }
}
