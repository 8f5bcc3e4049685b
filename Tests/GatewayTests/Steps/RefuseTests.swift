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

    @Test func `a service that is not here is named in the answer`() async throws {
        let answer = await self.gateway.send(try TestRequest("GET", "/bucket").signed(for: "s3"))
        #expect(answer.status == 501)
        #expect(answer.text.contains("The service s3 is not served by this Brume server."))
        #expect(self.gateway.log.requests.last?.string("error") == "NotImplemented")
    }
}
