import Primitives
import ServiceModel
import Signing
import Testing

/// Answers in the form of their protocol, each with its request id.
@Suite struct EncodeTests {
    private let gateway = TestGateway()

    private static let uuid = LinearPattern("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    private static let long = LinearPattern("[0-9A-V]{52}")

    @Test(arguments: [
        ("Shop_20260101.Buy", #"{"Text":"a"}"#), ("Shop_20260101.Buy", "{"), ("Shop_20260101.Unlisted", "{}"),
        ("Shop_20260101.Nope", "{}"),
    ])
    func `a service with long request ids has them on every answer`(_ target: String, _ body: String) async throws {
        let answer = await self.gateway.send(try TestRequest.json(target, body).signed(for: "shop"))
        let id = try #require(answer.headers.first("x-amzn-requestid"))
        #expect(try #require(Self.long).matchesWhole(id), "\(id)")
        #expect(self.gateway.log.requests.last?.string("requestId") == id)
    }

    @Test(arguments: ["Action=Count&Text=a", "Action=Count&Text=", "Action=Unlisted", "Action=Nope", ""])
    func `other services have UUIDs, the same in header, body and log`(_ form: String) async throws {
        let request = TestRequest.form(form + "&Version=2026-02-02")
        let answer = await self.gateway.send(try request.signed(for: "till"))
        let id = try #require(answer.headers.first("x-amzn-requestid"))
        #expect(try #require(Self.uuid).matchesWhole(id), "\(id)")
        #expect(answer.element("RequestId") == id)
        #expect(self.gateway.log.requests.last?.string("requestId") == id)
    }

    @Test func `every request has an id of its own`() async throws {
        let request = try TestRequest.buy.signed(for: "shop")
        var ids: Set<String> = []
        for _ in 0..<20 { ids.insert(try #require(await self.gateway.send(request).headers.first("x-amzn-requestid"))) }
        #expect(ids.count == 20)
    }

    @Test func `an error of a form is XML that says whose fault it is`() async throws {
        let request = TestRequest.form("Action=Nope&Version=2026-02-02")
        let answer = await self.gateway.send(try request.signed(for: "till"))
        #expect(answer.headers.first("content-type") == "text/xml")
        #expect(answer.element("Type") == "Sender")
        #expect(answer.element("Code") == "InvalidAction")
    }

    @Test func `what a client sends cannot break out of an error's document`() async throws {
        let form = TestRequest.form("Action=%3C%2FMessage%3E%26%22&Version=2026-02-02")
        let xml = await self.gateway.send(try form.signed(for: "till"))
        #expect(xml.element("Message")?.contains("&lt;/Message&gt;&amp;") == true, "\(xml.text)")
        let json = await self.gateway.send(try TestRequest.json("Shop_20260101.\"\\").signed(for: "shop"))
        #expect(json.text.contains(#"The requested operation \"\\ is not"#), "\(json.text)")
    }
}
