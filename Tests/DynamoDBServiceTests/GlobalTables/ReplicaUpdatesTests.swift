import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceKit
import ServiceModel
import Testing

private let east = GlobalFixture.east
private let west = GlobalFixture.west
private let north = GlobalFixture.north
private let invalid = "ValidationException: One or more parameter values were invalid: "

/// UpdateTable with ReplicaUpdates, and what it leaves.
struct ReplicaUpdatesTests {
    // Adding

    @Test func `a replica is CREATING until it has everything, and the answer does not show it yet`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.put(east, "item")
        let answer = try #require(try await fixture.update { $0.replicaUpdates = [creating(west)] })
        #expect(answer.tableStatus == .updating)
        #expect(answer.globalTableVersion == "2019.11.21")
        #expect(answer.replicas?.isEmpty == true)
        #expect(answer.streamSpecification?.streamViewType == .newAndOldImages)
        var described = try await fixture.describe()
        #expect(described.tableStatus == .updating)
        #expect(described.replicas?.map(\.replicaStatus) == [.creating])
        var replica = try await fixture.describe(west)
        #expect(replica.tableStatus == .creating)
        #expect(replica.latestStreamARN == nil)
        #expect(replica.replicas?.map(\.replicaStatus) == [.active])
        #expect(await refused { () throws(ServiceError) in try await fixture.get(west, "item") } == tableMissing)
        try await fixture.settle()
        described = try await fixture.describe()
        replica = try await fixture.describe(west)
        #expect(described.tableStatus == .active && replica.tableStatus == .active)
        #expect(described.replicas?.map(\.replicaStatus) == [.active])
        #expect(described.replicas?.map(\.regionName) == [west])
        #expect(replica.replicas?.map(\.regionName) == [east])
        #expect(replica.streamSpecification?.streamViewType == .newAndOldImages)
        #expect(replica.tableID != described.tableID)
        #expect(described.globalTableSettingsReplicationMode == .enabledWithOverrides)
        #expect(described.disassociationProtectionEnabled == true)
        #expect(described.multiRegionConsistency == nil)
        // Nothing is an override, and AWS shows no ARN.
        let shown = try #require(described.replicas?.first)
        #expect(shown.provisionedThroughputOverride == nil && shown.replicaARN == nil && shown.kmsMasterKeyID == nil)
        #expect(shown.warmThroughput?.readUnitsPerSecond == 12_000)
    }

    @Test func `a stream that there is stays as it is, and replicas get the same`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create {
            $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .keysOnly)
        }
        let label = try await fixture.describe().latestStreamLabel
        try await fixture.add(west)
        #expect(try await fixture.describe().latestStreamLabel == label)
        #expect(try await fixture.describe(west).streamSpecification?.streamViewType == .keysOnly)
    }

    @Test func `replicas are listed in the order in which they joined, and no table lists itself`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.add(north, from: west)
        #expect(try await fixture.describe(east).replicas?.map(\.regionName) == [west, north])
        #expect(try await fixture.describe(west).replicas?.map(\.regionName) == [east, north])
        #expect(try await fixture.describe(north).replicas?.map(\.regionName) == [east, west])
    }

    @Test func `what is its own is not taken over, and what is common is`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create {
            $0.deletionProtectionEnabled = true
            $0.tags = [Tag(key: "team", value: "a")]
            $0.tableClass = .standardInfrequentAccess
            $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 50, maxWriteRequestUnits: 60)
        }
        try await fixture.add(west)
        let replica = try await fixture.describe(west)
        #expect(replica.deletionProtectionEnabled == false)
        #expect(replica.tableClassSummary?.tableClass == .standardInfrequentAccess)
        #expect(replica.onDemandThroughput?.maxReadRequestUnits == 50)
        #expect(replica.onDemandThroughput?.maxWriteRequestUnits == 60)
        let tags = try await fixture.service.listTagsOfResource(
            ListTagsOfResourceInput(resourceARN: try #require(replica.tableARN)), fixture.context(west))
        #expect((tags.tags ?? []).isEmpty)
    }

    /// Requests that AWS refuses, with its sentences.
    private static let refusals: [(String, @Sendable (inout UpdateTableInput) -> Void)] = [
        (
            "ValidationException: Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, "
                + "DeleteTable, or UpdateTable as required.",
            { $0.replicaUpdates = [creating(east)] }
        ),
        (
            "ValidationException: There are no actions specified in the Replica Update Action of the request.",
            { $0.replicaUpdates = [ReplicationGroupUpdate()] }
        ),
        (
            "ValidationException: One or more parameter values were invalid",
            { $0.replicaUpdates = [ReplicationGroupUpdate(create: CreateReplicationGroupMemberAction())] }
        ),
        (
            "ValidationException: There are no actions specified in the Replica Update Action of the request.",
            { $0.replicaUpdates = [changing(west)] }
        ),
        (
            "ValidationException: Update table operation with more than one type of replica actions not allowed.",
            { $0.replicaUpdates = [creating(north), deleting(west)] }
        ),
        (
            "ValidationException: Update table operation with more than one create or delete replica actions not "
                + "allowed",
            { $0.replicaUpdates = [creating(north), creating("eu-west-1")] }
        ),
        (
            "ValidationException: Failed to create a the new replica of table with name: ‘orders’ because one or more "
                + "replicas already existed as tables.",
            { $0.replicaUpdates = [creating(west)] }
        ),
        (
            "ValidationException: Update global table operation failed because one or more replicas were not part of "
                + "the global table. Please retry the request without these replicas: [eu-north-1].",
            { $0.replicaUpdates = [deleting(north)] }
        ),
        (
            invalid + "KMSMasterKeyId must be specified for each replica.",
            { $0.replicaUpdates = [creating(north) { $0.kmsMasterKeyID = "alias/aws/dynamodb" }] }
        ),
        (
            invalid + "KMSMasterKeyId must be specified for each replica.",
            { $0.replicaUpdates = [changing(west) { $0.kmsMasterKeyID = "alias/aws/dynamodb" }] }
        ),
        (
            "ValidationException: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                + "PAY_PER_REQUEST",
            {
                $0.replicaUpdates = [
                    changing(west) {
                        $0.provisionedThroughputOverride = ProvisionedThroughputOverride(readCapacityUnits: 5)
                    }
                ]
            }
        ),
        (
            invalid + "Replica modification must be the only operation in the request",
            {
                $0.replicaUpdates = [creating(north)]
                $0.deletionProtectionEnabled = true
            }
        ),
        (
            invalid + "DisassociationProtection modification must be the only operation in the request",
            {
                $0.disassociationProtectionEnabled = false
                $0.provisionedThroughput = units(1, 1)
            }
        ),
        (
            invalid + "Disabling Stream is not allowed for a Global Table replica.",
            { $0.streamSpecification = StreamSpecification(streamEnabled: false) }
        ),
        (
            "ValidationException: Table already has an enabled stream: TableName: orders",
            { $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .newAndOldImages) }
        ),
        (
            "ValidationException: MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter "
                + "is present.",
            {
                $0.replicaUpdates = [creating("us-east-2")]
                $0.globalTableWitnessUpdates = [witness(west)]
            }
        ),
        (
            "ValidationException: Unsupported replica count for global tables with MultiRegionConsistency set to "
                + "STRONG.",
            {
                $0.replicaUpdates = [creating("us-east-2")]
                $0.multiRegionConsistency = .strong
            }
        ),
        (
            "ValidationException: Unsupported Region(s) specified for global tables with MultiRegionConsistency set to "
                + "STRONG: [us-west-1].",
            {
                $0.replicaUpdates = [creating("us-east-2")]
                $0.globalTableWitnessUpdates = [witness("us-west-1")]
                $0.multiRegionConsistency = .strong
            }
        ),
        (
            "ValidationException: MultiRegionConsistency STRONG is not supported by this version of Brume: its replicas "
                + "are eventually consistent",
            {
                $0.replicaUpdates = [creating("us-east-2"), creating("us-west-2")]
                $0.multiRegionConsistency = .strong
            }
        ),
        (
            "ValidationException: Only Replica Create actions are supported when MultiRegionConsistency parameter is "
                + "provided.",
            {
                $0.replicaUpdates = [deleting(west)]
                $0.multiRegionConsistency = .eventual
            }
        ),
    ]

    @Test func `what cannot be is refused in AWS's words`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        for (sentence, change) in Self.refusals { #expect(await fixture.refusal(east, change) == sentence) }
        #expect(try await fixture.describe().replicas?.count == 1)
        let unknown = await fixture.refusal { $0.replicaUpdates = [creating("us-fake-1")] }
        #expect(
            unknown?.hasPrefix(
                "ValidationException: Region us-fake-1 is not supported. The latest version of global tables are only "
                    + "supported in the following regions: [ap-south-2, ap-south-1, eu-south-1,") == true)
    }

    @Test func `a table of the name in the other region is in the way`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.create(west)
        #expect(
            await fixture.refusal { $0.replicaUpdates = [creating(west)] }?.contains("already existed as tables")
                == true)
        #expect(try await fixture.describe(west).replicas == nil)
        #expect(try await fixture.describe(east).globalTableVersion == nil)
    }

    @Test func `a provisioned table must scale its writes`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create {
            $0.billingMode = .provisioned
            $0.provisionedThroughput = units(5, 5)
        }
        #expect(
            await fixture.refusal { $0.replicaUpdates = [creating(west)] }
                == "ValidationException: Table write capacity should either be Pay-Per-Request or AutoScaled.")
    }

    // Settings

    @Test func `capacity is that of all replicas, and reads may be overridden`() async throws {
        let fixture = GlobalFixture()
        try await fixture.createIndexed()
        try await fixture.add(west)
        let answer = try await fixture.update {
            $0.billingMode = .provisioned
            $0.provisionedThroughput = units(5, 6)
            $0.globalSecondaryIndexUpdates = [change("byA") { $0.provisionedThroughput = units(3, 4) }]
        }
        #expect(answer?.replicas?.first?.provisionedThroughputOverride == nil)
        var replica = try await fixture.describe(west)
        #expect(replica.billingModeSummary?.billingMode == .provisioned)
        #expect(replica.provisionedThroughput?.readCapacityUnits == 5)
        #expect(replica.provisionedThroughput?.writeCapacityUnits == 6)
        #expect(replica.globalSecondaryIndexes?.first?.provisionedThroughput?.writeCapacityUnits == 4)
        _ = try await fixture.update {
            $0.replicaUpdates = [
                changing(west) {
                    $0.provisionedThroughputOverride = ProvisionedThroughputOverride(readCapacityUnits: 9)
                    $0.globalSecondaryIndexes = [
                        ReplicaGlobalSecondaryIndex(
                            indexName: "byA",
                            provisionedThroughputOverride: ProvisionedThroughputOverride(readCapacityUnits: 8))
                    ]
                }
            ]
        }
        replica = try await fixture.describe(west)
        #expect(replica.provisionedThroughput?.readCapacityUnits == 9)
        #expect(replica.globalSecondaryIndexes?.first?.provisionedThroughput?.readCapacityUnits == 8)
        let shown = try #require(try await fixture.describe().replicas?.first)
        #expect(shown.provisionedThroughputOverride?.readCapacityUnits == 9)
        #expect(shown.globalSecondaryIndexes?.first?.provisionedThroughputOverride?.readCapacityUnits == 8)
        // A change of writes leaves the override, one of reads does not.
        _ = try await fixture.update(west) { $0.provisionedThroughput = units(9, 20) }
        #expect(try await fixture.describe().provisionedThroughput?.writeCapacityUnits == 20)
        #expect(try await fixture.describe().provisionedThroughput?.readCapacityUnits == 5)
        _ = try await fixture.update { $0.provisionedThroughput = units(7, 20) }
        #expect(try await fixture.describe(west).provisionedThroughput?.readCapacityUnits == 7)
        #expect(try await fixture.describe().replicas?.first?.provisionedThroughputOverride == nil)
    }

    @Test func `an index is made and deleted in every region`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.put(east, "item", [("a", .s("x"))])
        try await fixture.add(west)
        _ = try await fixture.update(west) {
            $0.attributeDefinitions = defined("pk", "a")
            $0.globalSecondaryIndexUpdates = [creation("byA")]
        }
        await fixture.service.jobs.whenIdle()
        #expect(try await fixture.contents(east, index: "byA").count == 1)
        #expect(try await fixture.contents(west, index: "byA").count == 1)
        _ = try await fixture.update { $0.globalSecondaryIndexUpdates = [deletion("byA")] }
        await fixture.service.jobs.whenIdle()
        #expect(try await fixture.describe(east).globalSecondaryIndexes == nil)
        #expect(try await fixture.describe(west).globalSecondaryIndexes == nil)
    }

    @Test func `class and limits are overridden, and keys are of the replica's region`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create { $0.sseSpecification = SSESpecification(enabled: true) }
        try await fixture.add(west)
        #expect(
            try await fixture.describe().replicas?.first?.kmsMasterKeyID
                == "arn:aws:kms:us-west-2:123456789012:alias/aws/dynamodb")
        _ = try await fixture.update {
            $0.replicaUpdates = [
                changing(west) {
                    $0.tableClassOverride = .standardInfrequentAccess
                    $0.onDemandThroughputOverride = OnDemandThroughputOverride(maxReadRequestUnits: 77)
                }
            ]
        }
        let shown = try #require(try await fixture.describe().replicas?.first)
        #expect(shown.replicaTableClassSummary?.tableClass == .standardInfrequentAccess)
        #expect(shown.onDemandThroughputOverride?.maxReadRequestUnits == 77)
        #expect(try await fixture.describe().tableClassSummary == nil)
        #expect(try await fixture.describe(west).onDemandThroughput?.maxReadRequestUnits == 77)
        _ = try await fixture.update { $0.tableClass = .standardInfrequentAccess }
        #expect(
            await fixture.refusal { $0.replicaUpdates = [changing(west) { $0.tableClassOverride = .standard }] } == nil)
        #expect(
            await fixture.refusal { $0.replicaUpdates = [changing(west) { $0.tableClassOverride = .standard }] }
                == "LimitExceededException: Limit exceeded for replica in us-west-2. Updates to TableClass are limited "
                + "to 2 times in 30 day(s)")
    }

    @Test func `auto scaling is told for all replicas and set for each`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        let (service, context) = (fixture.service, fixture.context(east))
        let policy = AutoScalingPolicyUpdate(
            targetTrackingScalingPolicyConfiguration: AutoScalingTargetTrackingScalingPolicyConfigurationUpdate(
                targetValue: 70))
        let settings = AutoScalingSettingsUpdate(minimumUnits: 1, maximumUnits: 10, scalingPolicyUpdate: policy)
        var input = UpdateTableReplicaAutoScalingInput(
            tableName: GlobalFixture.table, provisionedWriteCapacityAutoScalingUpdate: settings)
        let payPerRequest = await wording { () throws(ServiceError) in
            try await service.updateTableReplicaAutoScaling(input, context)
        }
        #expect(
            payPerRequest
                == "Failed to update global table with name ‘orders‘. Replicas 'US-EAST-1', 'US-WEST-2' BillingMode is "
                + "PayPerRequest. You must convert table's BillingMode to PROVISIONED to set parameters: "
                + "'GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate'.")
        _ = try await fixture.update {
            $0.billingMode = .provisioned
            $0.provisionedThroughput = units(5, 5)
        }
        input.replicaUpdates = [
            ReplicaAutoScalingUpdate(
                regionName: west, replicaProvisionedReadCapacityAutoScalingUpdate: settings)
        ]
        _ = try await service.updateTableReplicaAutoScaling(input, context)
        var nothing = settings
        nothing.scalingPolicyUpdate?.targetTrackingScalingPolicyConfiguration.targetValue = 0
        let refusal = await wording { () throws(ServiceError) in
            try await service.updateTableReplicaAutoScaling(
                UpdateTableReplicaAutoScalingInput(
                    tableName: GlobalFixture.table, provisionedWriteCapacityAutoScalingUpdate: nothing), context)
        }
        #expect(
            refusal?.hasPrefix(
                "For target tracking scaling, target value must be between '8.51592E-109' and '1.174271E108', but was "
                    + "'0.0'. (Service: AWSApplicationAutoScaling;") == true)
        let told = try await service.describeTableReplicaAutoScaling(
            DescribeTableReplicaAutoScalingInput(tableName: GlobalFixture.table), fixture.context(west))
        let replicas = try #require(told.tableAutoScalingDescription?.replicas)
        #expect(replicas.map(\.regionName) == [east, west])
        let writes = replicas.map(\.replicaProvisionedWriteCapacityAutoScalingSettings)
        #expect(writes.map { $0?.maximumUnits } == [10, 10])
        #expect(
            writes[0]?.scalingPolicies?.first?.policyName == "DynamoDBWriteCapacityUtilization:table/orders")
        let reads = replicas.map(\.replicaProvisionedReadCapacityAutoScalingSettings)
        #expect(reads.map { $0?.autoScalingDisabled } == [true, nil])
        #expect(reads.map { $0?.minimumUnits } == [nil, 1])
        // Now its writes scale, so that it can have another replica.
        try await fixture.add(north)
        #expect(try await fixture.describe(north).provisionedThroughput?.writeCapacityUnits == 5)
        // An index that is added scales by itself.
        _ = try await fixture.update {
            $0.attributeDefinitions = defined("pk", "a")
            $0.globalSecondaryIndexUpdates = [creation("byA") { $0.provisionedThroughput = units(1, 1) }]
        }
        await fixture.service.jobs.whenIdle()
        let indexes = try await service.describeTableReplicaAutoScaling(
            DescribeTableReplicaAutoScalingInput(tableName: GlobalFixture.table), context
        ).tableAutoScalingDescription?.replicas?.map { $0.globalSecondaryIndexes?.first }
        #expect(indexes?.map { $0?.provisionedWriteCapacityAutoScalingSettings?.maximumUnits } == [10, 10, 10])
    }

    @Test func `auto scaling of what is not there is refused in AWS's words`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        let disabled = AutoScalingSettingsUpdate(autoScalingDisabled: true)
        let reads = ReplicaGlobalSecondaryIndexAutoScalingUpdate(
            indexName: "ghost", provisionedReadCapacityAutoScalingUpdate: disabled)
        let failed = "Failed to update settings for global table with name: ‘orders’ because "
        for (reason, change) in [
            (
                "a replica does not exist in regions: ‘[eu-west-1]’.",
                {
                    $0.replicaUpdates = [
                        ReplicaAutoScalingUpdate(
                            regionName: "eu-west-1", replicaProvisionedReadCapacityAutoScalingUpdate: disabled)
                    ]
                }
            ),
            (
                "the global secondary indexes with names: ‘[ghost]’ do not exist.",
                {
                    $0.globalSecondaryIndexUpdates = [
                        GlobalSecondaryIndexAutoScalingUpdate(
                            indexName: "ghost", provisionedWriteCapacityAutoScalingUpdate: disabled)
                    ]
                }
            ),
            (
                "a global secondary index with name: ‘ghost’ does not exist in region: ‘us-west-2’.",
                {
                    $0.replicaUpdates = [
                        ReplicaAutoScalingUpdate(regionName: west, replicaGlobalSecondaryIndexUpdates: [reads])
                    ]
                }
            ),
        ] as [(String, (inout UpdateTableReplicaAutoScalingInput) -> Void)] {
            var input = UpdateTableReplicaAutoScalingInput(tableName: GlobalFixture.table)
            change(&input)
            let refusal = await refused { () async throws(ServiceError) in
                try await fixture.service.updateTableReplicaAutoScaling(input, fixture.context(east))
            }
            #expect(refusal == ServiceError(code: "ResourceNotFoundException", message: failed + reason))
        }
    }

    // Access

    @Test func `the access is to the table and to the replica`() {
        let fixture = GlobalFixture()
        func actions(_ update: ReplicationGroupUpdate) -> [String] {
            let input = UpdateTableInput(tableName: GlobalFixture.table, replicaUpdates: [update])
            return fixture.service.access(input, fixture.context(east)).map { "\($0.action) \($0.resource)" }
        }
        let own = "dynamodb:UpdateTable arn:aws:dynamodb:us-east-1:123456789012:table/orders"
        let other = "arn:aws:dynamodb:us-west-2:123456789012:table/orders"
        #expect(
            actions(creating(west)) == [own]
                + [
                    "CreateTable", "CreateTableReplica", "Query", "Scan", "UpdateItem", "PutItem", "GetItem",
                    "DeleteItem", "BatchWriteItem",
                ].map { "dynamodb:\($0) \(other)" })
        #expect(actions(changing(west)) == [own, "dynamodb:UpdateTable \(other)"])
        #expect(
            actions(deleting(west))
                == [own, "dynamodb:DeleteTable \(other)", "dynamodb:DeleteTableReplica \(other)"])
    }
}

private func witness(_ region: String) -> GlobalTableWitnessGroupUpdate {
    GlobalTableWitnessGroupUpdate(create: CreateGlobalTableWitnessGroupMemberAction(regionName: region))
}
