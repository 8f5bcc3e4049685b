import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

struct DescribeTableTests {
    @Test(arguments: [
        ("", ["have length greater than or equal to 3", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"]),
        ("ab", ["have length greater than or equal to 3"]),
        (String(repeating: "a", count: 256), ["have length less than or equal to 255"]),
        ("bad name!", ["satisfy regular expression pattern: [a-zA-Z0-9_.-]+"]),
    ])
    func `a name that no table can have is refused as the model's constraints are`(
        _ name: String, _ demands: [String]
    ) async {
        let fixture = TableFixture()
        let sentence =
            "\(demands.count) validation error\(demands.count == 1 ? "" : "s") detected: "
            + demands.map { "Value '\(name)' at 'tableName' failed to satisfy constraint: Member must \($0)" }
            .joined(separator: "; ")
        for work in [
            { _ = try await fixture.describe(name) },
            {
                let input = UpdateTableInput(tableName: name, deletionProtectionEnabled: true)
                _ = try await fixture.service.updateTable(input, fixture.context)
            },
        ] as [() async throws -> Void] {
            let refusal = await #expect(throws: ServiceError.self) { try await work() }
            #expect(refusal == ServiceError(code: "ValidationException", message: sentence))
        }
    }

    @Test func `items and index entries are counted`() async throws {
        let fixture = TableFixture()
        try await fixture.create(
            tableInput("table", defined("pk", "a"), [hash("pk")]) {
                $0.globalSecondaryIndexes = [
                    globalIndex("sparse", [hash("a")], Projection(projectionType: .keysOnly))
                ]
            }
        )
        try await fixture.put("table", [("pk", .s("one")), ("x", .s("12345"))])
        try await fixture.put("table", [("pk", .s("two")), ("a", .s("b")), ("x", .s("12345"))])
        let table = try #require(try await fixture.describe("table"))
        #expect(table.tableStatus == .active)
        #expect(table.itemCount == 2)
        // Names and values: pk + three letters and x + five, twice, and a + one.
        #expect(table.tableSizeBytes == 2 * (5 + 6) + 2)
        let index = try #require(table.globalSecondaryIndexes?.first)
        #expect(index.indexStatus == .active)
        #expect(index.itemCount == 1)
        #expect(index.indexSizeBytes == 5 + 2)
    }

    @Test func `a large table's figures are estimated from its first items`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let count = 12_000
        for number in 0..<count {
            try await fixture.put("table", [("pk", .s(String(100_000 + number)))])
        }
        let shown = try #require(try await fixture.describe("table")?.itemCount)
        #expect(shown != 10_000)
        // The hash of a partition is uniform: 10,000 of 12,000 tell the rest to within a few percent.
        #expect((count * 97 / 100...count * 103 / 100).contains(shown))
    }

    @Test func `one large partition is shown as what was counted`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput("table", defined("pk", "sk"), [hash("pk"), range("sk")]))
        for number in 0..<10_100 {
            try await fixture.put("table", [("pk", .s("one")), ("sk", .s(String(100_000 + number)))])
        }
        #expect(try await fixture.describe("table")?.itemCount == 10_000)
    }

    @Test(arguments: ["missing", "arn:aws:dynamodb:eu-central-1:123456789012:table/missing"])
    func `a missing table is named`(_ name: String) async {
        let refusal = await #expect(throws: ServiceError.self) { try await TableFixture().describe(name) }
        #expect(refusal?.code == "ResourceNotFoundException")
        #expect(refusal?.status == 400)
        #expect(refusal?.message == "Requested resource not found: Table: missing not found")
    }

    @Test func `a wrong name is refused before the table is looked for`() async {
        let refusal = await #expect(throws: ServiceError.self) { try await TableFixture().describe("a;") }
        #expect(refusal?.code == "ValidationException")
    }

    @Test func `the access is to the table, as the request names it`() {
        let fixture = TableFixture()
        let arn = "arn:aws:dynamodb:us-east-1:999999999999:table/other"
        #expect(
            fixture.service.access(DescribeTableInput(tableName: arn), fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeTable", resource: arn)]
        )
    }
}
