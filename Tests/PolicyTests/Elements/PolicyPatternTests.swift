import Policy
import Testing

struct PolicyPatternTests {
    private func applies(_ members: String, _ request: PolicyRequest, version: String = "2012-10-17") throws -> Bool {
        try policy(members, version: version).decision(for: request) == .allow
    }

    @Test(
        arguments: [
            (#""Action":"*""#, true), (#""Action":"dynamodb:*""#, true), (#""Action":"dynamodb:Get*""#, true),
            (#""Action":"DYNAMODB:getitem""#, true), (#""Action":"dynamodb:GetIte?""#, true),
            (#""Action":"dynamodb:GetItem?""#, false), (#""Action":"s3:*""#, false),
            (#""Action":["s3:*","dynamodb:GetItem"]"#, true), (#""NotAction":"dynamodb:GetItem""#, false),
            (#""NotAction":"dynamodb:Put*""#, true), (#""Action":"dynamodb:*e*t*Item""#, true),
        ] as [(String, Bool)])
    func `an action is matched without regard to case`(_ action: String, _ applies: Bool) throws {
        #expect(try self.applies(statement(action: action), request()) == applies)
    }

    @Test(
        arguments: [
            ("*", true), ("arn:aws:dynamodb:us-east-1:111122223333:table/orders", true),
            ("arn:aws:dynamodb:*:*:table/*", true), ("arn:aws:dynamodb:*:111122223333:table/ord?rs", true),
            ("arn:aws:dynamodb:us-east-1:111122223333:table/ORDERS", false), ("arn:aws:*", false),
            ("arn:aws:dynamodb:us-east-1:111122223333:table/orders/index/*", false),
            ("arn:aws:dynamodb:us-east-1:111122223333:*", true), ("arn:aws:*:table/orders", false),
            // A star that ends a segment behind the service goes on over colons.
            ("arn:aws:dynamodb:*", true), ("arn:*:dynamodb:*", true), ("arn:aws:dynamodb:us-*", true),
            ("arn:aws:dynamodb:us-east-1:*", true), ("arn:aws:dynamodb:eu-*", false), ("arn:aws:s3:*", false),
            ("arn:aws:dynamodb:*:table/orders", true), ("arn:aws:dynamodb:*:table/other", false),
            ("arn:aws:dynamodb:us-*:*s", true), ("arn:aws:dynamodb:*orders", false),
            ("arn:aws:dynamodb:us-*-1:table/orders", false), ("arn:aws:dynamodb:us-east-1?111122223333:*", false),
            ("arn:aws:dynamodb:us-east-1", false),
        ] as [(String, Bool)])
    func `a resource is matched part by part`(_ pattern: String, _ applies: Bool) throws {
        #expect(try self.applies(statement(resource: #""Resource":"\#(pattern)""#), request()) == applies)
        #expect(try self.applies(statement(resource: #""NotResource":"\#(pattern)""#), request()) != applies)
    }

    @Test(
        arguments: [
            ("table/${aws:username}", "table/ana", true), ("table/${aws:username}", "table/bob", false),
            ("table/${AWS:UserName}*", "table/ana-1", true), ("table/${aws:none}", "table/", false),
            ("table/${aws:none, 'all'}", "table/all", true), ("table/${*}", "table/*", true),
            ("table/${*}", "table/x", false), ("table/${$}{x}", "table/${x}", true),
            ("table/${wild}", "table/*", true), ("table/${wild}", "table/x", false),
            ("table/${twice}", "table/a", false), ("table/${aws:username", "table/${aws:username", true),
        ] as [(String, String, Bool)])
    func `a variable stands for the request's value, which matches itself alone`(
        _ pattern: String, _ resource: String, _ applies: Bool
    ) throws {
        let prefix = "arn:aws:dynamodb:us-east-1:111122223333:"
        let keys = ["aws:username": ["ana"], "wild": ["*"], "twice": ["a", "b"]]
        let asked = request(resource: prefix + resource, keys)
        #expect(try self.applies(statement(resource: #""Resource":"\#(prefix)\#(pattern)""#), asked) == applies)
    }

    @Test func `the first version of the language has no variables`() throws {
        let members = statement(resource: #""Resource":"arn:aws:s3:::${aws:username}""#)
        let keys = ["aws:username": ["ana"]]
        let named = request(resource: "arn:aws:s3:::ana", keys)
        let literal = request(resource: "arn:aws:s3:::${aws:username}", keys)
        #expect(try self.applies(members, named))
        #expect(try !self.applies(members, named, version: "2008-10-17"))
        #expect(try self.applies(members, literal, version: "2008-10-17"))
    }

    @Test func `many stars take no time of their own`() throws {
        let pattern = String(repeating: "*a", count: 2000)
        let members = statement(resource: #""Resource":"arn:aws:s3:::\#(pattern)b""#)
        let resource = "arn:aws:s3:::" + String(repeating: "a", count: 2048)
        #expect(try !self.applies(members, request(resource: resource)))
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["${", "${,x", "${'", "${a,'"])
    func `variables that do not end are read in linear time`(_ part: String) throws {
        let text = String(repeating: part, count: 200_000)
        let members = statement(resource: #""Resource":"arn:aws:s3:::\#(text)""#)
        #expect(try self.applies(members, request(resource: "arn:aws:s3:::\(text)")))
    }
}

/// A request for another resource.
private func request(resource: String, _ keys: [String: [String]] = [:]) -> PolicyRequest {
    request("dynamodb:GetItem", resource, with: keys)
}
