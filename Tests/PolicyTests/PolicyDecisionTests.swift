import Policy
import Testing

struct PolicyDecisionTests {
    @Test func `an explicit deny wins, wherever it stands`() throws {
        let allow = statement()
        let deny = statement("Deny", action: #""Action":"dynamodb:Delete*""#)
        for document in [try policy(allow, deny), try policy(deny, allow)] {
            #expect(document.decision(for: request()) == .allow)
            #expect(document.decision(for: request("dynamodb:DeleteItem")) == .explicitDeny)
        }
    }

    @Test func `what no statement is about is not said`() throws {
        let document = try policy(statement(action: #""Action":"s3:GetObject""#))
        #expect(document.decision(for: request()) == .notApplicable)
    }

    @Test func `an anonymous caller is everybody alone`() throws {
        let anonymous = request(by: "", of: "")
        #expect(try policy(statement()).decision(for: anonymous) == .allow)
        let account = statement(principal: #""Principal":{"AWS":"111122223333"}"#)
        #expect(try policy(account).decision(for: anonymous) == .notApplicable)
    }

    @Test(
        arguments: [
            ("Deny", #""Resource":"*:table/alias""#, .explicitDeny),
            ("Deny", #""Resource":"*:table/o*""#, .explicitDeny),
            ("Deny", #""Resource":"*:table/x""#, .notApplicable),
            ("Deny", #""NotResource":"*:table/alias""#, .notApplicable),
            ("Deny", #""NotResource":"*:table/orders""#, .notApplicable),
            ("Deny", #""NotResource":"*:table/x""#, .explicitDeny),
            ("Allow", #""Resource":"*:table/alias""#, .notApplicable), ("Allow", #""Resource":"*:table/o*""#, .allow),
            ("Allow", #""NotResource":"*:table/alias""#, .notApplicable),
            ("Allow", #""NotResource":"*:table/x""#, .allow),
        ] as [(String, String, PolicyDecision)])
    func `another name of a resource can only take permissions away`(
        _ effect: String, _ resource: String, _ decision: PolicyDecision
    ) throws {
        let prefix = "arn:aws:dynamodb:us-east-1:111122223333"
        var asked = request()
        asked.otherResources = [prefix + ":table/alias", prefix + ":table/model"]
        let document = try policy(statement(effect, resource: resource.replacing("*:table", with: prefix + ":table")))
        #expect(document.decision(for: asked) == decision)
    }

    @Test(
        arguments: [
            ([], .notApplicable), ([.notApplicable], .notApplicable), ([.notApplicable, .allow], .allow),
            ([.allow, .explicitDeny, .allow], .explicitDeny), ([.explicitDeny], .explicitDeny),
        ] as [([PolicyDecision], PolicyDecision)])
    func `several policies are one decision`(_ decisions: [PolicyDecision], _ combined: PolicyDecision) {
        #expect(PolicyDecision.combined(decisions) == combined)
    }
}
