import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel
import Testing

private let stamp = "1795496430123"

extension TableFixture {
    fileprivate func set(
        _ action: ContributorInsightsAction, index: String? = nil, _ mode: ContributorInsightsMode? = nil,
        table: String = "table"
    ) async throws(ServiceError) -> UpdateContributorInsightsOutput {
        let input = UpdateContributorInsightsInput(
            tableName: table, indexName: index, contributorInsightsAction: action, contributorInsightsMode: mode)
        return try await self.service.updateContributorInsights(input, self.context)
    }

    fileprivate func insights(
        index: String? = nil, table: String = "table"
    ) async throws(ServiceError) -> DescribeContributorInsightsOutput {
        let input = DescribeContributorInsightsInput(tableName: table, indexName: index)
        return try await self.service.describeContributorInsights(input, self.context)
    }

    /// `table/index` of each summary, and the token.
    fileprivate func list(
        table: String? = nil, max: Int? = nil, token: String? = nil
    ) async throws(ServiceError) -> ([String], String?) {
        let input = ListContributorInsightsInput(tableName: table, nextToken: token, maxResults: max)
        let answer = try await self.service.listContributorInsights(input, self.context)
        let names = (answer.contributorInsightsSummaries ?? []).map { "\($0.tableName ?? "")/\($0.indexName ?? "")" }
        return (names, answer.nextToken)
    }

    /// Tables with a sort key, an index without one and a local index.
    fileprivate static func withTable(_ names: String...) async throws(ServiceError) -> TableFixture {
        let fixture = TableFixture()
        for name in names {
            let input = tableInput(name, defined("pk", "sk", "a", "b"), [hash("pk"), range("sk")]) {
                $0.globalSecondaryIndexes = [globalIndex("one", [hash("a")]), globalIndex("two", [hash("b")])]
                $0.localSecondaryIndexes = [localIndex("local", [hash("pk"), range("a")])]
            }
            try await fixture.create(input)
        }
        return fixture
    }
}

/// UpdateContributorInsights, DescribeContributorInsights and ListContributorInsights.
struct ContributorInsightsTests {
    @Test func `what was never switched on is disabled, and nothing else is said of it`() async throws {
        let fixture = try await TableFixture.withTable("table")
        let answer = try await fixture.insights()
        #expect(answer.tableName == "table")
        #expect(answer.contributorInsightsStatus == .disabled)
        #expect(answer.contributorInsightsRuleList == nil)
        #expect(answer.lastUpdateDateTime == nil)
        #expect(answer.contributorInsightsMode == nil)
        let off = try await fixture.set(.disable)
        #expect(off.contributorInsightsStatus == .disabled)
        #expect(try await fixture.list(table: "table").0 == [])
    }

