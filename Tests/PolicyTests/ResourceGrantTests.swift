import Policy
import Testing

/// When the policy of a resource is enough for a user of the same account.
struct ResourceGrantTests {
    private func allows(_ statements: String...) throws -> Bool {
        let list = statements.map { "{\($0)}" }.joined(separator: ",")
        let text = "{\"Version\":\"2012-10-17\",\"Statement\":[\(list)]}"
        return try PolicyDocument(text, .resource).allowsCaller(of: request())
    }

    private func whom(_ names: String...) -> String {
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        return "\"Principal\":{\"AWS\":[\(list)]}"
    }

    @Test func `a policy that names the user, or everybody, allows by itself`() throws {
        #expect(try self.allows(statement(principal: self.whom("arn:aws:iam::111122223333:user/ana"))))
        #expect(try self.allows(statement()))
        #expect(try self.allows(statement(principal: self.whom("*"))))
        #expect(try self.allows(statement(principal: #""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/bob"}"#)))
    }

    @Test func `a policy that names the account leaves it to the account`() throws {
        #expect(try !self.allows(statement(principal: self.whom("111122223333"))))
        #expect(try !self.allows(statement(principal: self.whom("arn:aws:iam::111122223333:root"))))
        let both = self.whom("111122223333", "arn:aws:iam::111122223333:user/ana")
        #expect(try self.allows(statement(principal: both)))
    }

    @Test func `another user, a deny and another action allow nothing`() throws {
        #expect(try !self.allows(statement(principal: self.whom("arn:aws:iam::111122223333:user/bob"))))
        #expect(try !self.allows(statement("Deny")))
        #expect(try !self.allows(statement(action: #""Action":"dynamodb:Scan""#)))
    }

    @Test func `the place of an error is that of the text`() {
        func place(_ text: String) -> String {
            do throws(PolicyError) {
                _ = try PolicyDocument(text, .identity)
                return "none"
            } catch {
                return error.place(in: text).map { "\($0.line):\($0.column)" } ?? "everywhere"
            }
        }
        #expect(place("{") == "1:2")
        #expect(place("{\n  \"Statement\": [,]}") == "2:17")
        #expect(place("{\n\"Version\": \"2000-01-01\"}") == "2:24")
        #expect(place(#"{"Statement":{"Effect":"Allow","Action":"*"}}"#) == "everywhere")
        #expect(place(#"{} {}"#) == "1:4")
    }
}
