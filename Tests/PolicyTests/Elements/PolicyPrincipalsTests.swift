import Policy
import Testing

struct PolicyPrincipalsTests {
    private static let session = "arn:aws:sts::111122223333:assumed-role/reader/session-1"

    @Test(
        arguments: [
            (#""*""#, "arn:aws:iam::111122223333:user/ana", true),
            (#"{"AWS":"*"}"#, "arn:aws:iam::111122223333:user/ana", true),
            (#"{"AWS":"111122223333"}"#, "arn:aws:iam::111122223333:user/ana", true),
            (#"{"AWS":"arn:aws:iam::111122223333:root"}"#, Self.session, true),
            (#"{"AWS":"444455556666"}"#, "arn:aws:iam::111122223333:user/ana", false),
            (#"{"AWS":"arn:aws:iam::111122223333:user/ana"}"#, "arn:aws:iam::111122223333:user/ana", true),
            (#"{"AWS":"arn:aws:iam::111122223333:user/ana"}"#, "arn:aws:iam::111122223333:root", false),
            (
                #"{"AWS":["arn:aws:iam::111122223333:user/bob","arn:aws:iam::111122223333:user/ana"]}"#,
                "arn:aws:iam::111122223333:user/ana", true
            ),
            (#"{"AWS":"arn:aws:iam::111122223333:role/path/reader"}"#, Self.session, true),
            (#"{"AWS":"arn:aws:iam::111122223333:role/writer"}"#, Self.session, false),
            (#"{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/session-1"}"#, Self.session, true),
            (#"{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/session-2"}"#, Self.session, false),
            (#"{"Service":"lambda.amazonaws.com"}"#, "arn:aws:iam::111122223333:user/ana", false),
        ] as [(String, String, Bool)])
    func `a principal is a name, an account, or a role with its sessions`(
        _ principal: String, _ caller: String, _ isMeant: Bool
    ) throws {
        let asked = request(by: caller)
        let allowed = try policy(statement(principal: #""Principal":\#(principal)"#)).decision(for: asked)
        #expect((allowed == .allow) == isMeant)
        guard principal != #""*""# else { return }
        let denied = try policy(statement("Deny", principal: #""NotPrincipal":\#(principal)"#)).decision(for: asked)
        #expect((denied == .explicitDeny) == !isMeant)
    }

    @Test func `a service asks for itself`() throws {
        let document = try policy(statement(principal: #""Principal":{"Service":"lambda.amazonaws.com"}"#))
        let caller = PolicyRequest.Caller(account: "", arn: "", service: "lambda.amazonaws.com")
        #expect(document.decision(for: PolicyRequest(caller: caller, action: "a:b", resource: "*")) == .allow)
    }

    @Test func `everybody is meant by a star in either form`() throws {
        for (principal, isEveryone) in [
            (#""Principal":"*""#, true), (#""Principal":{"AWS":["111122223333","*"]}"#, true),
            (#""Principal":{"AWS":"111122223333"}"#, false), (#""NotPrincipal":{"AWS":"*"}"#, false),
        ] {
            let document = try policy(statement(principal: principal))
            #expect(document.statements[0].principal?.isEveryone == isEveryone)
        }
    }
}