    @Test func `a table has four rules, with the moment of switching on in their names`() async throws {
        let fixture = try await TableFixture.withTable("table")
        let on = try await fixture.set(.enable, table: tableARN("table"))
        #expect(on.tableName == "table")
        #expect(on.contributorInsightsStatus == .enabling)
        #expect(on.contributorInsightsMode == .accessedAndThrottledKeys)
        let answer = try await TableFixture(store: fixture.store).insights(table: tableARN("table"))
        #expect(answer.contributorInsightsStatus == .enabled)
        #expect(
            answer.contributorInsightsRuleList
                == ["PKC", "SKC", "PKT", "SKT"].map { "DynamoDBContributorInsights-\($0)-table-\(stamp)" }
        )
        #expect(answer.lastUpdateDateTime == Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
    }

    @Test func `an index without a sort key has two, and its name in theirs`() async throws {
        let fixture = try await TableFixture.withTable("table")
        _ = try await fixture.set(.enable, index: "one")
        let answer = try await fixture.insights(index: "one")
        #expect(answer.indexName == "one")
        #expect(
            answer.contributorInsightsRuleList
                == ["PKC", "PKT"].map { "DynamoDBContributorInsights-\($0)-table-one-\(stamp)" }
        )
        #expect(try await fixture.insights().contributorInsightsStatus == .disabled)
    }

    @Test func `a mode is changed by switching on again, and forgotten by switching on without one`() async throws {
        let fixture = try await TableFixture.withTable("table")
        _ = try await fixture.set(.enable)
        #expect(try await fixture.set(.enable).contributorInsightsStatus == .enabled)
        fixture.clock.advance(milliseconds: 1000)
        #expect(try await fixture.set(.enable, .throttledKeys).contributorInsightsStatus == .enabling)
        let throttled = try await fixture.insights()
        #expect(throttled.contributorInsightsMode == .throttledKeys)
        #expect(
            throttled.contributorInsightsRuleList
                == ["PKT", "SKT"].map { "DynamoDBContributorInsights-\($0)-table-\(stamp)" }
        )
        #expect(throttled.lastUpdateDateTime == Timestamp(millisecondsSinceEpoch: 1_795_496_431_123))
        #expect(try await fixture.set(.enable).contributorInsightsMode == .accessedAndThrottledKeys)
        let off = try await fixture.set(.disable, .throttledKeys)
        #expect(off.contributorInsightsStatus == .disabling)
        #expect(off.contributorInsightsMode == .accessedAndThrottledKeys)
        let disabled = try await fixture.insights()
        #expect(disabled.contributorInsightsStatus == .disabled)
        #expect(disabled.contributorInsightsMode == .accessedAndThrottledKeys)
        #expect(disabled.contributorInsightsRuleList == nil)
        _ = try await fixture.set(.enable)
        let rule = try await fixture.insights().contributorInsightsRuleList?.first
        #expect(rule == "DynamoDBContributorInsights-PKC-table-1795496431123")
    }

    @Test(arguments: ["ghost", "local"])
    func `what is no global index of the table is not found`(_ index: String) async throws {
        let fixture = try await TableFixture.withTable("table")
        let refusals = [
            await #expect(throws: ServiceError.self) { _ = try await fixture.set(.enable, index: index) },
            await #expect(throws: ServiceError.self) { _ = try await fixture.insights(index: index) },
        ]
        for refusal in refusals {
            #expect(refusal?.code == "ResourceNotFoundException")
            #expect(
                refusal?.message == "Requested resource not found: Index: \(index) not found for table: table")
        }
    }

    @Test func `without the table there is nothing`() async throws {
        let fixture = TableFixture()
        let refusals = [
            await #expect(throws: ServiceError.self) { _ = try await fixture.set(.enable) },
            await #expect(throws: ServiceError.self) { _ = try await fixture.insights() },
            await #expect(throws: ServiceError.self) { _ = try await fixture.list(table: "table") },
        ]
        for refusal in refusals {
            #expect(refusal?.code == "ResourceNotFoundException")
            #expect(refusal?.message == "Requested resource not found: Table: table not found")
        }
        #expect(try await fixture.list().0 == [])
    }

    @Test(arguments: [1, 2, 3, 100])
    func `the list has what is switched on, page by page, tables before their indexes`(_ max: Int) async throws {
        let fixture = try await TableFixture.withTable("aaa", "bbb", "ccc")
        for (table, index) in [("aaa", "two"), ("ccc", "one"), ("ccc", nil), ("ccc", "two")] {
            _ = try await fixture.set(.enable, index: index, table: table)
        }
        _ = try await fixture.set(.disable, index: "one", table: "ccc")
        for table in [nil, "ccc"] {
            var found: [String] = []
            var token: String?
            repeat {
                let (names, next) = try await fixture.list(table: table, max: max, token: token)
                #expect(names.count <= max)
                found += names
                token = next
            } while token != nil
            #expect(found == (table == nil ? ["aaa/two"] : []) + ["ccc/", "ccc/two"])
        }
    }

    @Test(arguments: ["x", "eA==", "LTEvdGFibGU="])
    func `a token that no answer gave is refused`(_ token: String) async throws {
        let fixture = try await TableFixture.withTable("table")
        let refusal = await #expect(throws: ServiceError.self) { _ = try await fixture.list(token: token) }
        #expect(refusal?.code == "ValidationException")
        let none = await #expect(throws: ServiceError.self) { _ = try await fixture.list(max: 0) }
        #expect(
            none?.message == "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: "
                + "Member must have value greater than or equal to 1"
        )
    }

    @Test func `the access is to the table, or to its index`() {
        let (service, context) = (TableFixture().service, TableFixture.context())
        let update = UpdateContributorInsightsInput(
            tableName: "table", indexName: "one", contributorInsightsAction: .enable)
        #expect(
            service.access(update, context) == [
                ResourceAccess(
                    action: "dynamodb:UpdateContributorInsights", resource: tableARN("table") + "/index/one")
            ]
        )
        #expect(
            service.access(DescribeContributorInsightsInput(tableName: "table"), context)
                == [ResourceAccess(action: "dynamodb:DescribeContributorInsights", resource: tableARN("table"))]
        )
        #expect(
            service.access(ListContributorInsightsInput(), context)
                == [ResourceAccess(action: "dynamodb:ListContributorInsights", resource: "*")]
        )
    }
}
