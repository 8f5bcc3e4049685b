package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    /// How long a client may cache an address, in minutes.
    /// - Source: AWS's answer for every region: 1440.
    static let endpointCacheMinutes = 1440

    package func access(_ input: DescribeEndpointsRequest, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeEndpoints", resource: "*")]
    }

    /// The address that the client used: AWS answers `dynamodb.<region>.amazonaws.com` to clients that use that name,
    /// and an SDK with endpoint discovery sends its further requests to the address in the answer.
    package func describeEndpoints(
        _ input: DescribeEndpointsRequest, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeEndpointsResponse {
        // A client without a Host header (HTTP/1.0) gives no name that could be returned.
        let address = context.host.isEmpty ? "dynamodb.\(context.region).amazonaws.com" : context.host
        return DescribeEndpointsResponse(
            endpoints: [Endpoint(address: address, cachePeriodInMinutes: Self.endpointCacheMinutes)]
        )
    }
}
