import Primitives
import ServiceModel
import Signing
import Testing

/// How the input is read once the sender is proven.
@Suite struct DecodeTests {
    private let gateway = TestGateway()

    private func answer(_ body: String, _ target: String = "Shop_20260101.Buy") async throws -> Answer {
        await self.gateway.send(try TestRequest.json(target, body).signed(for: "shop"))
    }

    @Test(arguments: ["{", "", "[]", "{\"Text\":\"a\"}}", "{\"Text\":}", "nul", "{\"Text\":\"\u{1}\"}"])
    func `a body that cannot be read is a SerializationException`(_ body: String) async throws {
        let answer = try await self.answer(body)
        #expect(answer.status == 400)
        #expect(answer.text.contains("SerializationException"), "\(answer.text)")
    }

    @Test func `a value of another kind is told in AWS's words`() async throws {
        let answer = try await self.answer(#"{"Text":1}"#)
        #expect(answer.text.contains("NUMBER_VALUE can not be converted to a String"))
    }

    @Test(arguments: [
        (
            "",
            "1 validation error detected: Value '' at 'text' failed to satisfy constraint: Member must have length "
                + "greater than or equal to 1"
        ),
        (
            "123456789",
            "1 validation error detected: Value '123456789' at 'text' failed to satisfy constraint: Member "
                + "must have length less than or equal to 8"
        ),
    ])
    func `a value beyond a limit of the model is a ValidationException with AWS's sentence`(
        _ text: String, _ sentence: String
    ) async throws {
        let answer = try await self.answer("{\"Text\":\"\(text)\"}")
        #expect(answer.status == 400)
        #expect(answer.text.contains("ValidationException"))
        #expect(answer.text.contains(sentence), "\(answer.text)")
    }

    @Test(arguments: ["1", "12345678"])
    func `a value at a limit is taken`(_ text: String) async throws {
        #expect(try await self.answer("{\"Text\":\"\(text)\"}").status == 200)
    }

    @Test func `a body that breaks off is told before a limit that it breaks`() async throws {
        #expect(try await self.answer("{\"Text\":\"123456789\"").text.contains("SerializationException"))
    }

    @Test func `who does not prove the sender learns nothing of the body`() async {
        let answer = await self.gateway.send(.json("Shop_20260101.Buy", "{"))
        #expect(answer.text.contains("MissingAuthenticationToken"))
    }

    @Test func `a query service says ValidationError of a broken limit`() async throws {
        let request = TestRequest.form("Action=Count&Version=2026-02-02&Text=123456789")
        let answer = await self.gateway.send(try request.signed(for: "till"))
        #expect(answer.status == 400)
        #expect(answer.element("Code") == "ValidationError")
        #expect(answer.element("Message")?.contains("length less than or equal to 8") == true)
    }

    // Bodies under gzip

    private static let hello = "H4sIAAAAAAACA6tWCkmtKFGyUspIzcnJV6oFAOTSuEQQAAAA"

    private func answer(gzip base64: String, encoding: String = "gzip") async throws -> Answer {
        var request = TestRequest.buy.with("Content-Encoding", encoding)
        request.body = try #require(Base64.decode(base64.utf8))
        return await self.gateway.send(try request.signed(for: "shop"))
    }

    @Test(arguments: ["gzip", "GZIP", " gzip "])
    func `a body under gzip is read`(_ encoding: String) async throws {
        let answer = try await self.answer(gzip: Self.hello, encoding: encoding)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"Text":"hello"}"#)
    }

    @Test(arguments: ["", "aGVsbG8=", "H4sI", "H4sIAAAAAAACA6tWCkmtKFGyUspIzcnJV6oFAOTSuEQQAAAB"])
    func `a body that gzip did not make is a SerializationException`(_ base64: String) async throws {
        let answer = try await self.answer(gzip: base64)
        #expect(answer.status == 400)
        #expect(answer.text.contains("SerializationException"), "\(answer.text)")
    }

    @Test func `a body is bounded behind gzip as before it`() async throws {
        #expect(
            try await self.answer(
                gzip: "H4sIAAAAAAACA+3BMQkAIBAAwCryMcxhhQcHwcVBELvbQ+7uRMu9okbPMWYUAAAA4Dv3AdUUJt4AEAAA"
            ).status == 200)
        let answer = try await self.answer(
            gzip: "H4sIAAAAAAACA+3BMQkAIBAAwCryMcxhhQcHwcVBELvbQ+7uRMu9okbPMWYUAAAA4D/3AVrBxAUBEAAA")
        #expect(answer.status == 400)
        #expect(answer.text.contains("Request over a limit of this server"), "\(answer.text)")
    }

    @Test func `the signature covers the bytes as they were sent`() async throws {
        var request = TestRequest.buy.with("Content-Encoding", "gzip")
        request.body = Array(#"{"Text":"hello"}"#.utf8)
        request = try request.signed(for: "shop")
        request.body = try #require(Base64.decode(Self.hello.utf8))
        #expect(await self.gateway.send(request).text.contains("InvalidSignatureException"))
    }
}
