import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Policy
import ServiceKit
import ServiceModel
import Testing

private let arn = tableARN("table")
private let anaARN = "arn:aws:iam::123456789012:user/ana"

/// What the policies of a user do to its requests, with and beside the policies of tables.
struct IdentityPolicyTests {
    private func ana(_ statements: String...) throws -> RequestContext {
        let text = "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}"
        let plain = TableFixture.userContext("ana")
        let principal = plain.principal.with(policies: UserPolicies([try PolicyDocument(text, .identity)]))
        return RequestContext(
            requestID: plain.requestID, principal: principal, region: plain.region, time: plain.time,
            sourceAddress: plain.sourceAddress, isTLS: plain.isTLS, userAgent: plain.userAgent)
    }

    private func statement(_ effect: String, _ action: String, _ resource: String = arn, condition: String = "{}")
        -> String
    {
        "{\"Effect\":\"\(effect)\",\"Action\":\"\(action)\",\"Resource\":\"\(resource)\","
            + "\"Condition\":\(condition)}"
    }

    private func ask(
        _ fixture: TableFixture, _ operation: String, _ input: any ReadableShape, as context: RequestContext
    ) async -> String? {
        do throws(ServiceError) {
            _ = try await fixture.ask(operation, input, as: context)
            return nil
        } catch {
            return "\(error.code): \(error.message)"
        }
    }

    private func get(
        _ fixture: TableFixture, as context: RequestContext, key: String = "a", table: String = "table"
    ) async -> String? {
        let input = GetItemInput(tableName: table, key: item([("pk", .s(key))]))
        return await self.ask(fixture, "GetItem", input, as: context)
    }

    private func sentence(_ action: String, _ resource: String, _ reason: String) -> String {
        "AccessDeniedException: User: \(anaARN) is not authorized to perform: dynamodb:\(action) on resource: "
            + "\(resource) \(reason)"
    }

    private func noPolicy(_ action: String, _ resource: String = arn) -> String {
        self.sentence(action, resource, "because no identity-based policy allows the dynamodb:\(action) action")
    }

    @Test func `a user with policies may do what they allow, and nothing else`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.create(tableInput("other"))
        let ana = try self.ana(self.statement("Allow", "dynamodb:Get*"))
        #expect(await self.get(fixture, as: ana) == nil)
        #expect(await self.get(fixture, as: ana, table: "other") == self.noPolicy("GetItem", tableARN("other")))
        #expect(await self.ask(fixture, "Scan", ScanInput(tableName: "table"), as: ana) == self.noPolicy("Scan"))
        #expect(
            await self.ask(fixture, "ListTables", ListTablesInput(), as: ana)
                == self.noPolicy("ListTables", tableARN("*")))
        // A table that is not there is told to whoever may know it.
        #expect(await self.get(fixture, as: ana, table: "missing") == self.noPolicy("GetItem", tableARN("missing")))
        let everywhere = try self.ana(self.statement("Allow", "dynamodb:*", "*"))
        let missing = await self.get(fixture, as: everywhere, table: "missing")
        #expect(missing?.hasPrefix("ResourceNotFoundException") == true)
    }

    @Test func `an explicit deny of the user's wins over the table's allow, and the table's over the user's`()
        async throws
    {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.putPolicy(arn, tablePolicy("Allow", "dynamodb:GetItem", principal: anaARN))
        let denied = try self.ana(self.statement("Deny", "dynamodb:GetItem"), self.statement("Allow", "*", "*"))
        #expect(
            await self.get(fixture, as: denied)
                == self.sentence("GetItem", arn, "with an explicit deny in an identity-based policy"))
        try await fixture.putPolicy(arn, tablePolicy("Deny", "dynamodb:GetItem", principal: anaARN))
        #expect(
            await self.get(fixture, as: try self.ana(self.statement("Allow", "*", "*")))
                == self.sentence("GetItem", arn, "with an explicit deny in a resource-based policy"))
    }

    @Test func `a table's policy allows whom it names, and leaves the account's users to their own`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let ana = try self.ana(self.statement("Allow", "dynamodb:Scan"))
        #expect(await self.get(fixture, as: ana) == self.noPolicy("GetItem"))
        try await fixture.putPolicy(arn, tablePolicy("Allow", "dynamodb:GetItem", principal: rootARN))
        #expect(await self.get(fixture, as: ana) == self.noPolicy("GetItem"))
        try await fixture.putPolicy(arn, tablePolicy("Allow", "dynamodb:GetItem", principal: anaARN))
        #expect(await self.get(fixture, as: ana) == nil)
    }

    @Test func `conditions see the items, also through the user's name, and tables without a policy`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let own = #"{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}"#
        let ana = try self.ana(self.statement("Allow", "dynamodb:*Item", condition: own))
        #expect(await self.get(fixture, as: ana, key: "ana") == nil)
        #expect(await self.get(fixture, as: ana, key: "bob") == self.noPolicy("GetItem"))
        let put = PutItemInput(tableName: "table", item: item([("pk", .s("bob"))]))
        #expect(await self.ask(fixture, "PutItem", put, as: ana) == self.noPolicy("PutItem"))
        // Of the first version of the language the variable is its own text.
        let text =
            "{\"Statement\":\(self.statement("Allow", "dynamodb:*", condition: own))}"
        let principal = ana.principal.with(policies: UserPolicies([try PolicyDocument(text, .identity)]))
        let first = RequestContext(
            requestID: ana.requestID, principal: principal, region: ana.region, time: ana.time,
            sourceAddress: ana.sourceAddress, isTLS: ana.isTLS, userAgent: ana.userAgent)
        #expect(await self.get(fixture, as: first, key: "ana") == self.noPolicy("GetItem"))
    }

    @Test func `every action on every table of a request must be allowed`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.create(tableInput("other"))
        let ana = try self.ana(self.statement("Allow", "dynamodb:*"), self.statement("Allow", "dynamodb:PutItem", "*"))
        let thing = item([("pk", .s("a"))])
        func write(_ second: TransactWriteItem) -> TransactWriteItemsInput {
            TransactWriteItemsInput(transactItems: [
                TransactWriteItem(delete: Delete(key: thing, tableName: "table")), second,
            ])
        }
        let puts = write(TransactWriteItem(put: Put(item: thing, tableName: "other")))
        #expect(await self.ask(fixture, "TransactWriteItems", puts, as: ana) == nil)
        let deletes = write(TransactWriteItem(delete: Delete(key: thing, tableName: "other")))
        #expect(
            await self.ask(fixture, "TransactWriteItems", deletes, as: ana)
                == self.noPolicy("DeleteItem", tableARN("other")))
    }

    @Test func `the tags of a table can be asked for`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.tags = [Tag(key: "team", value: "a")] })
        func ana(_ team: String) throws -> RequestContext {
            let condition = "{\"StringEquals\":{\"aws:ResourceTag/team\":\"\(team)\"}}"
            return try self.ana(self.statement("Allow", "dynamodb:GetItem", "*", condition: condition))
        }
        #expect(await self.get(fixture, as: try ana("a")) == nil)
        #expect(await self.get(fixture, as: try ana("b")) == self.noPolicy("GetItem"))
    }
}
