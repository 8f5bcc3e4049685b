import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

struct ListTablesTests {
    private static func list(
        _ fixture: TableFixture, limit: Int? = nil, after: String? = nil
    ) async throws -> (names: [String]?, last: String?) {
        let answer = try await fixture.service.listTables(
            ListTablesInput(exclusiveStartTableName: after, limit: limit),
            fixture.context
        )
        return (answer.tableNames, answer.lastEvaluatedTableName)
    }

    @Test func `an account without tables has an empty list`() async throws {
        let answer = try await Self.list(TableFixture())
        #expect(answer.names == [])
        #expect(answer.last == nil)
    }

    @Test func `tables are listed in the order of their names, of this account and region only`() async throws {
        let fixture = TableFixture()
        for name in ["beta", "Alpha", "alpha.1", "alpha", "Zeta"] { try await fixture.create(tableInput(name)) }
        for other in [
            TableFixture.context(account: "123456789013"), TableFixture.context(region: "eu-central-10"),
            TableFixture.context(region: "eu-central"),
        ] {
            try await TableFixture(store: fixture.store, context: other).create(tableInput("foreign"))
        }
        #expect(try await Self.list(fixture).names == ["Alpha", "Zeta", "alpha", "alpha.1", "beta"])
    }

    @Test(arguments: [1, 2, 3, 7, 8, 100])
    func `pages of any size make up the whole list`(_ limit: Int) async throws {
        let fixture = TableFixture()
        let expected = (0..<7).map { "table-\($0)" }
        for name in expected.reversed() { try await fixture.create(tableInput(name)) }
        var names: [String] = []
        var last: String?
        var pageCount = 0
        repeat {
            let page = try await Self.list(fixture, limit: limit, after: last)
            names += page.names ?? []
            last = page.last
            pageCount += 1
        } while last != nil && pageCount < 10
        #expect(names == expected)
        #expect(pageCount == (expected.count + limit - 1) / limit)
    }

    @Test func `without a limit an answer has a hundred names`() async throws {
        let fixture = TableFixture()
        for number in 0..<101 { try await fixture.create(tableInput("table-\(100 + number)")) }
        let page = try await Self.list(fixture)
        #expect(page.names?.count == 100)
        #expect(page.last == "table-199")
        #expect(try await Self.list(fixture, after: page.last).names == ["table-200"])
    }

    @Test func `a list begins behind a name, whether or not there is such a table`() async throws {
        let fixture = TableFixture()
        for name in ["aaa", "ccc"] { try await fixture.create(tableInput(name)) }
        #expect(try await Self.list(fixture, after: "bbb").names == ["ccc"])
        #expect(try await Self.list(fixture, after: "ccc").names == [])
    }

    @Test func `the action is about every table, in AWS's words of a denial too`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(ListTablesInput(), fixture.context)
                == [ResourceAccess(action: "dynamodb:ListTables", resource: tableARN("*"))]
        )
    }
}
