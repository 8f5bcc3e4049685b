import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceKit
import ServiceModel
import Testing

struct ListExportsTests {
    @Test func `exports come last first, page by page, for 90 days`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        var arns: [String?] = []
        for _ in 0..<3 {
            fixture.clock.advance(milliseconds: 1000)
            arns.append(try await fixture.export()?.exportARN)
        }
        arns.reverse()
        let table = fixture.context.tableARN(named: "items")
        let first = try await fixture.service.listExports(
            ListExportsInput(tableARN: table, maxResults: 2), fixture.context)
        #expect(first.exportSummaries?.map(\.exportARN) == Array(arns.prefix(2)))
        #expect(first.exportSummaries?.first?.exportStatus == .completed)
        #expect(first.exportSummaries?.first?.exportType == .fullExport)
        let rest = try await fixture.service.listExports(
            ListExportsInput(tableARN: table, maxResults: 2, nextToken: first.nextToken), fixture.context)
        #expect(rest.exportSummaries?.map(\.exportARN) == Array(arns.suffix(1)))
        #expect(rest.nextToken == nil)
        #expect(
            try await fixture.service.listExports(ListExportsInput(), fixture.context).exportSummaries?.count == 3)
        fixture.clock.advance(milliseconds: 90 * 86_400_000 + 1)
        #expect(
            try await fixture.service.listExports(ListExportsInput(), fixture.context).exportSummaries?.count == 0)
    }

    @Test func `a table's exports are not those of an earlier one of its name`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        let arn = try given(try await fixture.export()?.exportARN)
        let input = ListExportsInput(tableARN: fixture.context.tableARN(named: "items"))
        #expect(try await fixture.service.listExports(input, fixture.context).exportSummaries?.count == 1)
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
        #expect(try await fixture.service.listExports(input, fixture.context).exportSummaries?.count == 0)
        _ = try await fixture.service.createTable(ItemFixture.plain, fixture.context)
        #expect(try await fixture.service.listExports(input, fixture.context).exportSummaries?.count == 0)
        let described = try await fixture.service.describeExport(DescribeExportInput(exportARN: arn), fixture.context)
        #expect(described.exportDescription?.exportStatus == .completed)
        #expect(described.exportDescription?.exportType == nil)
    }

    @Test func `ten exports are listed unless the request says how many`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        for _ in 0..<11 {
            fixture.clock.advance(milliseconds: 1000)
            _ = try await fixture.export()
        }
        let page = try await fixture.service.listExports(ListExportsInput(), fixture.context)
        #expect(page.exportSummaries?.count == 10)
        let all = try await fixture.service.listExports(ListExportsInput(maxResults: 25), fixture.context)
        #expect(all.exportSummaries?.count == 11)
        let rest = try await fixture.service.listExports(ListExportsInput(nextToken: page.nextToken), fixture.context)
        #expect(rest.exportSummaries?.count == 1)
    }

    @Test func `nothing follows the token of another table, and a token goes with another number`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        for _ in 0..<3 {
            fixture.clock.advance(milliseconds: 1000)
            _ = try await fixture.export()
        }
        let own = fixture.context.tableARN(named: "items")
        let page = try await fixture.service.listExports(
            ListExportsInput(tableARN: own, maxResults: 1), fixture.context)
        let other = ListExportsInput(tableARN: own + "-other", nextToken: page.nextToken)
        #expect(try await fixture.service.listExports(other, fixture.context).exportSummaries?.count == 0)
        let rest = ListExportsInput(tableARN: own, maxResults: 5, nextToken: page.nextToken)
        #expect(try await fixture.service.listExports(rest, fixture.context).exportSummaries?.count == 2)
    }

    @Test(arguments: ["", "zz", "00", String(repeating: "0", count: 112), String(repeating: "f", count: 112)])
    func `a token that is none is refused`(_ token: String) async throws {
        let fixture = try await BackupFixture()
        let sentence = await wording { () async throws(ServiceError) in
            try await fixture.service.listExports(ListExportsInput(nextToken: token), fixture.context)
        }
        #expect(sentence?.contains("Provided nextToken is invalid") == true)
    }

    @Test func `an export that is not there is named`() async throws {
        let fixture = try await BackupFixture()
        let arn = "\(fixture.context.tableARN(named: "items"))/export/01489602797149-73d8d5bc"
        let error = await refused { () async throws(ServiceError) in
            try await fixture.service.describeExport(DescribeExportInput(exportARN: arn), fixture.context)
        }
        #expect(
            error
                == ServiceError(
                    code: "ExportNotFoundException", message: "Export not found: Export not found: \(arn)"))
        for (arn, wanted) in [
            (arn.replacing("eu-central-1", with: "us-east-1"), "Export not found: Invalid export arn"),
            (arn.replacing("123456789012", with: "999999999999"), "Access is denied"),
            (fixture.context.tableARN(named: "items"), "Invalid Export ARN"), ("x", "Invalid Export ARN"),
        ] {
            let error = await refused { () async throws(ServiceError) in
                try await fixture.service.describeExport(DescribeExportInput(exportARN: arn), fixture.context)
            }
            #expect(error?.message == wanted)
        }
    }
}
