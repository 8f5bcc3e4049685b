import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceKit
import ServiceModel
import Testing

private let east = GlobalFixture.east
private let west = GlobalFixture.west

/// Replicas that go, and states that take time.
struct ReplicaRemovalTests {
    @Test func `a replica that is deleted leaves what was written to it`() async throws {
        let fixture = GlobalFixture(isAutomatic: true)
        try await fixture.create()
        try await fixture.add(west)
        for number in 0..<20 { try await fixture.put(west, "\(number)") }
        let answer = try #require(try await fixture.update { $0.replicaUpdates = [deleting(west)] })
        #expect(answer.tableStatus == .updating)
        #expect(answer.replicas?.map(\.replicaStatus) == [.active])
        try await fixture.settle()
        let described = try await fixture.describe()
        #expect(described.tableStatus == .active)
        #expect(described.replicas == nil && described.globalTableVersion == nil)
        #expect(described.streamSpecification?.streamEnabled == true)
        #expect(try await fixture.contents(east).count == 20)
        let gone = await refused { () throws(ServiceError) in try await fixture.put(west, "late") }
        #expect(gone?.code == "ResourceNotFoundException")
        #expect(try await fixture.service.replicationLinks().isEmpty)
        // The region may have one again.
        try await fixture.add(west)
        #expect(try await fixture.contents(west).count == 20)
    }

    @Test func `a table is not deleted while a replica is there that it was the source of for less than a day`()
        async throws
    {
        let fixture = GlobalFixture(isAutomatic: true)
        try await fixture.create()
        try await fixture.add(west)
        let sentence =
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
            + "table in the last 24 hours."
        #expect(await wording { () throws(ServiceError) in try await fixture.delete(east) } == sentence)
        #expect(
            await fixture.refusal(west) { $0.replicaUpdates = [deleting(east)] } == "ValidationException: \(sentence)")
        fixture.clock.advance(milliseconds: 24 * 3_600_000)
        let answer = try #require(try await fixture.delete(east))
        #expect(answer.tableStatus == .deleting)
        try await fixture.settle()
        #expect(try await fixture.describe(west).replicas == nil)
    }

    @Test func `a replica is deleted in its own region, unless it is protected`() async throws {
        let fixture = GlobalFixture(isAutomatic: true)
        try await fixture.create()
        try await fixture.add(west)
        let answer = try await fixture.update(west) { $0.deletionProtectionEnabled = true }
        #expect(answer?.tableStatus == .updating)
        let sentence =
            "Cannot delete table orders in region us-west-2 because it has deletion protection enabled. Disable "
            + "deletion protection first."
        #expect(await wording { () throws(ServiceError) in try await fixture.delete(west) } == sentence)
        #expect(
            await fixture.refusal { $0.replicaUpdates = [deleting(west)] } == "ValidationException: \(sentence)")
        _ = try await fixture.update(west) { $0.deletionProtectionEnabled = false }
        try await fixture.put(west, "last")
        _ = try await fixture.delete(west)
        try await fixture.settle()
        #expect(try await fixture.describe().replicas == nil)
        #expect(try await fixture.get(east, "last") != nil)
    }

    @Test func `a replica that is disassociated stays, with what was written by then`() async throws {
        let fixture = GlobalFixture(isAutomatic: true)
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.put(east, "a")
        let leaving = ReplicationGroupUpdate(
            disassociate: DisassociateReplicationGroupMemberAction(
                regionName: west, disassociationMode: .waitForReplication))
        #expect(await fixture.refusal(west) { $0.replicaUpdates = [leaving] }?.contains("protected") == true)
        _ = try await fixture.update(west) { $0.disassociationProtectionEnabled = false }
        #expect(try await fixture.describe(west).disassociationProtectionEnabled == false)
        #expect(try await fixture.describe(east).disassociationProtectionEnabled == true)
        _ = try await fixture.update(west) { $0.replicaUpdates = [leaving] }
        try await fixture.settle()
        try await fixture.put(east, "b")
        try await fixture.settle()
        #expect(try await fixture.describe(west).replicas == nil)
        #expect(try await fixture.describe(west).tableStatus == .active)
        #expect(try await fixture.describe(east).replicas == nil)
        #expect(Set(try await fixture.contents(west).keys) == ["a"])
    }

    @Test func `states last as long as those of tables`() async throws {
        let fixture = GlobalFixture(transitionMilliseconds: 60_000)
        try await fixture.create()
        fixture.clock.advance(milliseconds: 60_000)
        _ = try await fixture.update { $0.replicaUpdates = [creating(west)] }
        for link in try await fixture.service.replicationLinks() {
            for _ in 0..<5 { try await fixture.service.replicationStep(link, limit: 100) }
        }
        #expect(try await fixture.describe().replicas?.first?.replicaStatus == .creating)
        fixture.clock.advance(milliseconds: 60_000)
        for link in try await fixture.service.replicationLinks() {
            for _ in 0..<5 { try await fixture.service.replicationStep(link, limit: 100) }
        }
        #expect(try await fixture.describe().replicas?.first?.replicaStatus == .active)
        #expect(try await fixture.describe().tableStatus == .active)
    }
}
