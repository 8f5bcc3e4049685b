import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel
import Testing

private let arn = tableARN("table")
private let allow = tablePolicy("Allow", "dynamodb:GetItem", principal: rootARN)

struct DeleteResourcePolicyTests {
    @Test func `a removal answers with what it removed, and the next with nothing`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        #expect(try await fixture.deletePolicy(arn) == nil)
        let revision = try await fixture.putPolicy(arn, allow)
        fixture.clock.advance(milliseconds: 10)
        #expect(try await fixture.deletePolicy(arn) == revision)
        await #expect(throws: ServiceError.self) { try await fixture.policy(arn) }
        #expect(try await fixture.deletePolicy(arn) == nil)
        #expect(try await fixture.deletePolicy(arn) == nil)
        #expect(try await fixture.putPolicy(arn, allow, expecting: "NO_POLICY") == "1795496430134")
    }

    @Test func `an expected revision must be the present one`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        for expected in ["12", "13"] {
            let refusal = await #expect(throws: ServiceError.self) {
                try await fixture.deletePolicy(arn, expecting: expected)
            }
            #expect(refusal?.code == "PolicyNotFoundException")
        }
        let revision = try await fixture.putPolicy(arn, allow)
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.deletePolicy(arn, expecting: "12") }
        #expect(
            refusal?.message == "Resource-based policy not found for the provided ResourceArn: Requested update for "
                + "policy with revision id 12, but the policy associated to target table table has revision id "
                + "\(revision ?? "")."
        )
        #expect(try await fixture.deletePolicy(arn, expecting: revision) == revision)
    }

    @Test(arguments: RefusedARN.forPolicies)
    func `an ARN that names no table of the caller's is refused`(_ refused: RefusedARN) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.deletePolicy(refused.arn) }
        #expect(refusal?.code == refused.code)
        #expect(refusal?.message == refused.message)
    }

    @Test func `the access is to the resource that is named`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(DeleteResourcePolicyInput(resourceARN: arn), fixture.context)
                == [ResourceAccess(action: "dynamodb:DeleteResourcePolicy", resource: arn)]
        )
    }
}
