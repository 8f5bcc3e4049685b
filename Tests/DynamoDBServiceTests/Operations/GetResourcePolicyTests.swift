import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

private let arn = tableARN("table")

struct GetResourcePolicyTests {
    @Test func `a policy is shown in IAM's normal form, and outlives the service`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let normal = tablePolicy("Allow", "dynamodb:GetItem", principal: rootARN)
        let revision = try await fixture.putPolicy(
            arn, normal.replacing("\(rootARN)", with: "123456789012").replacing(":{", with: ": {\n"))
        for service in [fixture, TableFixture(store: fixture.store)] {
            let answer = try await service.policy(arn)
            #expect(answer.policy == normal)
            #expect(answer.revisionID == revision)
        }
    }

    @Test func `a policy without a version is shown with the one it means, and is another than that`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let plain = tablePolicy("Allow", "dynamodb:GetItem", principal: rootARN)
            .replacing("\"Version\":\"2012-10-17\",", with: "")
        let first = try await fixture.putPolicy(arn, plain)
        let shown = try #require(try await fixture.policy(arn).policy)
        #expect(shown.hasPrefix(#"{"Version":"2008-10-17","Statement":"#))
        #expect(try await fixture.putPolicy(arn, plain) == first)
        #expect(try await fixture.putPolicy(arn, shown) != first)
    }

    @Test func `where there is no policy the answer says so`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.policy(arn) }
        #expect(refusal?.code == "PolicyNotFoundException")
        #expect(refusal?.message == "Resource-based policy not found for the provided ResourceArn: \(arn)")
    }

    @Test func `a table may be created with its policy, which goes with it`() async throws {
        let fixture = TableFixture()
        let policy = tablePolicy("Allow", "dynamodb:GetItem", principal: rootARN)
        let input = tableInput { $0.resourcePolicy = policy }
        try await fixture.create(input)
        #expect(try await fixture.policy(arn).policy == policy)
        #expect(try await fixture.policy(arn).revisionID == "1795496430123")
        #expect(
            fixture.service.access(input, fixture.context).map(\.action)
                == ["dynamodb:CreateTable", "dynamodb:PutResourcePolicy"]
        )
        try await fixture.delete("table")
        try await fixture.create(tableInput())
        await #expect(throws: ServiceError.self) { try await fixture.policy(arn) }
    }

    @Test func `a table is not created with what is no policy`() async {
        let sentence =
            "One or more parameter values were invalid: Invalid policy document: Syntax error at position (1,3)"
        #expect(await TableFixture().refusal(tableInput { $0.resourcePolicy = "{}" }) == sentence)
    }

    @Test(arguments: RefusedARN.forPolicies)
    func `an ARN that names no table of the caller's is refused`(_ refused: RefusedARN) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.policy(refused.arn) }
        #expect(refusal?.code == refused.code)
        #expect(refusal?.message == refused.message)
    }

    @Test func `the access is to the resource that is named`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(GetResourcePolicyInput(resourceARN: arn), fixture.context)
                == [ResourceAccess(action: "dynamodb:GetResourcePolicy", resource: arn)]
        )
    }
}
