import Primitives
import ServiceModel
import Signing
import Telemetry
import Testing

/// The answers to requests for what is not here.
@Suite struct RefuseTests {
    private let gateway = TestGateway()

    @Test func `an operation of AWS without a handler is said to be one`() async throws {
        let json = await self.gateway.send(.json("Shop_20260101.Unlisted"))
        #expect(json.status == 400)
        #expect(json.text.contains("#UnknownOperationException"))
        #expect(json.text.contains("Unlisted of shop is not implemented in this version of Brume."))
        let xml = await self.gateway.send(.form("Action=Unlisted&Version=2026-02-02"))
        #expect(xml.status == 400)
        #expect(xml.element("Code") == "InvalidAction")
        #expect(xml.element("Message") == "Unlisted of till is not implemented in this version of Brume.")
        let text = self.gateway.metrics.exposition()
        #expect(text.contains(#"brume_unimplemented_requests_total{service="shop"} 1"#))
        #expect(text.contains(#"brume_unimplemented_requests_total{service="till"} 1"#))
    }

    @Test func `a name that is no operation's is answered as AWS does`() async throws {
        let json = await self.gateway.send(.json("Shop_20260101.Nope"))
        #expect(json.status == 400)
        #expect(json.text.contains("The requested operation Nope is not recognized by the service."))
        let xml = await self.gateway.send(.form("Action=Nope&Version=2026-02-02"))
        #expect(xml.status == 400)
        #expect(xml.element("Code") == "InvalidAction")
        #expect(xml.element("Message") == "Could not find operation Nope for version 2026-02-02")
        let rest = await self.gateway.send(try TestRequest("GET", "/nope").signed(for: "books"))
        #expect(rest.status == 404)
        #expect(rest.headers.first("x-amzn-errortype")?.hasPrefix("UnknownOperationException") == true)
        let cbor = await self.gateway.send(
            TestRequest("POST", "/service/Shop_20260101/operation/Nope", ["Smithy-Protocol": "rpc-v2-cbor"]))
        #expect(cbor.status == 404)
    }

    @Test(arguments: ["Nope_20260101.Buy", ""])
    func `a target of no service is an UnknownOperationException without a sentence`(_ target: String) async {
        let answer = await self.gateway.send(.json(target))
        #expect(answer.status == 400)
        #expect(answer.text.contains("UnknownOperationException"))
        #expect(!answer.text.lowercased().contains("message"))
    }

    @Test(arguments: [("GET", "/"), ("GET", "/nope"), ("POST", "/"), ("PUT", "/bucket/key"), ("DELETE", "/?x")])
    func `a request that names nothing is told what to do`(_ method: String, _ target: String) async {
        let answer = await self.gateway.send(TestRequest(method, target))
        #expect(answer.status == 403)
        #expect(answer.text.contains("Missing Authentication Token"))
        #expect(answer.text.contains("nothing in this request names a service"))
        #expect(self.gateway.metrics.exposition().contains("brume_unrecognised_requests_total 1\n"))
    }

    @Test(arguments: [
        TestRequest("POST", "/moto-api/reset"), TestRequest("POST", "/_localstack/state/reset"),
        TestRequest("GET", "/_localstack/health"), TestRequest("DELETE", "/_aws/dynamodb/expired"),
    ])
    func `a suite that resets another emulator is told how to begin anew`(_ request: TestRequest) async {
        let answer = await self.gateway.send(request)
        #expect(answer.status == 501)
        #expect(answer.text.contains("\(request.head.method) \(request.head.path) is not served here. "))
        #expect(answer.text.contains("empty --data-dir, or use a key of another account."))
    }

    // A service that is not here is named, in the form that the service's clients read

    private static func sentence(_ service: String) -> String {
        "The service \(service) is not served by this Brume server."
    }

    @Test(arguments: [
        ("iam", TestRequest.form("Action=ListUsers&Version=2010-05-08")),
        ("sns", TestRequest("GET", "/?Action=ListTopics&Version=2010-03-31")),
    ])
    func `a form is answered as awsQuery does`(_ service: String, _ request: TestRequest) async throws {
        for request in [try request.signed(for: service), try request.presigned(for: service)] {
            let answer = await self.gateway.send(request)
            #expect(answer.status == 501)
            #expect(answer.headers.first("content-type") == "text/xml")
            #expect(answer.text.hasPrefix("<ErrorResponse><Error>"))
            #expect(answer.element("Code") == "NotImplemented")
            #expect(answer.element("Message") == Self.sentence(service))
            #expect(self.gateway.log.requests.last?.string("error") == "NotImplemented")
        }
    }

