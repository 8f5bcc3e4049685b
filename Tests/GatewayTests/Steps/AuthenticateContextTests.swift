import Gateway
import Primitives
import ServiceModel
import Signing
import Synchronization
import Telemetry
import Testing

/// What a handler learns of the sender, and what the log says of keys that were refused.
@Suite struct AuthenticateContextTests {
    /// The contexts that handlers saw.
    private final class Seen: Sendable {
        let contexts = Mutex<[RequestContext]>([])
        var last: RequestContext? { self.contexts.withLock { $0.last } }
    }

    private let seen = Seen()

    private func gateway(_ mode: Authenticator.Mode = .verify) -> TestGateway {
        let seen = self.seen
        return TestGateway(mode: mode) { (text, context) async throws(ServiceError) in
            seen.contexts.withLock { $0.append(context) }
            return text
        }
    }

    @Test func `a handler is told the key's principal, the scope's region, the time and the client`() async throws {
        let gateway = self.gateway()
        let region = try #require(Region("eu-west-3"))
        let request = try TestRequest.buy.with("User-Agent", "Boto3/1").signed(for: "shop", region: region)
        #expect(await gateway.send(request, from: .remote).status == 200)
        let context = try #require(self.seen.last)
        #expect(context.principal.arn == "arn:aws:iam::111122223333:user/ana")
        #expect(context.account == TestIdentity.account)
        #expect(context.region == region)
        #expect(context.time == TestIdentity.now)
        #expect(context.sourceAddress == "203.0.113.9")
        #expect(context.isTLS)
        #expect(context.userAgent == "Boto3/1")
        #expect(context.principal.accessKeyID == "AKIAROOT")
    }

    @Test func `a session's key is proven with its token`() async throws {
        let request = try TestRequest.buy.signed(for: "shop", by: TestIdentity.session)
        #expect(await self.gateway().send(request).status == 200)
        #expect(self.seen.last?.principal.accessKeyID == "ASIASESSION")
    }

    @Test func `an operation that AWS takes unsigned is anybody's, and a signature on it is still proven`() async throws
    {
        let gateway = self.gateway()
        let look = TestRequest.json("Shop_20260101.Look")
        #expect(await gateway.send(look).status == 200)
        let anonymous = try #require(self.seen.last)
        #expect(anonymous.principal.kind == .anonymous)
        #expect(anonymous.account == .standard)
        #expect(anonymous.region == .standard)
        #expect(await gateway.send(try look.signed(for: "shop")).status == 200)
        #expect(self.seen.last?.principal.kind == .user)
        let forged = try look.signed(
            for: "shop", by: SigningCredential(accessKeyID: "AKIAROOT", secretAccessKey: "guess"))
        #expect(await gateway.send(forged).status == 400)
    }

    @Test(arguments: [("444455556666", "444455556666"), ("whoever", "000000000000"), ("AKIAOFF", "000000000000")])
    func `who asked for no verification believes every key, and twelve digits are an account`(
        _ accessKeyID: String, _ account: String
    ) async throws {
        let request = try TestRequest.buy.signed(
            for: "shop", by: SigningCredential(accessKeyID: accessKeyID, secretAccessKey: "x"),
            at: Timestamp(secondsSinceEpoch: 0), region: try #require(Region("eu-west-3")))
        #expect(await self.gateway(.acceptAnyCredentials).send(request, from: .remote).status == 200)
        let context = try #require(self.seen.last)
        #expect(context.principal.arn == "arn:aws:iam::\(account):root")
        #expect(context.region.description == "eu-west-3")
        #expect(context.principal.accessKeyID == accessKeyID)
    }

    @Test func `a credential that is no scope is believed too, in the region of the server`() async {
        let request = TestRequest.buy.with("X-Amz-Date", "20260101T000000Z").with(
            "Authorization", "AWS4-HMAC-SHA256 Credential=mock, SignedHeaders=host, Signature=mock")
        #expect(await self.gateway(.acceptAnyCredentials).send(request).status == 200)
        #expect(self.seen.last?.region == .standard)
        #expect(self.seen.last?.principal.accessKeyID == "mock")
    }

    @Test func `the log says of an unknown key how to make it`() async throws {
        let gateway = self.gateway()
        let credential = SigningCredential(accessKeyID: "AKIA_NEW1", secretAccessKey: "secret-of-new")
        _ = await gateway.send(try TestRequest.buy.signed(for: "shop", by: credential))
        let warning = try #require(gateway.log.records.first { $0.message == "access key refused" })
        #expect(warning.level == .warning)
        #expect(warning.string("accessKeyId") == "AKIA_NEW1")
        #expect(warning.string("reason").contains("brume keys create --access-key-id AKIA_NEW1 --secret-access-key"))
        #expect(!gateway.log.text.contains("secret-of-new"))
    }

    @Test func `the log says of a session token that is none of its key to unset it`() async throws {
        let gateway = self.gateway()
        let credential = SigningCredential(
            accessKeyID: "ASIASESSION", secretAccessKey: "session-secret", sessionToken: "of-another-session")
        _ = await gateway.send(try TestRequest.buy.signed(for: "shop", by: credential))
        let warning = try #require(gateway.log.records.first { $0.message == "access key refused" })
        #expect(warning.string("accessKeyId") == "ASIASESSION")
        #expect(warning.string("reason").contains("`unset AWS_SESSION_TOKEN`"))
        #expect(!warning.string("reason").contains("keys create"))
        #expect(!gateway.log.text.contains("of-another-session"))
    }

    @Test func `the log says of a session's key without its token to set it`() async throws {
        let gateway = self.gateway()
        let credential = SigningCredential(accessKeyID: "ASIASESSION", secretAccessKey: "session-secret")
        _ = await gateway.send(try TestRequest.buy.signed(for: "shop", by: credential))
        let warning = try #require(gateway.log.records.first { $0.message == "access key refused" })
        #expect(warning.string("reason").contains("set AWS_SESSION_TOKEN"))
        #expect(!warning.string("reason").contains("keys create"))
    }

    @Test(arguments: ["x;curl evil", "$(reboot)", "`id`", "a'b", "a b", String(repeating: "A", count: 129)])
    func `a remedy to be copied into a shell holds no key id that is not one`(_ accessKeyID: String) async throws {
        let gateway = self.gateway()
        let credential = "\(accessKeyID)/20231114/us-east-1/shop/aws4_request"
        let request = TestRequest.buy.with("X-Amz-Date", "20231114T221320Z").with(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=host;x-amz-date;x-amz-target, Signature=00")
        #expect(await gateway.send(request).status == 400)
        for record in gateway.log.records {
            #expect(!record.string("reason").contains(accessKeyID))
            #expect(record.string("accessKeyId").utf8.count <= 128)
        }
    }

    @Test func `the log says of a key that is switched off that it is`() async throws {
        let gateway = self.gateway()
        _ = await gateway.send(try TestRequest.buy.signed(for: "shop", by: TestIdentity.inactive))
        let warning = try #require(gateway.log.records.first { $0.message == "access key refused" })
        #expect(warning.string("reason") == "the key is inactive")
    }
}
