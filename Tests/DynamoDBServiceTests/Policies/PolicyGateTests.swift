import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceModel
import Testing

private let arn = tableARN("table")

/// What the policy of a table does to requests.
struct PolicyGateTests {
    private func get(_ fixture: TableFixture, as context: RequestContext, table: String = "table") async -> String? {
        let input = GetItemInput(tableName: table, key: item([("pk", .s("a"))]))
        do throws(ServiceError) {
            _ = try await fixture.ask("GetItem", input, as: context)
            return nil
        } catch {
            return "\(error.code): \(error.message)"
        }
    }

    @Test func `an explicit deny refuses in AWS's words, by name and by ARN`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let ana = TableFixture.userContext("ana")
        #expect(await self.get(fixture, as: ana) == nil)
        try await fixture.putPolicy(
            arn, tablePolicy("Deny", "dynamodb:GetItem", principal: "arn:aws:iam::123456789012:user/ana"))
        let sentence =
            "AccessDeniedException: User: arn:aws:iam::123456789012:user/ana is not authorized to perform: "
            + "dynamodb:GetItem on resource: \(arn) with an explicit deny in a resource-based policy"
        #expect(await self.get(fixture, as: ana) == sentence)
        #expect(await self.get(fixture, as: ana, table: arn) == sentence)
        #expect(await self.get(fixture, as: TableFixture.userContext("bob")) == nil)
        #expect(await self.get(fixture, as: fixture.context) == nil)
        try await fixture.deletePolicy(arn)
        #expect(await self.get(fixture, as: ana) == nil)
    }

    @Test func `a deny holds from the first request of a new process on`() async throws {
        let fixture = TableFixture()
        let deny = tablePolicy("Deny", "dynamodb:*Item", principal: "arn:aws:iam::123456789012:user/ana")
        try await fixture.create(tableInput { $0.resourcePolicy = deny })
        let restarted = TableFixture(store: fixture.store)
        #expect(await self.get(restarted, as: TableFixture.userContext("ana"))?.hasPrefix("AccessDenied") == true)
    }

    @Test func `tables without a policy are as they were beside one that has one`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.create(tableInput("other"))
        try await fixture.putPolicy(arn, tablePolicy("Deny", "dynamodb:GetItem"))
        #expect(await self.get(fixture, as: fixture.context)?.hasPrefix("AccessDenied") == true)
        #expect(await self.get(fixture, as: fixture.context, table: "other") == nil)
        let missing = await self.get(fixture, as: fixture.context, table: "missing")
        #expect(missing?.hasPrefix("ResourceNotFoundException") == true)
    }

    @Test func `conditions are asked with what the request brings, and with the table's tags`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.tags = [Tag(key: "team", value: "red")] })
        let condition =
            #"{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"},"StringEquals":{"aws:ResourceTag/team":"red"},"#
            + #""StringLike":{"aws:username":"a*"},"Bool":{"aws:SecureTransport":"false"}}"#
        try await fixture.putPolicy(arn, tablePolicy("Deny", "dynamodb:GetItem", condition: condition))
        let outside = TableFixture.userContext("ana", address: "192.0.2.1")
        #expect(await self.get(fixture, as: outside) != nil)
        #expect(await self.get(fixture, as: TableFixture.userContext("ana", address: "10.1.2.3")) == nil)
        #expect(await self.get(fixture, as: TableFixture.userContext("bob", address: "192.0.2.1")) == nil)
        try await fixture.tag(arn, [Tag(key: "team", value: "blue")])
        #expect(await self.get(fixture, as: outside) == nil)
    }

    @Test func `an index is denied by its own ARN`() async throws {
        let fixture = TableFixture()
        let table = tableInput("table", defined("pk", "a"), [hash("pk")]) {
            $0.globalSecondaryIndexes = [globalIndex("one", [hash("a")])]
        }
        try await fixture.create(table)
        try await fixture.putPolicy(arn, tablePolicy("Deny", "dynamodb:Scan", resource: arn + "/index/*"))
        _ = try await fixture.ask("Scan", ScanInput(tableName: "table"), as: fixture.context)
        let refusal = await #expect(throws: ServiceError.self) {
            _ = try await fixture.ask("Scan", ScanInput(tableName: "table", indexName: "one"), as: fixture.context)
        }
        #expect(refusal?.code == "AccessDeniedException")
    }

    @Test func `one denied table refuses a whole batch or transaction`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.create(tableInput("other"))
        try await fixture.putPolicy(arn, tablePolicy("Deny", "dynamodb:PutItem"))
        let puts = ["other", "table"].map { TransactWriteItem(put: Put(item: item([("pk", .s("a"))]), tableName: $0)) }
        let refusal = await #expect(throws: ServiceError.self) {
            _ = try await fixture.ask(
                "TransactWriteItems", TransactWriteItemsInput(transactItems: puts), as: fixture.context)
        }
        #expect(refusal?.code == "AccessDeniedException")
        #expect(await self.get(fixture, as: fixture.context, table: "other") == nil)
    }

    @Test func `an account's root removes every policy, and nobody else what is denied to him`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.putPolicy(arn, tablePolicy("Deny", "dynamodb:*"), confirmed: true)
        let input = DeleteResourcePolicyInput(resourceARN: arn)
        let refusal = await #expect(throws: ServiceError.self) {
            _ = try await fixture.ask("DeleteResourcePolicy", input, as: TableFixture.userContext("ana"))
        }
        #expect(refusal?.code == "AccessDeniedException")
        _ = try await fixture.ask("DeleteResourcePolicy", input, as: fixture.context)
        #expect(await self.get(fixture, as: TableFixture.userContext("ana")) == nil)
    }
}
