import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

private let invalid = "ValidationException: One or more parameter values were invalid: "
private let guide = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."

struct UpdateTableCapacityTests {
    @Test func `throughput changes, and the answer shows what it was`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.provisioned)
        let answer = try await fixture.update { $0.provisionedThroughput = units(20, 15) }
        #expect(answer.tableStatus == .updating)
        #expect(answer.provisionedThroughput?.readCapacityUnits == 10)
        #expect(answer.provisionedThroughput?.lastIncreaseDateTime == fixture.tables.clock.now())
        let table = try await fixture.described()
        #expect(table.tableStatus == .active)
        #expect(table.provisionedThroughput?.readCapacityUnits == 20)
        #expect(table.provisionedThroughput?.writeCapacityUnits == 15)
        #expect(table.provisionedThroughput?.lastDecreaseDateTime == nil)
        #expect(table.warmThroughput?.readUnitsPerSecond == 20)
        let decrease = try await fixture.update { $0.provisionedThroughput = units(20, 1) }
        #expect(decrease.provisionedThroughput?.numberOfDecreasesToday == 0)
        #expect(decrease.provisionedThroughput?.lastDecreaseDateTime == fixture.tables.clock.now())
        #expect(try await fixture.described().provisionedThroughput?.numberOfDecreasesToday == 1)
        // What a table once had, it stays prepared for.
        #expect(try await fixture.described().warmThroughput?.writeUnitsPerSecond == 15)
    }

    @Test func `the same values are refused`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.indexed)
        let sentence =
            "ValidationException: The provisioned throughput for the table will not change. The requested value "
            + "equals the current value. Current ReadCapacityUnits provisioned for the table: 10. Requested "
            + "ReadCapacityUnits: 10. Current WriteCapacityUnits provisioned for the table: 10. Requested "
            + "WriteCapacityUnits: 10. \(guide)"
        #expect(await fixture.refusal { $0.provisionedThroughput = units(10, 10) } == sentence)
        #expect(
            await fixture.refusal {
                $0.billingMode = .provisioned
                $0.provisionedThroughput = units(10, 10)
            } == sentence)
        #expect(
            await fixture.refusal {
                $0.globalSecondaryIndexUpdates = [change("one") { $0.provisionedThroughput = units(5, 5) }]
            } == "ValidationException: The provisioned throughput for the index one will not change. The requested "
                + "value equals the current value. Current ReadCapacityUnits provisioned for index one: 5. Requested "
                + "ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for index one: 5. Requested "
                + "WriteCapacityUnits: 5. \(guide)")
    }

    @Test func `a table becomes on-demand four times a day`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.provisioned)
        let clock = fixture.tables.clock
        for _ in 1...4 {
            clock.advance(milliseconds: 1000)
            try await fixture.update { $0.billingMode = .payPerRequest }
            try await fixture.update {
                $0.billingMode = .provisioned
                $0.provisionedThroughput = units(10, 10)
            }
        }
        let refusal = try #require(await fixture.refusal { $0.billingMode = .payPerRequest })
        #expect(
            refusal.hasPrefix(
                "LimitExceededException: Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 "
                    + "times in 1 day(s). Last update at "))
        // The window moves: once the first switch is a day old, there may be another, and no second one.
        clock.advance(milliseconds: 86_400_000 - 3_000)
        try await fixture.update { $0.billingMode = .payPerRequest }
        try await fixture.update {
            $0.billingMode = .provisioned
            $0.provisionedThroughput = units(10, 10)
        }
        #expect(await fixture.refusal { $0.billingMode = .payPerRequest } != nil)
    }

    @Test func `four decreases a day are free, and one an hour follows`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.provisioned)
        let clock = fixture.tables.clock
        for number in 1...4 {
            clock.advance(milliseconds: 1000)
            try await fixture.update { $0.provisionedThroughput = units(10 - number, 10) }
        }
        clock.advance(milliseconds: 1000)
        // 2026-11-24T05:00:34.123 was the last.
        #expect(
            await fixture.refusal { $0.provisionedThroughput = units(5, 10) }
                == "LimitExceededException: Subscriber limit exceeded: Provisioned throughput decreases are limited "
                + "within a given UTC day. After the first 4 decreases, each subsequent decrease in the same UTC day "
                + "can be performed at most once every 3600 seconds. Number of decreases today: 4. Last decrease at "
                + "Tuesday, November 24, 2026 at 5:00:34 AM Coordinated Universal Time. Next decrease can be made at "
                + "Tuesday, November 24, 2026 at 6:00:34 AM Coordinated Universal Time")
        #expect(try await fixture.described().provisionedThroughput?.numberOfDecreasesToday == 4)
        // An increase is free, and the hour begins with the last decrease.
        try await fixture.update { $0.provisionedThroughput = units(8, 10) }
        clock.advance(milliseconds: 3_599_000)
        try await fixture.update { $0.provisionedThroughput = units(5, 10) }
        #expect(try await fixture.described().provisionedThroughput?.numberOfDecreasesToday == 5)
        clock.advance(milliseconds: 19 * 3_600_000)
        #expect(try await fixture.described().provisionedThroughput?.numberOfDecreasesToday == 0)
        try await fixture.update { $0.provisionedThroughput = units(4, 10) }
        #expect(try await fixture.described().provisionedThroughput?.numberOfDecreasesToday == 1)
    }

    @Test func `units have limits`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.indexed)
        #expect(
            await fixture.refusal { $0.provisionedThroughput = units(40_001, 10) }
                == "LimitExceededException: The requested ReadCapacityUnits, 40001, is above the per table maximum for "
                + "the account in eu-central-1. Per table maximum: 40000. \(guide)")
        #expect(
            await fixture.refusal {
                $0.globalSecondaryIndexUpdates = [change("one") { $0.provisionedThroughput = units(5, 40_001) }]
            }
                == "LimitExceededException: The requested WriteCapacityUnits for index one, 40001, is above "
                + "the per index "
                + "maximum for the account in eu-central-1. Per index maximum: 40000. \(guide)")
        #expect(
            await fixture.refusal { $0.provisionedThroughput = units(1_000_000_000_001, 10) }
                == "ValidationException: Given value 1000000000001 for ReadCapacityUnits is out of bounds")
        try await fixture.update { $0.provisionedThroughput = units(40_000, 10) }
    }

    @Test func `a table becomes an on-demand table and back`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.indexed)
        let answer = try await fixture.update { $0.billingMode = .payPerRequest }
        #expect(answer.tableStatus == .updating)
        #expect(answer.billingModeSummary?.billingMode == .payPerRequest)
        #expect(answer.billingModeSummary?.lastUpdateToPayPerRequestDateTime == nil)
        // What it had as a provisioned table: the switch is not done yet.
        #expect(answer.warmThroughput?.readUnitsPerSecond == 10)
        // The answer calls the switch a decrease of the table, and it is one of the index.
        #expect(answer.provisionedThroughput?.lastDecreaseDateTime == fixture.tables.clock.now())
        #expect(answer.provisionedThroughput?.numberOfDecreasesToday == 0)
        var table = try await fixture.described()
        #expect(table.provisionedThroughput?.lastDecreaseDateTime == nil)
        #expect(table.globalSecondaryIndexes?.first?.provisionedThroughput?.numberOfDecreasesToday == 1)
        #expect(table.billingModeSummary?.lastUpdateToPayPerRequestDateTime == fixture.tables.clock.now())
        #expect(table.provisionedThroughput?.readCapacityUnits == 0)
        #expect(table.globalSecondaryIndexes?.first?.provisionedThroughput?.readCapacityUnits == 0)
        #expect(table.warmThroughput?.readUnitsPerSecond == 12_000)
        try await fixture.update {
            $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 100, maxWriteRequestUnits: 100)
        }
        // Once more changes nothing, and is answered as the first time.
        #expect(try await fixture.update { $0.billingMode = .payPerRequest }.tableStatus == .updating)

        #expect(
            await fixture.refusal { $0.billingMode = .provisioned }
                == invalid + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
        #expect(
            await fixture.refusal {
                $0.billingMode = .provisioned
                $0.provisionedThroughput = units(1, 1)
            } == invalid + "ProvisionedThroughput must be specified for index: one")
        let back = try await fixture.update {
            $0.billingMode = .provisioned
            $0.provisionedThroughput = units(1, 1)
            $0.globalSecondaryIndexUpdates = [change("one") { $0.provisionedThroughput = units(2, 2) }]
        }
        #expect(back.provisionedThroughput?.readCapacityUnits == 1)
        #expect(back.warmThroughput?.readUnitsPerSecond == 12_000)
        table = try await fixture.described()
        #expect(table.billingModeSummary?.billingMode == .provisioned)
        #expect(table.provisionedThroughput?.numberOfDecreasesToday == 0)
        #expect(table.globalSecondaryIndexes?.first?.provisionedThroughput?.writeCapacityUnits == 2)
        #expect(table.onDemandThroughput == nil)
        #expect(table.warmThroughput?.writeUnitsPerSecond == 4000)
    }

    @Test func `each mode refuses the other's units`() async throws {
        let onDemand = try await UpdateFixture(
            tableInput("table", defined("pk", "a"), [hash("pk")]) {
                $0.globalSecondaryIndexes = [globalIndex("one", [hash("a")])]
            })
        #expect(
            await onDemand.refusal { $0.provisionedThroughput = units(1, 1) }
                == invalid
                + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                + "PAY_PER_REQUEST"
        )
        #expect(
            await onDemand.refusal {
                $0.billingMode = .payPerRequest
                $0.provisionedThroughput = units(1, 1)
            } == invalid + "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST")
        #expect(
            await onDemand.refusal {
                $0.globalSecondaryIndexUpdates = [change("one") { $0.provisionedThroughput = units(1, 1) }]
            } == invalid
                + "The only Updates for index: one when TableThroughputMode is PAY_PER_REQUEST can be to "
                + "OnDemandThroughput, WarmThroughput")
        let provisioned = try await UpdateFixture(UpdateFixture.indexed)
        let limit = OnDemandThroughput(maxReadRequestUnits: 1)
        #expect(
            await provisioned.refusal { $0.onDemandThroughput = limit }
                == invalid
                + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode "
                + "is PROVISIONED"
        )
        #expect(
            await provisioned.refusal {
                $0.globalSecondaryIndexUpdates = [change("one") { $0.onDemandThroughput = limit }]
            } == invalid
                + "MaxReadRequestUnits for OnDemandThroughput for index : one cannot be specified when the table "
                + "BillingMode is PROVISIONED")
        #expect(
            await provisioned.refusal { $0.globalSecondaryIndexUpdates = [change("one") { _ in }] }
                == invalid + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: one")
    }

    @Test func `on-demand limits are set and taken away one by one`() async throws {
        let fixture = try await UpdateFixture()
        func set(_ read: Int?, _ write: Int?) async throws -> String? {
            let answer = try await fixture.update {
                $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: read, maxWriteRequestUnits: write)
            }
            return shown(answer.onDemandThroughput)
        }
        func shown(_ limit: OnDemandThroughput?) -> String? {
            limit.map { "\($0.maxReadRequestUnits ?? 0) \($0.maxWriteRequestUnits ?? 0)" }
        }
        #expect(try await set(1000, 500) == "1000 500")
        #expect(try await set(2000, nil) == "2000 500")
        #expect(try await set(-1, nil) == "-1 500")
        #expect(shown(try await fixture.described().onDemandThroughput) == "0 500")
        #expect(try await set(nil, -1) == "0 -1")
        #expect(try await fixture.described().onDemandThroughput == nil)
        for value in [0, -2] {
            #expect(
                await fixture.refusal { $0.onDemandThroughput = OnDemandThroughput(maxWriteRequestUnits: value) }
                    == invalid
                    + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range")
        }
        #expect(
            await fixture.refusal { $0.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 40_001) }
                == "LimitExceededException: Subscriber limit exceeded: Requested MaxReadRequestUnits for "
                + "OnDemandThroughput for table exceeds TableMaxReadCapacityUnits of the account in region eu-central-1"
        )
        #expect(await fixture.refusal { $0.onDemandThroughput = OnDemandThroughput() } != nil)
    }

    @Test func `warm throughput only grows`() async throws {
        let fixture = try await UpdateFixture(
            tableInput("table", defined("pk", "a"), [hash("pk")]) {
                $0.globalSecondaryIndexes = [globalIndex("one", [hash("a")])]
            })
        let answer = try await fixture.update { $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 12_001) }
        #expect(answer.tableStatus == .active)
        #expect(answer.warmThroughput?.status == .updating)
        #expect(answer.warmThroughput?.readUnitsPerSecond == 12_000)
        #expect(try await fixture.described().warmThroughput?.readUnitsPerSecond == 12_001)
        #expect(try await fixture.described().warmThroughput?.writeUnitsPerSecond == 4000)
        let again = try await fixture.update { $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 12_001) }
        #expect(again.warmThroughput?.status == .updating)
        #expect(
            await fixture.refusal { $0.warmThroughput = WarmThroughput(readUnitsPerSecond: 12_000) }
                == invalid
                + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, "
                + "decreasing WarmThroughput is not supported")
        let index = try await fixture.update {
            $0.globalSecondaryIndexUpdates = [
                change("one") { $0.warmThroughput = WarmThroughput(writeUnitsPerSecond: 4001) }
            ]
        }
        #expect(index.globalSecondaryIndexes?.first?.indexStatus == .active)
        #expect(index.globalSecondaryIndexes?.first?.warmThroughput?.status == .updating)
        #expect(index.globalSecondaryIndexes?.first?.warmThroughput?.writeUnitsPerSecond == 4000)
        #expect(
            try await fixture.described().globalSecondaryIndexes?.first?.warmThroughput?.writeUnitsPerSecond == 4001)
        #expect(
            await fixture.refusal {
                $0.globalSecondaryIndexUpdates = [
                    change("one") { $0.warmThroughput = WarmThroughput(writeUnitsPerSecond: 4000) }
                ]
            } == invalid
                + "Requested WriteUnitsPerSecond for WarmThroughput for index one is lower than current "
                + "WarmThroughput, "
                + "decreasing WarmThroughput is not supported")
    }

    @Test func `an index's throughput changes while the table stays active`() async throws {
        let fixture = try await UpdateFixture(UpdateFixture.indexed)
        let answer = try await fixture.update {
            $0.globalSecondaryIndexUpdates = [change("one") { $0.provisionedThroughput = units(4, 6) }]
        }
        #expect(answer.tableStatus == .active)
        #expect(answer.globalSecondaryIndexes?.first?.indexStatus == .updating)
        #expect(answer.globalSecondaryIndexes?.first?.provisionedThroughput?.readCapacityUnits == 5)
        let index = try #require(try await fixture.described().globalSecondaryIndexes?.first)
        #expect(index.indexStatus == .active)
        #expect(index.backfilling == nil)
        #expect(index.provisionedThroughput?.writeCapacityUnits == 6)
        #expect(index.provisionedThroughput?.numberOfDecreasesToday == 1)
        #expect(try await fixture.described().provisionedThroughput?.numberOfDecreasesToday == 0)
    }
}
