import Gateway
import Policy
import Primitives
import ServiceKit
import ServiceModel
import Signing
import Synchronization
import Testing

/// Who may do what.
@Suite struct AuthorizeTests {
    /// Denies everything, and keeps what it was asked.
    private final class Denial: Authorizer {
        let asked = Mutex<[ResourceAccess]>([])

        func authorize(
            _ context: RequestContext, of service: ServiceEntry, access: () -> [ResourceAccess]
        ) throws(ServiceError) {
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

    private func gateway(_ statements: String) throws -> TestGateway {
        let text = "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements)]}"
        var identity = TestIdentity()
        identity.userPolicies = UserPolicies([try PolicyDocument(text, .identity)])
        return TestGateway(identity: identity)
    }

    private func answer(_ gateway: TestGateway) async throws -> Answer {
        await gateway.send(try TestRequest.buy.signed(for: "shop"))
    }

    @Test func `a user without policies may do everything in its account`() async throws {
        let gateway = TestGateway()
        #expect(try await self.answer(gateway).status == 200)
    }

    @Test func `a user with policies may do what one of them allows`() async throws {
        let gateway = try self.gateway(#"{"Effect":"Allow","Action":"shop:B*","Resource":"*"}"#)
        #expect(try await self.answer(gateway).status == 200)
    }

    @Test(
        arguments: [
            (
                #"{"Effect":"Allow","Action":"shop:Look","Resource":"*"}"#,
                "because no identity-based policy allows the shop:Buy action"
            ),
            (
                #"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"shop:*","Resource":"*"}"#,
                "with an explicit deny in an identity-based policy"
            ),
        ] as [(String, String)])
    func `what they do not allow, or deny, is refused in AWS's words`(
        _ statements: String, _ reason: String
    ) async throws {
        let answer = try await self.answer(try self.gateway(statements))
        #expect(answer.status == 400)
        #expect(answer.text.contains("AccessDeniedException"))
        let sentence =
            "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: shop:Buy on resource: arn:hello "
        #expect(answer.text.contains(sentence + reason))
    }
}
