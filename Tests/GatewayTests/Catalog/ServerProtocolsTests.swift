import Primitives
import Signing
import Testing

/// The same operation in the form in which it was asked for.
@Suite struct ServerProtocolsTests {
    private let gateway = TestGateway()

    @Test(arguments: ["application/x-amz-json-1.0", "application/json"])
    func `JSON is answered in the service's version`(_ type: String) async throws {
        let request = TestRequest.buy.with("Content-Type", type)
        let answer = await self.gateway.send(try request.signed(for: "shop"))
        #expect(answer.status == 200)
        #expect(answer.headers.first("content-type") == "application/x-amz-json-1.0")
        #expect(answer.text == #"{"Text":"hello"}"#)
    }

    @Test func `CBOR is answered in CBOR`() async throws {
        var request = TestRequest(
            "POST", "/service/Shop_20260101/operation/Buy",
            ["Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", "Accept": "application/cbor"])
        request.body = [0xA1, 0x64] + Array("Text".utf8) + [0x62] + Array("hi".utf8)
        let answer = await self.gateway.send(try request.signed(for: "shop"))
        #expect(answer.status == 200)
        #expect(answer.headers.first("smithy-protocol") == "rpc-v2-cbor")
        #expect(answer.text.contains("hi"))
    }

    @Test func `a form is answered in XML with the action's result around it`() async throws {
        let answer = await self.gateway.send(try TestRequest.count.signed(for: "till"))
        #expect(answer.status == 200)
        #expect(answer.headers.first("content-type") == "text/xml")
        #expect(answer.text.hasPrefix("<CountResponse"))
        #expect(answer.element("CountResult") == "<Text>hello</Text>")
    }

    @Test func `EC2's form has its own envelope`() async throws {
        let request = TestRequest.form("Action=Launch&Version=2026-04-04&Text=hello")
        let answer = await self.gateway.send(try request.signed(for: "fleet"))
        #expect(answer.status == 200)
        #expect(answer.text.contains("<LaunchResponse"))
        #expect(answer.element("requestId") != nil)
    }
}
