import Gateway
import Primitives
import ServiceModel
import Signing
import Telemetry
import Testing

/// What is kept of a request.
@Suite struct RecordTests {
    private let gateway = TestGateway()

    @Test func `the access log has who asked for what, from where, and how it ended`() async throws {
        let request = try TestRequest.buy.with("User-Agent", "Boto3/1").signed(for: "shop")
        _ = await self.gateway.send(request, from: .remote)
        let line = try #require(self.gateway.log.requests.first)
        #expect(line.time == TestIdentity.now)
        #expect(line.level == .info)
        let expected: [(String, LogRecord.Value)] = [
            ("service", .string("shop")), ("operation", .string("Buy")), ("status", .integer(200)),
            ("bytesIn", .integer(16)), ("bytesOut", .integer(16)), ("client", .string("203.0.113.9")),
            ("protocol", .string("HTTP/2")), ("tls", .boolean(true)), ("account", .string("111122223333")),
            ("region", .string("us-east-1")), ("accessKeyId", .string("AKIAROOT")), ("userAgent", .string("Boto3/1")),
        ]
        for (name, value) in expected { #expect(line[name] == value, "\(name)") }
        #expect(line["error"] == nil)
        guard case .integer(let microseconds) = line["microseconds"] else {
            Issue.record("there is no duration")
            return
        }
        #expect(microseconds >= 0)
    }

    @Test func `a request that failed has its code, and nobody's name when the sender is not proven`() async throws {
        _ = await self.gateway.send(.buy)
        let line = try #require(self.gateway.log.requests.first)
        #expect(line["status"] == .integer(400))
        #expect(line["error"] == .string("MissingAuthenticationTokenException"))
        #expect(line["account"] == nil)
        #expect(line["accessKeyId"] == nil)
        let broken = try TestRequest.json("Shop_20260101.Buy", "{").signed(for: "shop")
        _ = await self.gateway.send(broken)
        #expect(self.gateway.log.requests.last?["error"] == .string("SerializationException"))
        #expect(self.gateway.log.requests.last?["account"] == .string("111122223333"))
    }

    @Test func `no secret, signature, token or text of a request comes into the log`() async throws {
        let text = "pr1vate"
        let presigned = try TestRequest("GET", "/?Action=Count&Version=2026-02-02&Text=\(text)")
            .presigned(for: "till", by: TestIdentity.session)
        let signed = try TestRequest.json("Shop_20260101.Buy", "{\"Text\":\"\(text)\"}")
            .signed(for: "shop", by: TestIdentity.session)
        let forged = try TestRequest.json("Shop_20260101.Buy", "{\"Text\":\"\(text)\"}").signed(
            for: "shop", by: SigningCredential(accessKeyID: "AKIANOBODY", secretAccessKey: "guess"))
        #expect(await self.gateway.send(presigned).status == 200)
        #expect(await self.gateway.send(signed).status == 200)
        #expect(await self.gateway.send(forged).status == 400)
        let log = self.gateway.log.text
        var secrets = [text, "session-secret", "session-token", "guess"]
        for request in [presigned, signed, forged] {
            let carrier = request.head.headers.first("authorization") ?? request.head.query
            let mark = try #require(carrier.firstRange(of: "Signature="))
            secrets.append(String(carrier[mark.upperBound...].prefix(64)))
        }
        for secret in secrets { #expect(!log.contains(secret), "\(secret)") }
    }

    @Test func `each line names its own sender, whoever sent before on the connection`() async throws {
        let senders: [(SigningCredential, Region, String)] = [
            (TestIdentity.root, .standard, "Boto3/1"), (TestIdentity.session, .standard, "Boto3/1"),
            (TestIdentity.session, try #require(Region("eu-west-1")), "Boto3/1"),
            (TestIdentity.session, try #require(Region("eu-west-1")), "Boto3/2"),
            (TestIdentity.root, .standard, "Boto3/1"),
        ]
        for (credential, region, agent) in senders {
            let request = TestRequest.buy.with("User-Agent", agent)
            let signed = try request.signed(for: "shop", by: credential, region: region)
            for _ in 0..<2 {
                #expect(await self.gateway.send(signed).status == 200)
                let line = try #require(self.gateway.log.requests.last)
                #expect(line.string("accessKeyId") == credential.accessKeyID)
                #expect(line.string("region") == region.description)
                #expect(line.string("userAgent") == agent)
            }
        }
    }

    @Test func `a user agent is cut, and cannot break the line`() async throws {
        let agent = "a\"\\\u{1B}" + String(repeating: "x", count: 300)
        _ = await self.gateway.send(try TestRequest.buy.with("User-Agent", agent).signed(for: "shop"))
        let line = try #require(self.gateway.log.requests.first)
        #expect(line.string("userAgent") == String(agent.prefix(200)))
        #expect(self.gateway.log.text.utf8.filter { $0 < 0x20 } == [0x0A])
    }

    @Test func `operations are counted by the class of their status, and timed`() async throws {
        let buy = try TestRequest.buy.signed(for: "shop")
        for _ in 0..<3 { _ = await self.gateway.send(buy) }
        for _ in 0..<2 { _ = await self.gateway.send(.buy) }
        let text = self.gateway.metrics.exposition()
        for line in [
            #"brume_requests_total{service="shop",operation="Buy",status="2xx"} 3"#,
            #"brume_requests_total{service="shop",operation="Buy",status="4xx"} 2"#,
            #"brume_requests_total{service="shop",operation="Buy",status="5xx"} 0"#,
            #"brume_request_duration_seconds_count{service="shop",operation="Buy"} 5"#,
            #"brume_requests_total{service="till",operation="Count",status="2xx"} 0"#,
            "brume_unrecognised_requests_total 0",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
    }
}