    @Test func `a form of EC2 is answered as ec2Query does`() async throws {
        let request = try TestRequest.form("Action=DescribeVpcs&Version=2016-11-15").signed(for: "ec2")
        let answer = await self.gateway.send(request)
        #expect(answer.status == 501)
        #expect(answer.text.contains("<Response><Errors><Error><Code>NotImplemented</Code>"))
        #expect(answer.element("Message") == Self.sentence("ec2"))
    }

    @Test(arguments: [("GET", "/"), ("GET", "/bucket?list-type=2"), ("PUT", "/bucket/key"), ("POST", "/bucket?delete")])
    func `S3's requests are answered with an error that stands by itself`(
        _ method: String, _ target: String
    ) async throws {
        let answer = await self.gateway.send(try TestRequest(method, target, body: "x").signed(for: "s3"))
        #expect(answer.status == 501)
        #expect(answer.headers.first("content-type") == "application/xml")
        #expect(answer.headers.contains("x-amz-request-id"))
        #expect(answer.text.hasPrefix("<?xml"))
        #expect(!answer.text.contains("ErrorResponse"))
        #expect(answer.element("Code") == "NotImplemented")
        #expect(answer.element("Message") == Self.sentence("s3"))
    }

    @Test func `REST in XML and in JSON are told apart by the service`() async throws {
        let xml = await self.gateway.send(try TestRequest("GET", "/2013-04-01/hostedzone").signed(for: "route53"))
        #expect(xml.status == 501)
        #expect(xml.text.contains("<ErrorResponse><Error>"))
        #expect(xml.element("Message") == Self.sentence("route53"))
        let json = await self.gateway.send(try TestRequest("GET", "/functions?MaxItems=1").signed(for: "lambda"))
        #expect(json.status == 501)
        #expect(json.headers.first("content-type") == "application/json")
        #expect(json.headers.first("x-amzn-errortype") == "NotImplemented")
        #expect(json.text.contains(Self.sentence("lambda")))
    }

    @Test func `a target is answered in JSON, a Smithy RPC in CBOR`() async throws {
        let json = await self.gateway.send(try TestRequest.json("TrentService.ListKeys").signed(for: "kms"))
        #expect(json.status == 501)
        #expect(json.headers.first("content-type") == "application/x-amz-json-1.0")
        #expect(json.text.contains("NotImplemented"))
        #expect(json.text.contains(Self.sentence("kms")))
        let request = TestRequest(
            "POST", "/service/Granite/operation/ListMetrics", ["Smithy-Protocol": "rpc-v2-cbor"])
        let cbor = await self.gateway.send(try request.signed(for: "monitoring"))
        #expect(cbor.status == 501)
        #expect(cbor.headers.first("content-type") == "application/cbor")
        #expect(cbor.text.contains(Self.sentence("monitoring")))
    }

    @Test(arguments: [
        ("application/x-amz-json-1.0", 200), ("Application/X-AMZ-JSON-1.0; charset=utf-8", 200),
        ("application/json", 200), ("application/json;charset=UTF-8", 200), ("application/x-amz-json-1.1", 404),
        ("text/plain", 404), ("application/x-www-form-urlencoded", 404), ("application/cbor", 404),
    ])
    func `awsJson 1_0 takes JSON of its own type and plain JSON`(_ type: String, _ status: Int) async throws {
        let answer = await self.gateway.send(try TestRequest.buy.with("Content-Type", type).signed(for: "shop"))
        #expect(answer.status == status)
        #expect(answer.text.contains("UnknownOperationException") == (status == 404))
    }

    @Test func `a target of another service than the signature's is no operation of it`() async throws {
        let answer = await self.gateway.send(try TestRequest.json("TrentService.ListKeys").signed(for: "shop"))
        #expect(answer.status == 400)
        #expect(answer.text.contains("UnknownOperationException"))
    }
}
