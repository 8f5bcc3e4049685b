import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel
import Testing

private let east = GlobalFixture.east
private let west = GlobalFixture.west
private let north = GlobalFixture.north
private let inUse = "ResourceInUseException: The resource which you are attempting to change is in use."
private let added =
    "ValidationException: Create/Update/Delete of replica is not allowed while the replica is being added to table "
    + "with name: ‘orders’ in region: ‘us-west-2’."
private let noTable = "ResourceNotFoundException: Requested resource not found: Table: orders not found"
private let noBackups = "TableNotFoundException: Table not found: orders"

/// What a table and its new replica refuse while the replica is CREATING.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
struct ReplicaCreatingTests {
    @Test func `while a replica is made nothing else is`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        _ = try await fixture.update { $0.replicaUpdates = [creating(west)] }
        #expect(await fixture.refusal { $0.replicaUpdates = [creating(north)] } == inUse)
        #expect(await fixture.refusal { $0.replicaUpdates = [deleting(west)] } == inUse)
        #expect(await fixture.refusal { $0.deletionProtectionEnabled = true } == inUse)
        #expect(await fixture.refusal(west) { $0.deletionProtectionEnabled = true } == noTable)
        #expect(await fixture.refusal(west) { $0.replicaUpdates = [creating(north)] } == added)
        let deletion = await refused { () throws(ServiceError) in try await fixture.delete(west) }
        #expect(
            deletion?.message
                == "Attempt to change a resource which is still in use: Table: orders is being used.")
        try await fixture.settle()
        #expect(await fixture.refusal { $0.deletionProtectionEnabled = true } == nil)
    }

    @Test func `a replica that is being made is not made twice`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create(west)
        _ = try await fixture.update(west) { $0.replicaUpdates = [creating(east)] }
        #expect(
            await fixture.refusal(west) { $0.replicaUpdates = [creating(east)] }
                == "ResourceInUseException: Global table with name: 'orders' already exists with replicas in regions: "
                + "'us-east-1, us-west-2'.")
        try await fixture.settle()
        #expect(
            await fixture.refusal(west) { $0.replicaUpdates = [creating(east)] }?.contains("already existed as tables")
                == true)
    }

    @Test func `time to live is set in all replicas, and so not while one is made`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        _ = try await fixture.update { $0.replicaUpdates = [creating(west)] }
        #expect(await fixture.refusedTimeToLive(east) == added)
        #expect(await fixture.refusedTimeToLive(west) == noTable)
        try await fixture.settle()
        #expect(await fixture.refusedTimeToLive(west) == nil)
    }

    @Test func `a replica that is being made has no settings to read or to write`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        _ = try await fixture.update { $0.replicaUpdates = [creating(west)] }
        let service = fixture.service
        let context = fixture.context(west)
        let table = GlobalFixture.table
        let arn = "arn:aws:dynamodb:us-west-2:123456789012:table/orders"
        let noResource = "ResourceNotFoundException: Requested resource not found: ResourceArn: \(arn) not found"
        let recovery = UpdateContinuousBackupsInput(
            tableName: table, pointInTimeRecoverySpecification: .init(pointInTimeRecoveryEnabled: true))
        func expect(_ isRefused: Bool) async {
            let expiry = await refused { () throws(ServiceError) in
                try await service.describeTimeToLive(DescribeTimeToLiveInput(tableName: table), context)
            }
            #expect(Self.text(expiry) == (isRefused ? noTable : nil))
            let listed = await refused { () throws(ServiceError) in
                try await service.listTagsOfResource(ListTagsOfResourceInput(resourceARN: arn), context)
            }
            #expect(Self.text(listed) == (isRefused ? noResource : nil))
            let tagged = await refused { () throws(ServiceError) in
                try await service.tagResource(
                    TagResourceInput(resourceARN: arn, tags: [.init(key: "a", value: "b")]), context)
            }
            #expect(Self.text(tagged) == (isRefused ? noResource : nil))
            let described = await refused { () throws(ServiceError) in
                try await service.describeContinuousBackups(DescribeContinuousBackupsInput(tableName: table), context)
            }
            #expect(Self.text(described) == (isRefused ? noBackups : nil))
            let updated = await refused { () throws(ServiceError) in
                try await service.updateContinuousBackups(recovery, context)
            }
            #expect(Self.text(updated) == (isRefused ? noBackups : nil))
        }
        await expect(true)
        try await fixture.settle()
        await expect(false)
    }

    private static func text(_ error: ServiceError?) -> String? { error.map { "\($0.code): \($0.message)" } }
}

extension GlobalFixture {
    /// Enables time to live.
    /// - Returns: what that is refused with.
    fileprivate func refusedTimeToLive(_ region: String) async -> String? {
        let input = UpdateTimeToLiveInput(
            tableName: Self.table,
            timeToLiveSpecification: TimeToLiveSpecification(enabled: true, attributeName: "end"))
        let error = await refused { () throws(ServiceError) in
            try await self.service.updateTimeToLive(input, self.context(region))
        }
        return error.map { "\($0.code): \($0.message)" }
    }
}
