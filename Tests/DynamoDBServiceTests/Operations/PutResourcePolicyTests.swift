import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel
import Testing

private let arn = tableARN("table")
private let invalid = "One or more parameter values were invalid: "
private let allow = tablePolicy("Allow", "dynamodb:GetItem", principal: rootARN)
private let other = tablePolicy("Allow", "dynamodb:PutItem", principal: rootARN)
private let notFound = "Resource-based policy not found for the provided ResourceArn: "

struct PutResourcePolicyTests {
    @Test func `a policy gets the moment as its revision, and one of the same meaning changes nothing`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let revision = try await fixture.putPolicy(arn, allow)
        #expect(revision == "1795496430123")
        fixture.clock.advance(milliseconds: 5)
        let same = allow.replacing(rootARN, with: "123456789012").replacing(",", with: " ,\n")
        #expect(try await fixture.putPolicy(arn, same) == revision)
        #expect(try await fixture.putPolicy(arn, other) == "1795496430128")
    }

    @Test func `revisions rise also within one millisecond`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.putPolicy(arn, allow)
        #expect(try await fixture.putPolicy(arn, other) == "1795496430124")
    }

    @Test(arguments: RefusedARN.forPolicies)
    func `an ARN that names no table of the caller's is refused`(_ refused: RefusedARN) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.putPolicy(refused.arn, allow) }
        #expect(refusal?.code == refused.code)
        #expect(refusal?.message == refused.message)
    }

    @Test(
        arguments: [
            ("", invalid + "Invalid policy document: This policy contains invalid Json"),
            ("{}", invalid + "Invalid policy document: Syntax error at position (1,3)"),
            ("null", invalid + "Invalid policy document: This text appears not to be a policy"),
            (
                #"{"Statement":[]}"#,
                invalid + "Invalid policy document: Could not parse the policy: Statement is empty!"
            ),
            (
                tablePolicy("Allow", "dynamodb:GetItem", principal: "nobody"),
                invalid + "Invalid principal in policy document."
            ),
            (
                #"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"dynamodb:GetItem"}]}"#,
                invalid + "Invalid policy document: Missing required field Resource"
            ),
            (
                tablePolicy("Allow", "dynamodb:GetRecords", principal: rootARN),
                invalid + "Invalid policy document: The following action names are invalid: \"dynamodb:GetRecords\""
            ),
            (
                tablePolicy("Allow", "s3:GetObject", principal: rootARN),
                invalid + "Invalid policy document: The following action names are invalid: \"s3:GetObject\""
            ),
            (
                tablePolicy("Allow", "dynamodb:GetItem", principal: rootARN, resource: arn + "/stream/2026"),
                invalid + "Invalid policy document: The relative-id \"table/table/stream/2026\" is invalid for ARN "
                    + "\"\(arn)/stream/2026\""
            ),
            (
                tablePolicy("Allow", "dynamodb:GetItem"),
                "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to "
                    + "ensure least-privilege form of access"
            ),
            (
                tablePolicy(
                    "Allow", "dynamodb:GetItem",
                    condition: #"{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}"#),
                "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to "
                    + "ensure least-privilege form of access"
            ),
        ] as [(String, String)])
    func `what may be no policy of a table is refused`(_ policy: String, _ sentence: String) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.putPolicy(arn, policy) }
        #expect(refusal?.code == "ValidationException")
        #expect(refusal?.message == sentence)
    }

    @Test(arguments: [
        tablePolicy("Allow", "dynamodb:*", principal: rootARN),
        tablePolicy("Allow", "dynamodb:getitem", principal: rootARN, resource: "*"),
        tablePolicy("Allow", "dynamodb:Query", principal: rootARN, resource: tableARN("other/index/*")),
        tablePolicy(
            "Allow", "dynamodb:GetItem", condition: #"{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}"#),
    ])
    func `what AWS takes is taken`(_ policy: String) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.putPolicy(arn, policy)
        #expect(try await fixture.policy(arn).policy == policy)
    }

    @Test func `a policy has 20480 bytes and no more, its spaces included`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let spaces = String(repeating: " ", count: 20_480 - allow.utf8.count)
        try await fixture.putPolicy(arn, allow + spaces)
        let refusal = await #expect(throws: ServiceError.self) {
            try await fixture.putPolicy(arn, allow + spaces + " ")
        }
        #expect(refusal?.code == "ValidationException")
        #expect(refusal?.message == invalid + "Maximum policy size of 20480 bytes exceeded")
    }

    @Test func `an expected revision must be the present one`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        func refusal(_ expected: String) async -> String? {
            let error = await #expect(throws: ServiceError.self) {
                try await fixture.putPolicy(arn, other, expecting: expected)
            }
            #expect(error?.code == "PolicyNotFoundException")
            #expect(error?.status == 400)
            return error?.message
        }
        #expect(
            await refusal("12")
                == notFound
                + "Requested update for policy with revision id 12, but table table has no associated policy."
        )
        let revision = try #require(try await fixture.putPolicy(arn, allow, expecting: "NO_POLICY"))
        #expect(
            await refusal("12") == notFound
                + "Requested update for policy with revision id 12, but the policy associated to target table table "
                + "has revision id \(revision)."
        )
        #expect(
            await refusal("NO_POLICY") == notFound
                + "Requested policy update expecting none to be present for table table, but a policy exists with "
                + "revision id \(revision)."
        )
        try await fixture.putPolicy(arn, other, expecting: revision)
    }

    @Test func `of two writers who expect one revision, one succeeds`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let revision = try await fixture.putPolicy(arn, allow)
        let successes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let policy = tablePolicy("Allow", "dynamodb:GetItem", principal: "00000000000\(number % 10)")
                    return (try? await fixture.putPolicy(arn, policy, expecting: revision)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 1)
    }

    @Test func `whoever would lock himself out must confirm it`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let lockout = tablePolicy("Deny", "dynamodb:PutResourcePolicy")
        for confirmed in [nil, false] {
            let refusal = await #expect(throws: ServiceError.self) {
                try await fixture.putPolicy(arn, lockout, confirmed: confirmed)
            }
            #expect(refusal?.code == "AccessDeniedException")
            #expect(
                refusal?.message
                    == "The new resource policy will not allow you to update the resource policy in the future."
            )
        }
        try await fixture.putPolicy(arn, tablePolicy("Deny", "dynamodb:DeleteResourcePolicy"))
        try await fixture.putPolicy(arn, lockout, confirmed: true)
    }

    @Test func `a stream has a policy of its own`() async throws {
        let fixture = TableFixture()
        try await fixture.create(
            tableInput { $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .newImage) })
        let stream = try #require(try await fixture.describe("table")?.latestStreamARN)
        let policy = tablePolicy("Allow", "dynamodb:GetRecords", principal: rootARN, resource: stream)
        try await fixture.putPolicy(stream, policy)
        #expect(try await fixture.policy(stream).policy == policy)
        await #expect(throws: ServiceError.self) { try await fixture.policy(arn) }
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.putPolicy(stream, allow) }
        #expect(
            refusal?.message == invalid
                + "Invalid policy document: The following action names are invalid: \"dynamodb:GetItem\""
        )
        let gone = await #expect(throws: ServiceError.self) {
            try await fixture.putPolicy(arn + "/stream/2000-01-01T00:00:00.000", policy)
        }
        #expect(gone?.code == "ResourceNotFoundException")
        #expect(
            gone?.message
                == "Requested resource not found: Stream: 2000-01-01T00:00:00.000 not found for Table: table"
        )
    }

    @Test func `the access is to the resource that is named`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(PutResourcePolicyInput(resourceARN: arn, policy: "{}"), fixture.context)
                == [ResourceAccess(action: "dynamodb:PutResourcePolicy", resource: arn)]
        )
    }
}
