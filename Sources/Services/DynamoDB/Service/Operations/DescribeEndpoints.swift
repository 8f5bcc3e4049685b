package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    /// How long a client may keep an address.
    /// - Source: AWS's answer for every region: 1440.
    static let endpointCacheMinutes = 1440

    package func access(_ input: DescribeEndpointsRequest, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeEndpoints", resource: "*")]
    }

    /// The address that the client used: AWS answers `dynamodb.<region>.amazonaws.com` to those who came by that name,
    /// and an SDK that discovers endpoints sends what follows to the address it is told.
    package func describeEndpoints(
        _ input: DescribeEndpointsRequest, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeEndpointsResponse {
        // A client without a Host (HTTP/1.0) found the way too, but no name to tell.
        let address = context.host.isEmpty ? "dynamodb.\(context.region).amazonaws.com" : context.host
        return DescribeEndpointsResponse(
            endpoints: [Endpoint(address: address, cachePeriodInMinutes: Self.endpointCacheMinutes)]
        )
    }
}
