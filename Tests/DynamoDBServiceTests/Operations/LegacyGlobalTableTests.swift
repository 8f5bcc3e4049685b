import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

private let invalid = "One or more parameter values were invalid: "
private let unsupported =
    invalid + "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables "
    + "version 2019.11.21, instead of version 2017.11.29 (Legacy)."

/// CreateGlobalTable, UpdateGlobalTable, DescribeGlobalTable, ListGlobalTables, and those on settings.
struct LegacyGlobalTableTests {
    private let fixture = TableFixture()

    @Test(
        arguments: [
            ([Replica(regionName: "eu-central-1")], unsupported),
            ([], invalid + "Global table must have atleast one replica"),
            ([Replica()], invalid + "ReplicationGroup members must specify RegionName"),
        ] as [([Replica], String)])
    func `no global table of the old version is made`(_ group: [Replica], _ sentence: String) async throws {
        try await self.fixture.create(tableInput())
        let input = CreateGlobalTableInput(globalTableName: "table", replicationGroup: group)
        let refusal = await #expect(throws: ServiceError.self) {
            try await self.fixture.service.createGlobalTable(input, self.fixture.context)
        }
        #expect(refusal?.code == "ValidationException")
        #expect(refusal?.message == sentence)
    }

    @Test(arguments: [
        ("ab", "TableName must be at least 3 characters long and at most 255 characters long"),
        (
            "a b",
            "1 validation error detected: Value 'a b' at 'globalTableName' failed to satisfy constraint: Member "
                + "must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        ),
    ])
    func `a name that no table can have is refused`(_ name: String, _ sentence: String) async {
        let (service, context) = (self.fixture.service, self.fixture.context)
        let table = await #expect(throws: ServiceError.self) {
            try await service.describeGlobalTable(DescribeGlobalTableInput(globalTableName: name), context)
        }
        let settings = await #expect(throws: ServiceError.self) {
            try await service.describeGlobalTableSettings(
                DescribeGlobalTableSettingsInput(globalTableName: name), context)
        }
        #expect(table?.message == sentence && settings?.message == sentence)
    }

    @Test func `in a region that never had them the regions are named that did`() async {
        let context = TableFixture.context(region: "ap-south-1")
        let input = CreateGlobalTableInput(
            globalTableName: "table", replicationGroup: [Replica(regionName: "ap-south-1")])
        let refusal = await #expect(throws: ServiceError.self) {
            try await self.fixture.service.createGlobalTable(input, context)
        }
        #expect(
            refusal?.message == invalid
                + "DynamoDB global tables version 2017.11.29 is not supported in this region 'ap-south-1', supported "
                + "regions are : [eu-west-2, eu-west-1, ap-southeast-1, ap-southeast-2, ap-northeast-2, eu-central-1, "
                + "ap-northeast-1, us-east-1, us-east-2, us-west-1, us-west-2]"
        )
    }

    @Test(
        arguments: [
            ([], "ValidationException", "One or more parameter values were invalid"),
            ([ReplicaUpdate()], "ValidationException", "One or more parameter values were invalid"),
            (
                [
                    ReplicaUpdate(
                        create: CreateReplicaAction(regionName: "us-east-1"),
                        delete: DeleteReplicaAction(regionName: "us-east-2"))
                ], "ValidationException",
                invalid + "A ReplicaUpdate structure cannot contain both a create replica action and a delete replica "
                    + "action"
            ),
            (
                [ReplicaUpdate(create: CreateReplicaAction(regionName: "us-east-1"))], "ValidationException",
                unsupported
            ),
            (
                [ReplicaUpdate(delete: DeleteReplicaAction(regionName: "us-east-1"))], "GlobalTableNotFoundException",
                "Global table not found: Global table with name: 'table' does not exist."
            ),
        ] as [([ReplicaUpdate], String, String)])
    func `none is changed`(_ updates: [ReplicaUpdate], _ code: String, _ sentence: String) async throws {
        try await self.fixture.create(tableInput())
        let input = UpdateGlobalTableInput(globalTableName: "table", replicaUpdates: updates)
        let refusal = await #expect(throws: ServiceError.self) {
            try await self.fixture.service.updateGlobalTable(input, self.fixture.context)
        }
        #expect(refusal?.code == code)
        #expect(refusal?.message == sentence)
    }

    @Test func `none is found, a table of one region the less`() async throws {
        try await self.fixture.create(tableInput())
        let service = self.fixture.service
        let context = self.fixture.context
        let table = await #expect(throws: ServiceError.self) {
            try await service.describeGlobalTable(DescribeGlobalTableInput(globalTableName: "table"), context)
        }
        #expect(table?.code == "GlobalTableNotFoundException")
        #expect(table?.message == "Global table not found: Global table with name: 'table' does not exist.")
        let settings = [
            await #expect(throws: ServiceError.self) {
                try await service.describeGlobalTableSettings(
                    DescribeGlobalTableSettingsInput(globalTableName: "table"), context)
            },
            await #expect(throws: ServiceError.self) {
                try await service.updateGlobalTableSettings(
                    UpdateGlobalTableSettingsInput(globalTableName: "table"), context)
            },
        ]
        for refusal in settings {
            #expect(refusal?.code == "GlobalTableNotFoundException")
            #expect(refusal?.message == "Global table with name: 'table' does not exist.")
        }
    }

    @Test func `the list is empty, and a region that can be none is refused`() async throws {
        let service = self.fixture.service
        let all = try await service.listGlobalTables(ListGlobalTablesInput(), self.fixture.context)
        #expect(all.globalTables?.isEmpty == true)
        #expect(all.lastEvaluatedGlobalTableName == nil)
        let refusal = await #expect(throws: ServiceError.self) {
            try await service.listGlobalTables(ListGlobalTablesInput(regionName: "Nowhere!"), self.fixture.context)
        }
        #expect(refusal?.code == "ValidationException")
    }

    @Test func `the access is to the global table, and to the table where it would change`() {
        let arn = "arn:aws:dynamodb::123456789012:global-table/table"
        let create = CreateGlobalTableInput(globalTableName: "table", replicationGroup: [])
        #expect(
            self.fixture.service.access(create, self.fixture.context).map(\.resource) == [arn, tableARN("table")])
        let describe = DescribeGlobalTableInput(globalTableName: "table")
        #expect(
            self.fixture.service.access(describe, self.fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeGlobalTable", resource: arn)]
        )
    }
}
