import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

struct DescribeEndpointsTests {
    @Test(
        arguments: [
            ("localhost:4747", "localhost:4747"), ("[::1]:4747", "[::1]:4747"),
            ("", "dynamodb.eu-central-1.amazonaws.com"),
        ] as [(String, String)])
    func `the address is the one that the client used`(_ host: String, _ address: String) async throws {
        let fixture = TableFixture()
        let plain = fixture.context
        let context = RequestContext(
            requestID: plain.requestID,
            principal: plain.principal,
            region: plain.region,
            time: plain.time,
            sourceAddress: plain.sourceAddress,
            isTLS: plain.isTLS,
            userAgent: plain.userAgent,
            host: host
        )
        let answer = try await fixture.service.describeEndpoints(DescribeEndpointsRequest(), context)
        #expect(answer.endpoints.map(\.address) == [address])
        #expect(answer.endpoints.map(\.cachePeriodInMinutes) == [1440])
    }

    @Test func `the access is to no one table`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(DescribeEndpointsRequest(), fixture.context)
                == [ResourceAccess(action: "dynamodb:DescribeEndpoints", resource: "*")]
        )
    }
}
