import Policy
import Testing

struct PolicyParserTests {
    @Test(
        arguments: [
            ("", "This policy contains invalid Json"),
            ("{not json", "This policy contains invalid Json"),
            ("[]", "This policy contains invalid Json"),
            ("{} x", "This policy contains invalid Json"),
            (#"{"Version":"2012-10-17","Version":"2012-10-17"}"#, "This policy contains invalid Json"),
            (#"{"Id":"\u12"}"#, "This policy contains invalid Json"),
            (#"{"Id":"\ud800"}"#, "This policy contains invalid Json"),
            (#"{"Id":01}"#, "This policy contains invalid Json"),
            ("null", "This text appears not to be a policy"),
            ("\"policy\"", "This text appears not to be a policy"),
            ("{}", "Syntax error at position (1,3)"),
            ("{\n}", "Syntax error at position (2,2)"),
            (#"{"Version":"2013"}"#, "Syntax error at position (1,18)"),
            (#"{"Statement":[]}"#, "Could not parse the policy: Statement is empty!"),
            (#"{"Statement":[{}]}"#, "Missing required field Effect"),
            (#"{"Statement":7}"#, "Syntax error at position (1,15)"),
            (#"{"Statement":[],"Extra":1}"#, "Syntax error at position (1,26)"),
        ] as [(String, String)])
    func `what is no policy is refused with IAM's sentence`(_ text: String, _ sentence: String) {
        let error = #expect(throws: PolicyError.self) { try PolicyDocument(text, .resource) }
        #expect(error?.description == sentence)
    }

    @Test(
        arguments: [
            (#""Effect":"Allow""#, "Missing required field Principal"),
            (#""Effect":"Allow","Principal":"*""#, "Missing required field Action"),
            (#""Effect":"Allow","Principal":"*","Action":"*""#, "Missing required field Resource"),
            (#""Effect":"Allow","Principal":"*","Action":[]"#, "Missing required field Action cannot be empty!"),
            (#""Effect":"Allow","Principal":{}"#, "Missing required field Principal cannot be empty!"),
            (#""Effect":"Perhaps""#, "Syntax error at position (1,57)"),
            (#""Effect":"Allow","Principal":"111122223333""#, "Syntax error at position (1,82)"),
            (#""Effect":"Allow","Principal":{"AWS":"nobody"}"#, "Invalid principal in policy document."),
            (
                #""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/*"}"#,
                "Invalid principal in policy document."
            ),
            (
                #""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:group/all"}"#,
                "Invalid principal in policy document."
            ),
            (#""Effect":"Allow","Principal":{"Service":"example.com"}"#, "Invalid principal in policy document."),
            (#""Effect":"Allow","Principal":{"Users":"ana"}"#, "Syntax error at position (1,82)"),
            (#""Effect":"Allow","Action":"*","NotAction":"*""#, "Syntax error at position (1,84)"),
            (#""Effect":"Allow","Condition":{"StringEqual":{}}"#, "Syntax error at position (1,85)"),
            (#""Effect":"Allow","Condition":{"Null":{"a":{}}}"#, "Syntax error at position (1,83)"),
        ] as [(String, String)])
    func `a statement that is none is refused with IAM's sentence`(_ members: String, _ sentence: String) {
        let error = #expect(throws: PolicyError.self) { try policy(members) }
        #expect(error?.description == sentence)
    }

    @Test func `statements have ids of their own`() throws {
        let one = #""Sid":"one","# + statement()
        let error = #expect(throws: PolicyError.self) { try policy(one, one) }
        #expect(error?.description == "The Statement Ids in the policy are not unique")
        _ = try policy(one, #""Sid":"two","# + statement(), statement(), statement())
        // As consoles write policies of users.
        let unnamed = #"{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"}"#
        _ = try PolicyDocument(#"{"Statement":[\#(unnamed),\#(unnamed)]}"#, .identity)
    }

    @Test func `a grammar demands and forbids what its kind of policy has`() throws {
        let about = #""Effect":"Allow","Action":"*""#
        func read(_ members: String, _ grammar: PolicyGrammar) throws(PolicyError) {
            _ = try PolicyDocument(#"{"Statement":{\#(members)}}"#, grammar)
        }
        try read(about + #","Resource":"*""#, .identity)
        try read(about + #","Principal":{"Service":"lambda.amazonaws.com"}"#, .trust)
        #expect(throws: PolicyError.prohibitedField("Principal")) {
            try read(about + #","Resource":"*","Principal":"*""#, .identity)
        }
        #expect(throws: PolicyError.prohibitedField("Resource")) {
            try read(about + #","Resource":"*","Principal":"*""#, .trust)
        }
    }

    @Test func `a text is nested as deep as the limit, and no deeper`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let inside = #expect(throws: PolicyError.self) { try PolicyDocument("{\"Id\":\(nested(31))}", .resource) }
        #expect(inside == .syntax(line: 1, column: 69))
        let beyond = #expect(throws: PolicyError.self) { try PolicyDocument("{\"Id\":\(nested(32))}", .resource) }
        #expect(beyond == .invalidJSON)
    }
}
