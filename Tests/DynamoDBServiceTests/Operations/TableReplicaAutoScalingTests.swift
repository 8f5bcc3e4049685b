import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

private let failed = "Failed to update settings for global table with name"
private let policy = AutoScalingPolicyUpdate(
    targetTrackingScalingPolicyConfiguration: AutoScalingTargetTrackingScalingPolicyConfigurationUpdate(
        targetValue: 70))

private func writes(_ settings: AutoScalingSettingsUpdate?) -> UpdateTableReplicaAutoScalingInput {
    UpdateTableReplicaAutoScalingInput(tableName: "table", provisionedWriteCapacityAutoScalingUpdate: settings)
}

/// DescribeTableReplicaAutoScaling and UpdateTableReplicaAutoScaling.
struct TableReplicaAutoScalingTests {
    private let fixture = TableFixture()

    @Test(
        arguments: [
            (writes(nil), "\(failed): ‘table’ because at least one update parameter must be specified."),
            (
                writes(AutoScalingSettingsUpdate()),
                "\(failed): ‘table’: Parameters 'MaximumUnits', 'ScalingPolicyUpdate', 'MinimumUnits' are required "
                    + "unless auto scaling is being disabled."
            ),
            (
                writes(AutoScalingSettingsUpdate(minimumUnits: 1, maximumUnits: 2)),
                "\(failed): ‘table’: Parameters 'ScalingPolicyUpdate' are required unless auto scaling is being disabled."
            ),
            (
                writes(AutoScalingSettingsUpdate(scalingPolicyUpdate: policy)),
                "\(failed): ‘table’: Parameters 'MaximumUnits', 'MinimumUnits' are required unless auto scaling is "
                    + "being disabled."
            ),
            (
                writes(AutoScalingSettingsUpdate(minimumUnits: 1, maximumUnits: 2, autoScalingDisabled: true)),
                "\(failed) ‘table’: Parameters 'MaximumUnits', 'MinimumUnits' must be left blank when disabling auto "
                    + "scaling."
            ),
            (
                UpdateTableReplicaAutoScalingInput(
                    tableName: "table", replicaUpdates: [ReplicaAutoScalingUpdate(regionName: "us-west-2")]),
                "\(failed): ‘table’ because at least one update parameter must be specified for region: ‘us-west-2’."
            ),
            (
                UpdateTableReplicaAutoScalingInput(
                    tableName: "table",
                    replicaUpdates: [
                        ReplicaAutoScalingUpdate(regionName: "us-west-2"),
                        ReplicaAutoScalingUpdate(regionName: "us-west-2"),
                    ]),
                "\(failed): ‘table’ because the regions: ‘[us-west-2]’ were specified more than once."
            ),
        ] as [(UpdateTableReplicaAutoScalingInput, String)])
    func `half a setting is refused before the table is looked for`(
        _ input: UpdateTableReplicaAutoScalingInput, _ sentence: String
    ) async {
        let refusal = await #expect(throws: ServiceError.self) {
            try await self.fixture.service.updateTableReplicaAutoScaling(input, self.fixture.context)
        }
        #expect(refusal?.code == "ValidationException")
        #expect(refusal?.message == sentence)
    }

    @Test(arguments: [
        AutoScalingSettingsUpdate(minimumUnits: 1, maximumUnits: 2, scalingPolicyUpdate: policy),
        AutoScalingSettingsUpdate(autoScalingDisabled: true),
    ])
    func `a table of one region has no replicas to scale`(_ settings: AutoScalingSettingsUpdate) async throws {
        try await self.fixture.create(tableInput())
        let (service, context) = (self.fixture.service, self.fixture.context)
        let refusals = [
            await #expect(throws: ServiceError.self) {
                try await service.updateTableReplicaAutoScaling(writes(settings), context)
            },
            await #expect(throws: ServiceError.self) {
                try await service.describeTableReplicaAutoScaling(
                    DescribeTableReplicaAutoScalingInput(tableName: tableARN("table")), context)
            },
        ]
        for refusal in refusals {
            #expect(refusal?.code == "ResourceNotFoundException")
            #expect(refusal?.message == "Global table with name: 'table' does not exist.")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `very many regions are checked in linear time`() async {
        let updates = (0..<200_000).map { ReplicaAutoScalingUpdate(regionName: "r\($0)") }
        let input = UpdateTableReplicaAutoScalingInput(tableName: "table", replicaUpdates: updates)
        let refusal = await #expect(throws: ServiceError.self) {
            try await self.fixture.service.updateTableReplicaAutoScaling(input, self.fixture.context)
        }
        #expect(refusal?.message.hasSuffix("must be specified for region: ‘r0’.") == true)
    }

    @Test func `the access is to the table`() {
        let access = self.fixture.service.access(writes(nil), self.fixture.context)
        let resource = tableARN("table")
        #expect(access == [ResourceAccess(action: "dynamodb:UpdateTableReplicaAutoScaling", resource: resource)])
        let input = DescribeTableReplicaAutoScalingInput(tableName: "table")
        #expect(
            self.fixture.service.access(input, self.fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeTableReplicaAutoScaling", resource: resource)]
        )
    }
}
