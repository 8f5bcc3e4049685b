import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

private let guide = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."

private func provisioned(
    _ throughput: ProvisionedThroughput, _ name: String = "table", _ change: (inout CreateTableInput) -> Void = { _ in }
) -> CreateTableInput {
    tableInput(name) {
        $0.billingMode = .provisioned
        $0.provisionedThroughput = throughput
        change(&$0)
    }
}

/// What DescribeLimits tells is enforced.
struct CapacityQuotaTests {
    private func refusal(_ tables: TableFixture, _ input: CreateTableInput) async -> String? {
        let error = await refused { () async throws(ServiceError) in try await tables.create(input) }
        if let error { #expect(error.code == "LimitExceededException") }
        return error?.message
    }

    @Test func `a table and each of its indexes have a quota`() async throws {
        let tables = TableFixture()
        #expect(
            await self.refusal(tables, provisioned(units(40_001, 1)))
                == "The requested ReadCapacityUnits, 40001, is above the per table maximum for the account in "
                + "eu-central-1. Per table maximum: 40000. \(guide)")
        let indexed = provisioned(units(1, 1)) {
            $0.globalSecondaryIndexes = [globalIndex("one", [hash("pk")], throughput: units(1, 40_001))]
        }
        #expect(
            await self.refusal(tables, indexed)
                == "The requested WriteCapacityUnits for index one, 40001, is above the per index maximum for the "
                + "account in eu-central-1. Per index maximum: 40000. \(guide)")
        #expect(
            await self.refusal(
                tables, tableInput { $0.onDemandThroughput = OnDemandThroughput(maxWriteRequestUnits: 40_001) })
                == "Subscriber limit exceeded: Requested MaxWriteRequestUnits for OnDemandThroughput for table exceeds "
                + "TableMaxWriteCapacityUnits of the account in region eu-central-1")
        #expect(
            await self.refusal(
                tables, tableInput { $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 40_001) })
                == "Subscriber limit exceeded: Requested ReadUnitsPerSecond for WarmThroughput for table exceeds "
                + "TableMaxReadCapacityUnits of the account in region eu-central-1")
        #expect(await self.refusal(tables, provisioned(units(40_000, 40_000))) == nil)
    }

    @Test func `an account has a quota in each region, and on-demand tables take nothing of it`() async throws {
        let tables = TableFixture()
        try await tables.create(provisioned(units(40_000, 1), "first"))
        try await tables.create(
            provisioned(units(30_000, 1), "second") {
                $0.globalSecondaryIndexes = [globalIndex("one", [hash("pk")], throughput: units(9999, 1))]
            })
        try await tables.create(tableInput("third"))
        #expect(
            await self.refusal(tables, provisioned(units(2, 1), "fourth"))
                == "This request would have caused the ReadCapacityUnits limit to be exceeded for the account in "
                + "eu-central-1. Current ReadCapacityUnits reserved by the account: 79999. Limit: 80000. Requested: 2. "
                + guide)
        try await tables.create(provisioned(units(1, 1), "fourth"))
        func update(_ name: String, _ throughput: ProvisionedThroughput) async throws(ServiceError) {
            _ = try await tables.service.updateTable(
                UpdateTableInput(tableName: name, provisionedThroughput: throughput), tables.context)
        }
        let error = await refused { () async throws(ServiceError) in try await update("fourth", units(2, 5)) }
        #expect(error?.code == "LimitExceededException")
        #expect(error?.message.contains("reserved by the account: 80000. Limit: 80000. Requested: 1. ") == true)
        try await update("fourth", units(1, 5))
        try await update("first", units(30_000, 1))
        try await update("fourth", units(10_001, 5))
        let other = TableFixture(
            store: tables.store, context: TableFixture.context(region: "eu-west-1"), isThrottling: true)
        try await other.create(provisioned(units(40_000, 1)))
    }
}
