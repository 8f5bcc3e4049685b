import Gateway
import Primitives
import Signing
import Synchronization
import Telemetry
import Testing

/// The paths that are not AWS's.
@Suite struct InternalRoutesTests {
    @Test(arguments: ["GET", "HEAD"])
    func `a process that answers is healthy, without a signature`(_ method: String) async {
        let gateway = TestGateway(readiness: Readiness(isReady: false, reasons: ["starting"]))
        let answer = await gateway.send(TestRequest(method, "/healthz"))
        #expect(answer.status == 200)
        #expect(answer.text == "ok\n")
        #expect(answer.headers.first("content-type") == "text/plain; charset=utf-8")
        #expect(gateway.log.records.isEmpty)
    }

    @Test(arguments: [
        (Readiness(isReady: true), 200, "ready\n"),
        (Readiness(isReady: false, reasons: ["draining"]), 503, "draining\n"),
        (Readiness(isReady: false, reasons: ["a", "b"]), 503, "a\nb\n"),
        (Readiness(isReady: true, reasons: ["slow disk"]), 200, "slow disk\n"),
    ])
    func `readiness is a status and its reasons, a line each`(
        _ readiness: Readiness, _ status: Int, _ text: String
    ) async {
        let answer = await TestGateway(readiness: readiness).send(TestRequest("GET", "/readyz"))
        #expect(answer.status == status)
        #expect(answer.text == text)
    }

    @Test func `metrics are refreshed and written in Prometheus's format`() async {
        let refreshes = Mutex(0)
        let gateway = TestGateway(refreshMetrics: { refreshes.withLock { $0 += 1 } })
        let answer = await gateway.send(TestRequest("GET", "/metrics"))
        #expect(answer.status == 200)
        #expect(answer.headers.first("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.text == gateway.metrics.exposition())
        #expect(answer.text.contains("# TYPE brume_requests_total counter\n"))
        #expect(refreshes.withLock { $0 } == 1)
    }

    @Test func `more documents are JSON, by their exact path`() async {
        let gateway = TestGateway(documents: ["/_localstack/health": { #"{"a":1}"# }])
        let answer = await gateway.send(TestRequest("GET", "/_localstack/health"))
        #expect(answer.status == 200)
        #expect(answer.headers.first("content-type") == "application/json")
        #expect(answer.text == #"{"a":1}"#)
        #expect(await gateway.send(TestRequest("GET", "/_localstack/health/")).status == 501)
    }

    @Test(arguments: ["/healthz", "/readyz", "/metrics"])
    func `nothing of it is kept by caches or guessed at by browsers`(_ path: String) async {
        let answer = await TestGateway().send(TestRequest("GET", path))
        #expect(answer.headers.first("cache-control") == "no-store")
        #expect(answer.headers.first("x-content-type-options") == "nosniff")
    }

    @Test(arguments: [
        TestRequest("GET", "/healthz?x=y"), TestRequest("GET", "/readyz", ["Authorization": "Bearer token"]),
        TestRequest("GET", "/metrics?name[]=a", ["Authorization": "Basic YTpi"]),
    ])
    func `what scrapers and probes add does not matter`(_ request: TestRequest) async {
        #expect(await TestGateway().send(request).status == 200)
    }

    @Test(arguments: [
        TestRequest("POST", "/healthz"), TestRequest("GET", "/healthz/"),
        TestRequest("GET", "/healthz?X-Amz-Credential=a"), TestRequest("GET", "/healthz?AWSAccessKeyId=a"),
        TestRequest("GET", "/Healthz"), TestRequest("GET", "//healthz"),
        TestRequest("GET", "/metrics", ["X-Amz-Target": "Shop_20260101.Buy"]),
        TestRequest("GET", "/readyz", ["Authorization": "AWS4-HMAC-SHA256 Credential=a"]),
    ])
    func `a request of AWS's kind on such a path is a service's`(_ request: TestRequest) async {
        let gateway = TestGateway()
        let answer = await gateway.send(request)
        #expect(answer.status >= 400)
        #expect(gateway.log.requests.count == 1)
    }
}
