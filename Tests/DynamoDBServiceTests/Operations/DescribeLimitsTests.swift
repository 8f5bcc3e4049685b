import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

struct DescribeLimitsTests {
    @Test func `the limits are those of a new account`() async throws {
        let fixture = TableFixture()
        let limits = try await fixture.service.describeLimits(DescribeLimitsInput(), fixture.context)
        #expect(limits.accountMaxReadCapacityUnits == 80_000)
        #expect(limits.accountMaxWriteCapacityUnits == 80_000)
        #expect(limits.tableMaxReadCapacityUnits == 40_000)
        #expect(limits.tableMaxWriteCapacityUnits == 40_000)
    }

    @Test func `the access is to no one table`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(DescribeLimitsInput(), fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeLimits", resource: "*")]
        )
    }
}
