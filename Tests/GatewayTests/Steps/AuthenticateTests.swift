import Gateway
import Primitives
import ServiceModel
import Signing
import Synchronization
import Testing

/// Who sent a request, or why nobody believes it.
@Suite struct AuthenticateTests {
    /// Something that is wrong with a signed request.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Code and status of awsJson, awsQuery and restJson1.
        let json: String
        let query: (code: String, status: Int)
        let sentence: String
        let make: @Sendable (TestRequest, String) throws -> TestRequest

        init(
            _ name: String, json: String, query: String, _ status: Int, _ sentence: String,
            make: @escaping @Sendable (TestRequest, String) throws -> TestRequest
        ) {
            self.testDescription = name
            self.json = json
            self.query = (query, status)
            self.sentence = sentence
            self.make = make
        }
    }

    private static let invalidToken = "The security token included in the request is invalid."
    private static let later = Timestamp(secondsSinceEpoch: 1_700_000_000 + 901)
    private static let earlier = Timestamp(secondsSinceEpoch: 1_700_000_000 - 901)

    static let faults: [Fault] = [
        Fault(
            "no signature", json: "MissingAuthenticationTokenException", query: "MissingAuthenticationToken", 403,
            "Request is missing Authentication Token"
        ) { request, _ in request },
        Fault(
            "a bearer", json: "MissingAuthenticationTokenException", query: "MissingAuthenticationToken", 403,
            "Request is missing Authentication Token"
        ) { request, _ in request.with("Authorization", "Bearer abc") },
        Fault(
            "an unknown key", json: "UnrecognizedClientException", query: "InvalidClientTokenId", 403, invalidToken
        ) { request, service in
            try request.signed(for: service, by: SigningCredential(accessKeyID: "AKIANOBODY", secretAccessKey: "s"))
        },
        Fault(
            "a key that is switched off", json: "UnrecognizedClientException", query: "InvalidClientTokenId", 403,
            invalidToken
        ) { request, service in try request.signed(for: service, by: TestIdentity.inactive) },
        Fault(
            "a session without its token", json: "UnrecognizedClientException", query: "InvalidClientTokenId", 403,
            invalidToken
        ) { request, service in
            try request.signed(
                for: service,
                by: SigningCredential(accessKeyID: "ASIASESSION", secretAccessKey: "session-secret"))
        },
        Fault(
            "another session's token", json: "UnrecognizedClientException", query: "InvalidClientTokenId", 403,
            invalidToken
        ) { request, service in
            try request.signed(for: service, by: TestIdentity.session).with("X-Amz-Security-Token", "other")
        },
        Fault(
            "a session that is over", json: "ExpiredTokenException", query: "ExpiredToken", 403,
            "The security token included in the request is expired"
        ) { request, service in try request.signed(for: service, by: TestIdentity.expired) },
        Fault(
            "another secret", json: "InvalidSignatureException", query: "SignatureDoesNotMatch", 403,
            "The request signature we calculated does not match the signature you provided."
        ) { request, service in
            try request.signed(for: service, by: SigningCredential(accessKeyID: "AKIAROOT", secretAccessKey: "guess"))
        },
        Fault(
            "a signature that is too old", json: "InvalidSignatureException", query: "SignatureDoesNotMatch", 403,
            "Signature expired: 20231114T215819Z is now earlier than 20231114T215820Z (20231114T221320Z - 15 min.)"
        ) { request, service in try request.signed(for: service, at: earlier) },
        Fault(
            "a signature from the future", json: "InvalidSignatureException", query: "SignatureDoesNotMatch", 403,
            "Signature not yet current: 20231114T222821Z is still later than 20231114T222820Z (20231114T221320Z + "
                + "15 min.)"
        ) { request, service in try request.signed(for: service, at: later) },
        Fault(
            "another host", json: "InvalidSignatureException", query: "SignatureDoesNotMatch", 403,
            "The request signature we calculated does not match the signature you provided."
        ) { request, service in try request.signed(for: service).with("Host", "example.com") },
        Fault(
            "a header that is not signed", json: "InvalidSignatureException", query: "SignatureDoesNotMatch", 403,
            "'x-amz-extra' must be a 'SignedHeader' in the AWS Authorization."
        ) { request, service in try request.signed(for: service).with("x-amz-extra", "1") },
        Fault(
            "half a header", json: "IncompleteSignatureException", query: "IncompleteSignature", 400,
            "Authorization header requires 'Signature' parameter."
        ) { request, service in
            try request.signed(for: service).with(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=A/20231114/us-east-1/\(service)/aws4_request, SignedHeaders=host")
        },
    ]

    private let gateway = TestGateway()

    @Test(arguments: faults)
    func `a JSON service answers with its exception and status 400`(_ fault: Fault) async throws {
        let answer = await self.gateway.send(try fault.make(.buy, "shop"))
        #expect(answer.status == 400)
        #expect(answer.text.contains("#\(fault.json)\""), "\(answer.text)")
        #expect(answer.text.contains(fault.sentence), "\(answer.text)")
        #expect(self.gateway.log.requests.last?.string("error") == fault.json)
    }

    @Test(arguments: faults)
    func `a query service answers with the short code`(_ fault: Fault) async throws {
        let answer = await self.gateway.send(try fault.make(.count, "till"))
        #expect(answer.status == fault.query.status)
        #expect(answer.element("Code") == fault.query.code)
        // XML escapes the quotes.
        let message = answer.element("Message")?.replacing("&apos;", with: "'").replacing("&#39;", with: "'")
        #expect(message?.contains(fault.sentence) == true, "\(answer.text)")
    }

    @Test(arguments: faults)
    func `a REST service answers with the exception and status 403`(_ fault: Fault) async throws {
        let answer = await self.gateway.send(
            try fault.make(TestRequest("GET", "/books/b", ["Host": "books.localhost"]), "books"))
        #expect(answer.status == 403)
        #expect(answer.headers.first("x-amzn-errortype")?.hasPrefix(fault.json) == true, "\(answer.headers)")
    }

    @Test func `a body that was changed after signing is refused`() async throws {
        var request = try TestRequest.buy.signed(for: "shop")
        request.body = Array(#"{"Text":"other"}"#.utf8)
        #expect(await self.gateway.send(request).text.contains("InvalidSignatureException"))
    }

    @Test func `a scope of another service is refused, though X-Amz-Target names this one`() async throws {
        let answer = await self.gateway.send(try TestRequest.buy.signed(for: "till"))
        #expect(answer.status == 400)
        #expect(answer.text.contains("Credential should be scoped to correct service: 'shop'."))
    }

    @Test func `a presigned request is proven like any other, until its seconds are over`() async throws {
        let request = try TestRequest("GET", "/?Action=Count&Version=2026-02-02&Text=hi").presigned(for: "till")
        #expect(await self.gateway.send(request).status == 200)
        self.gateway.clock.advance(milliseconds: 60_000)
        #expect(await self.gateway.send(request).status == 200)
        self.gateway.clock.advance(milliseconds: 1)
        let answer = await self.gateway.send(request)
        #expect(answer.status == 403)
        #expect(answer.element("Message")?.hasPrefix("Signature expired") == true)
    }

    @Test func `fifteen minutes of difference are allowed to either side`() async throws {
        let now = TestIdentity.now.secondsSinceEpoch
        for seconds in [-900, 900] as [Int64] {
            let request = try TestRequest.buy.signed(
                for: "shop", at: Timestamp(secondsSinceEpoch: now + seconds))
            #expect(await self.gateway.send(request).status == 200)
        }
    }

    @Test func `a key for this machine is unknown to others`() async throws {
        let request = try TestRequest.buy.signed(for: "shop", by: TestIdentity.local)
        #expect(await self.gateway.send(request, from: .local).status == 200)
        let answer = await self.gateway.send(request, from: .remote)
        #expect(answer.text.contains("UnrecognizedClientException"))
        #expect(answer.text.contains(Self.invalidToken))
        #expect(self.gateway.log.text.contains("on this machine only; make one for others with `brume keys create`"))
    }
}
