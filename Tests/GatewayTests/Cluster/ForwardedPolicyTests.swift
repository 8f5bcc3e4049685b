import Gateway
import Policy
import Primitives
import ServiceKit
import Signing
import Testing

/// Who decides what a user may do whose request a gateway hands over: the node, by the policies that it knows.
@Suite struct ForwardedPolicyTests {
    private static func identity(_ action: String?, isOutOfReach: Bool = false) throws -> TestIdentity {
        var identity = TestIdentity()
        identity.isOutOfReach = isOutOfReach
        if let action {
            let text = "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"\(action)\",\"Resource\":\"*\"}}"
            identity.userPolicies = UserPolicies([try PolicyDocument(text, .identity)])
        }
        return identity
    }

    private func answer(_ gateway: TestIdentity, _ node: TestIdentity) async throws -> Answer {
        let cluster = try TestCluster(identity: gateway, nodeIdentity: node)
        return await cluster.send(try TestRequest.buy.signed(for: "shop"))
    }

    @Test func `the node's policies decide, whatever the gateway's allow`() async throws {
        let denied = try await self.answer(Self.identity("shop:Buy"), Self.identity("shop:Look"))
        #expect(denied.status == 400)
        #expect(denied.text.contains("because no identity-based policy allows the shop:Buy action"))
        #expect(try await self.answer(Self.identity("shop:Look"), Self.identity("shop:Buy")).status == 200)
        #expect(try await self.answer(Self.identity(nil), Self.identity("shop:Look")).status == 400)
        #expect(try await self.answer(Self.identity(nil), Self.identity(nil)).status == 200)
    }

    @Test func `a user whose policies have not come to the node yet is not served there`() async throws {
        let answer = try await self.answer(Self.identity("shop:Buy"), Self.identity(nil))
        #expect(answer.status == 503)
        #expect(answer.text.contains("ServiceUnavailable"))
    }

    @Test func `a node that cannot ask for policies serves no user`() async throws {
        let answer = try await self.answer(Self.identity(nil), Self.identity(nil, isOutOfReach: true))
        #expect(answer.status == 503)
    }

    @Test(arguments: [
        "root", "user", "user+policies", "user+policies+LONG_TERM", "user+policies+SHORT_TERM", "root+1795874400000",
        "user+1795874400000", "user+policies+1795874400000",
    ])
    func `what is stated of a principal's kind reads back`(_ text: String) throws {
        #expect(try #require(ForwardedKind(text)).text == text)
    }

    @Test(
        arguments: [
            "", "nobody", "user+", "user+policies+", "user+policies+FOREVER", "root+policies",
            "user+policies+LONG_TERM+more", "1795874400000", "user+01", "user+1795874400000+policies", "nobody+1",
        ])
    func `another kind is none`(_ text: String) {
        #expect(ForwardedKind(text) == nil)
    }
}
