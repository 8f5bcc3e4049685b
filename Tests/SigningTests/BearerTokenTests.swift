import Primitives
import Signing
import Testing

/// Bearer keys as text; that they prove something is tested through the gateway.
struct BearerTokenTests {
    private func shortTerm(_ plain: String) -> Substring { "bedrock-api-key-\(Base64.encode(plain.utf8))" }

    @Test(
        arguments: [
            ("Bearer abc", "abc"), ("bearer   abc", "abc"), ("BEARER ", ""), ("Bearer", nil), ("Basic abc", nil),
            ("AWS4-HMAC-SHA256 Credential=x", nil),
        ] as [(String, String?)])
    func `the scheme is told whatever its case`(_ value: String, _ token: String?) {
        #expect(BearerToken.text(inAuthorization: value).map(String.init) == token)
    }

    @Test func `a long-term key is read back, and proves its own secret only`() throws {
        let text = LongTermBearer.text(name: "ana-at-123456789012", secret: "se:cret")
        guard case .longTerm(let bearer) = try BearerToken(text[...]) else {
            Issue.record("it is a long-term key")
            return
        }
        #expect(bearer.name == "ana-at-123456789012")
        #expect(bearer.proves("se:cret"))
        #expect(!bearer.proves("se:creT") && !bearer.proves("se:cret2") && !bearer.proves(""))
    }

    @Test func `the padding may be lost on the way`() throws {
        let text = LongTermBearer.text(name: "a", secret: "bc")
        #expect(text.hasSuffix("="))
        let bare = text.prefix { $0 != "=" }
        #expect(try BearerToken(bare) == BearerToken(text[...]))
    }

    @Test func `a short-term key is the request that was presigned`() throws {
        let signed = "Action=CallWithBearerToken&X-Amz-Expires=43200&X-Amz-Signature=00"
        let token = try BearerToken(self.shortTerm("bedrock.amazonaws.com/?\(signed)&Version=1"))
        let head = RequestHead(
            method: "POST", path: "/", query: signed, headers: ["host": "bedrock.amazonaws.com"])
        #expect(token == .shortTerm(head))
    }

    @Test(
        arguments: [
            "", "bedrock.amazonaws.com", "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Expires=60",
            "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Expires=43201&Version=1",
            "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Expires=x&Version=1",
            "bedrock.amazonaws.com/?Action=CallWithBearerToken&Version=1",
            "bedrock.amazonaws.com/?Action=Other&X-Amz-Expires=60&Version=1",
            "bedrock.amazonaws.com/x?Action=CallWithBearerToken&X-Amz-Expires=60&Version=1",
        ])
    func `what was presigned for something else, or for too long, is no key`(_ plain: String) {
        #expect(throws: BearerError.invalid) { _ = try BearerToken(self.shortTerm(plain)) }
    }

    @Test func `what cannot be read is refused`() {
        #expect(throws: BearerError.unknownPrefix) { _ = try BearerToken("sk-123") }
        #expect(throws: BearerError.unknownPrefix) { _ = try BearerToken("") }
        #expect(throws: BearerError.invalid) { _ = try BearerToken("ABSK%%%") }
        #expect(throws: BearerError.invalid) { _ = try BearerToken("ABSK\(Base64.encode("no colon".utf8))") }
        let long = "ABSK" + String(repeating: "A", count: BearerToken.bytesMax)
        #expect(throws: BearerError.invalid) { _ = try BearerToken(long[...]) }
    }
}
