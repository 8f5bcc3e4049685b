import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

struct UpdateTimeToLiveTests {
    @Test func `time to live is enabled, described and disabled`() async throws {
        let fixture = StreamFixture()
        try await fixture.create()
        #expect(try await fixture.timeToLive()?.timeToLiveStatus == .disabled)
        #expect(try await fixture.timeToLive()?.attributeName == nil)
        let answer = try await fixture.setTimeToLive("end")
        #expect(answer?.enabled == true)
        #expect(answer?.attributeName == "end")
        #expect(try await fixture.timeToLive()?.timeToLiveStatus == .enabled)
        #expect(try await fixture.timeToLive()?.attributeName == "end")
        #expect(try await StreamFixture(fixture).timeToLive()?.attributeName == "end")
        let disabled = try await fixture.setTimeToLive("end", false)
        #expect(disabled?.enabled == false)
        #expect(disabled?.attributeName == "end")
        #expect(try await fixture.timeToLive()?.timeToLiveStatus == .disabled)
        try await fixture.setTimeToLive("other")
        #expect(try await fixture.timeToLive()?.attributeName == "other")
    }

    @Test func `a change that is none is refused`() async throws {
        let fixture = StreamFixture()
        try await fixture.create()
        func wording(_ attribute: String, _ isEnabled: Bool) async -> String? {
            await DynamoDBServiceTests.wording { () throws(ServiceError) in
                try await fixture.setTimeToLive(attribute, isEnabled)
            }
        }
        #expect(await wording("end", false) == "TimeToLive is already disabled")
        try await fixture.setTimeToLive("end")
        #expect(await wording("end", true) == "TimeToLive is already enabled")
        let different = "TimeToLive is active on a different AttributeName: current AttributeName is end"
        #expect(await wording("other", true) == different)
        #expect(await wording("other", false) == different)
        #expect(try await fixture.timeToLive()?.attributeName == "end")
    }

    @Test func `a missing table is named`() async throws {
        let fixture = StreamFixture()
        let update = await refused { () throws(ServiceError) in try await fixture.setTimeToLive("end") }
        #expect(update?.code == "ResourceNotFoundException")
        #expect(update?.message == "Requested resource not found: Table: items not found")
        let describe = await refused { () throws(ServiceError) in try await fixture.timeToLive() }
        #expect(describe?.message == "Requested resource not found: Table: items not found")
    }

    @Test func `the access is to the table`() {
        let fixture = StreamFixture()
        let resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
        #expect(
            fixture.service.access(
                UpdateTimeToLiveInput(
                    tableName: "items",
                    timeToLiveSpecification: TimeToLiveSpecification(enabled: true, attributeName: "end")),
                fixture.context) == [ResourceAccess(action: "dynamodb:UpdateTimeToLive", resource: resource)])
        #expect(
            fixture.service.access(DescribeTimeToLiveInput(tableName: "items"), fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeTimeToLive", resource: resource)])
    }
}

extension StreamFixture {
    @discardableResult
    func setTimeToLive(
        _ attribute: String, _ isEnabled: Bool = true
    ) async throws(ServiceError) -> TimeToLiveSpecification? {
        try await self.service.updateTimeToLive(
            UpdateTimeToLiveInput(
                tableName: Self.table,
                timeToLiveSpecification: TimeToLiveSpecification(enabled: isEnabled, attributeName: attribute)),
            self.context
        ).timeToLiveSpecification
    }

    func timeToLive() async throws(ServiceError) -> TimeToLiveDescription? {
        try await self.service.describeTimeToLive(DescribeTimeToLiveInput(tableName: Self.table), self.context)
            .timeToLiveDescription
    }
}
