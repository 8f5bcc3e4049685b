import Gateway
import Primitives
import Telemetry
import Testing

@Suite struct TraceContextTests {
    @Test(
        arguments: [
            (
                ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
                "0af7651916cd43dd8448eb211c80319c"
            ),
            (
                ["traceparent": "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"],
                "0af7651916cd43dd8448eb211c80319c"
            ),
            (["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"], ""),
            (["traceparent": "00-00000000000000000000000000000000-b7ad6b7169203331-01"], ""),
            (["traceparent": "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"], ""),
            (["traceparent": "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"], ""),
            (
                ["X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"],
                "1-5759e988-bd862e3fe1be46a994272793"
            ),
            (
                ["X-Amzn-Trace-Id": "Self=1-67891234-12456789abcdef012345678;Root=1-5759e988-bd862e3fe1be46a994272793"],
                "1-5759e988-bd862e3fe1be46a994272793"
            ),
            (["X-Amzn-Trace-Id": "Root=1-5759e988\n-x"], ""), ([:], ""),
        ] as [(HeaderFields, String)])
    func `the access log names the trace that the sender says`(_ headers: HeaderFields, _ expected: String) async {
        let gateway = TestGateway()
        var request = TestRequest.buy
        for field in headers.fields { request = request.with(field.name, field.value) }
        _ = await gateway.send(request)
        #expect(gateway.log.requests.last?.string("traceId") == expected)
    }
}
