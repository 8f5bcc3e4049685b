import Gateway
import Primitives
import ServiceModel
import Signing
import Synchronization
import Testing

/// Who may do what.
@Suite struct AuthorizeTests {
    /// Denies everything, and keeps what it was asked.
    private final class Denial: Authorizer {
        let asked = Mutex<[ResourceAccess]>([])

        func authorize(_ context: RequestContext, access: () -> [ResourceAccess]) throws(ServiceError) {
            let touched = access()
            self.asked.withLock { $0 += touched }
            throw ServiceError(
                code: "AccessDeniedException", status: 400, message: "User: \(context.principal.arn) may not")
        }
    }

    @Test func `what is denied never reaches its handler, and the decision knows action and resource`() async throws {
        let denial = Denial()
        let gateway = TestGateway(authorizer: denial) { (_, _) async throws(ServiceError) in
            Issue.record("the handler ran")
            return ""
        }
        let answer = await gateway.send(try TestRequest.buy.signed(for: "shop"))
        #expect(answer.status == 400)
        #expect(answer.text.contains("AccessDeniedException"))
        #expect(answer.text.contains("User: arn:aws:iam::111122223333:user/ana may not"))
        #expect(denial.asked.withLock { $0 } == [ResourceAccess(action: "shop:Buy", resource: "arn:hello")])
    }

    @Test func `what cannot be read is not judged`() async throws {
        let denial = Denial()
        let gateway = TestGateway(authorizer: denial)
        let answer = await gateway.send(try TestRequest.json("Shop_20260101.Buy", "{").signed(for: "shop"))
        #expect(answer.text.contains("SerializationException"))
        #expect(denial.asked.withLock { $0 }.isEmpty)
    }

    @Test func `nobody in particular may do what touches something`() async {
        let gateway = TestGateway()
        let free = await gateway.send(.json("Shop_20260101.Look", #"{"Text":"free"}"#))
        #expect(free.status == 200)
        let guarded = await gateway.send(.json("Shop_20260101.Look", #"{"Text":"guarded"}"#))
        #expect(guarded.status == 400)
        #expect(guarded.text.contains("AccessDeniedException"))
        #expect(
            guarded.text.contains("User: anonymous is not authorized to perform: shop:Look on resource: arn:guarded"))
    }

    @Test func `an account's key may do everything in it, and nothing is worked out for that`() throws {
        let context = RequestContext(
            requestID: RequestID("id"),
            principal: Principal(
                kind: .user, account: .standard, arn: "arn:aws:iam::000000000000:user/ana", userID: "AIDAANA",
                accessKeyID: "AKIA"),
            region: .standard, time: TestIdentity.now, sourceAddress: "127.0.0.1", isTLS: false, userAgent: "")
        try AccountAuthorizer().authorize(context) {
            Issue.record("the accesses were worked out")
            return []
        }
    }
}
