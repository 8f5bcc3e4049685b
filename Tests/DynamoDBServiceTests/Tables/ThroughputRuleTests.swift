import DynamoDBModel
import Primitives
import Testing

private let invalid = "One or more parameter values were invalid: "
private let guide =
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
    + "#on-demand-capacity-mode-initial"

private func provisioned(_ change: (inout CreateTableInput) -> Void = { _ in }) -> CreateTableInput {
    tableInput {
        $0.billingMode = .provisioned
        $0.provisionedThroughput = units(5, 6)
        change(&$0)
    }
}

/// What CreateTable demands of capacity.
struct ThroughputRuleTests {
    @Test(
        arguments: [
            (
                tableInput { $0.provisionedThroughput = units(1, 1) },
                invalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                    + "PAY_PER_REQUEST"
            ),
            (
                tableInput { $0.billingMode = nil },
                invalid
                    + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
            ),
            (
                provisioned { $0.provisionedThroughput = nil },
                invalid
                    + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
            ),
            (
                provisioned { $0.provisionedThroughput = units(1_000_000_000_001, 1) },
                "Given value 1000000000001 for ReadCapacityUnits is out of bounds"
            ),
            (
                provisioned { $0.provisionedThroughput = units(1, 1_000_000_000_001) },
                "Given value 1000000000001 for WriteCapacityUnits is out of bounds"
            ),
            (
                provisioned { $0.globalSecondaryIndexes = [globalIndex("one", [hash("pk")])] },
                invalid + "ProvisionedThroughput is not specified for index: one"
            ),
            (
                tableInput {
                    $0.globalSecondaryIndexes = [globalIndex("one", [hash("pk")], throughput: units(1, 1))]
                },
                invalid + "ProvisionedThroughput should not be specified for index: one when BillingMode is "
                    + "PAY_PER_REQUEST"
            ),
            (
                provisioned { $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 1) },
                invalid + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is "
                    + "PROVISIONED."
            ),
            (
                tableInput {
                    $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 1, maxWriteRequestUnits: 0)
                },
                invalid + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range"
            ),
            (
                tableInput { $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 11_999) },
                invalid + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput "
                    + "for OnDemand. See: \(guide)"
            ),
            (
                provisioned { $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 5, writeUnitsPerSecond: 5) },
                invalid + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than WriteCapacityUnits "
                    + "of ProvisionedThroughput"
            ),
        ] as [(CreateTableInput, String)])
    func `capacity fits the way of payment`(_ input: CreateTableInput, _ sentence: String) async {
        #expect(await TableFixture().refusal(input) == sentence)
    }

    @Test(
        arguments: [
            (
                OnDemandThroughput(maxReadRequestUnits: -1), nil,
                "Requested MaxReadRequestUnits for OnDemandThroughput for index : one is outside of valid range"
            ),
            (
                nil, WarmThroughput(writeUnitsPerSecond: 3999),
                "Requested WriteUnitsPerSecond for WarmThroughput for index one is lower than initial throughput for "
                    + "OnDemand. See: \(guide)"
            ),
        ] as [(OnDemandThroughput?, WarmThroughput?, String)])
    func `the same holds for an index`(
        _ onDemand: OnDemandThroughput?, _ warm: WarmThroughput?, _ detail: String
    ) async {
        let input = tableInput {
            var index = globalIndex("one", [hash("pk")])
            index.onDemandThroughput = onDemand
            index.warmThroughput = warm
            $0.globalSecondaryIndexes = [index]
        }
        #expect(await TableFixture().refusal(input) == invalid + detail)
    }

    @Test func `an index's bound of a provisioned table is refused by name`() async {
        let input = provisioned {
            var index = globalIndex("one", [hash("pk")], throughput: units(1, 1))
            index.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 1)
            $0.globalSecondaryIndexes = [index]
        }
        #expect(
            await TableFixture().refusal(input)
                == invalid + "MaxReadRequestUnits for OnDemandThroughput for index: one cannot be specified when table "
                + "BillingMode is PROVISIONED."
        )
    }

    @Test func `provisioned capacity is shown, and what it warms`() async throws {
        let fixture = TableFixture()
        try await fixture.create(
            provisioned { $0.globalSecondaryIndexes = [globalIndex("one", [hash("pk")], throughput: units(2, 3))] }
        )
        let table = try #require(try await fixture.describe("table"))
        #expect(table.billingModeSummary == nil)
        #expect(table.provisionedThroughput?.readCapacityUnits == 5)
        #expect(table.provisionedThroughput?.writeCapacityUnits == 6)
        #expect(table.provisionedThroughput?.numberOfDecreasesToday == 0)
        #expect(table.warmThroughput?.readUnitsPerSecond == 5)
        #expect(table.warmThroughput?.writeUnitsPerSecond == 6)
        let index = try #require(table.globalSecondaryIndexes?.first)
        #expect(index.provisionedThroughput?.readCapacityUnits == 2)
        #expect(index.warmThroughput?.writeUnitsPerSecond == 3)
    }

    @Test func `on-demand capacity is shown as nothing, with what is warm anyway`() async throws {
        let fixture = TableFixture()
        let created = try #require(
            try await fixture.create(
                tableInput {
                    $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 100)
                    $0.globalSecondaryIndexes = [globalIndex("one", [hash("pk")])]
                }
            )
        )
        #expect(created.billingModeSummary?.billingMode == .payPerRequest)
        #expect(created.billingModeSummary?.lastUpdateToPayPerRequestDateTime == nil)
        #expect(created.warmThroughput == nil)
        let table = try #require(try await fixture.describe("table"))
        #expect(table.billingModeSummary?.lastUpdateToPayPerRequestDateTime == fixture.clock.now())
        #expect(table.provisionedThroughput?.readCapacityUnits == 0)
        #expect(table.onDemandThroughput?.maxReadRequestUnits == 100)
        #expect(table.onDemandThroughput?.maxWriteRequestUnits == nil)
        #expect(table.warmThroughput?.readUnitsPerSecond == 12_000)
        #expect(table.warmThroughput?.writeUnitsPerSecond == 4000)
        #expect(table.globalSecondaryIndexes?.first?.warmThroughput?.readUnitsPerSecond == 12_000)
        #expect(table.globalSecondaryIndexes?.first?.provisionedThroughput?.readCapacityUnits == 0)
    }

    @Test func `asked-for warmth is shown, completed with what is warm anyway`() async throws {
        let fixture = TableFixture()
        let created = try await fixture.create(
            tableInput { $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 12_001) }
        )
        #expect(created?.warmThroughput?.status == .updating)
        let table = try await fixture.describe("table")
        #expect(table?.warmThroughput?.readUnitsPerSecond == 12_001)
        #expect(table?.warmThroughput?.writeUnitsPerSecond == 4000)
        #expect(table?.warmThroughput?.status == .active)
    }
}
