import Policy
import Testing

struct PolicyConditionTests {
    private static let keys: [String: [String]] = [
        "aws:username": ["ana"], "s3:max-keys": ["10"], "aws:SecureTransport": ["true"],
        "aws:CurrentTime": ["2026-11-28T14:00:00Z"], "aws:EpochTime": ["1795874400"], "aws:SourceIp": ["203.0.113.7"],
        "six": ["2001:db8::17"], "aws:PrincipalArn": ["arn:aws:iam::111122223333:role/reader"],
        "dynamodb:Attributes": ["id", "name"], "none": [], "bytes": ["QmFzZTY0"], "key": ["\u{e9}"],
    ]

    private func holds(_ condition: String) throws -> Bool {
        let document = try policy(statement(condition: condition))
        return document.decision(for: request(with: Self.keys)) == .allow
    }

    @Test(
        arguments: [
            (#"{"StringEquals":{"aws:username":"ana"}}"#, true), (#"{"StringEquals":{"AWS:UserName":"ana"}}"#, true),
            (#"{"stringequals":{"aws:username":"ana"}}"#, true), (#"{"StringEquals":{"aws:username":"Ana"}}"#, false),
            (#"{"StringEquals":{"aws:username":["bob","ana"]}}"#, true),
            (#"{"StringEquals":{"aws:username":"${aws:username}"}}"#, true),
            (#"{"StringEquals":{"aws:username":"an?"}}"#, false),
            // One character, and two that look like it.
            (#"{"StringEquals":{"key":"\u00e9"}}"#, true), (#"{"StringEquals":{"key":"e\u0301"}}"#, false),
            (#"{"StringNotEquals":{"key":"e\u0301"}}"#, true),
            (#"{"StringEqualsIgnoreCase":{"key":"\u00c9"}}"#, true),
            (#"{"StringEqualsIgnoreCase":{"key":"E\u0301"}}"#, false),
            (#"{"StringNotEquals":{"aws:username":"bob"}}"#, true),
            (#"{"StringNotEquals":{"aws:username":["bob","ana"]}}"#, false),
            (#"{"StringEqualsIgnoreCase":{"aws:username":"ANA"}}"#, true),
            (#"{"StringNotEqualsIgnoreCase":{"aws:username":"ANA"}}"#, false),
            (#"{"StringLike":{"aws:username":"a*"}}"#, true), (#"{"StringNotLike":{"aws:username":"a*"}}"#, false),
            (#"{"NumericEquals":{"s3:max-keys":"10.0"}}"#, true), (#"{"NumericEquals":{"s3:max-keys":"ten"}}"#, false),
            (#"{"NumericEquals":{"s3:max-keys":"0xA"}}"#, false),
            (#"{"NumericEquals":{"s3:max-keys":"1e1"}}"#, true), (#"{"NumericLessThan":{"s3:max-keys":"inf"}}"#, false),
            (#"{"NumericNotEquals":{"s3:max-keys":"11"}}"#, true),
            (#"{"NumericLessThan":{"s3:max-keys":"10"}}"#, false),
            (#"{"NumericLessThanEquals":{"s3:max-keys":10}}"#, true),
            (#"{"NumericGreaterThan":{"s3:max-keys":"9"}}"#, true),
            (#"{"NumericGreaterThanEquals":{"s3:max-keys":"10.5"}}"#, false),
            (#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-28T13:59:59.999Z"}}"#, true),
            (#"{"DateLessThan":{"aws:CurrentTime":"2026-11-28T16:00:01+02:00"}}"#, true),
            (#"{"DateLessThanEquals":{"aws:CurrentTime":"2026-11-28"}}"#, false),
            (#"{"DateEquals":{"aws:CurrentTime":"2026-11-28T14:00:00"}}"#, true),
            (#"{"DateEquals":{"aws:CurrentTime":"2026-11-28t14:00z"}}"#, true),
            (#"{"DateEquals":{"aws:CurrentTime":"2026-11-28T16:00+02"}}"#, true),
            (#"{"DateEquals":{"aws:CurrentTime":"2026-11-28T16:00+02:"}}"#, false),
            (#"{"DateEquals":{"aws:CurrentTime":"2026-11-28T14:00 Z"}}"#, false),
            (#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11"}}"#, true),
            (#"{"DateGreaterThan":{"aws:CurrentTime":"2026-12"}}"#, false),
            (#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11T00:00Z"}}"#, false),
            (#"{"DateEquals":{"aws:EpochTime":"2026-11-28T14:00Z"}}"#, true),
            (#"{"DateNotEquals":{"aws:CurrentTime":"1795874400"}}"#, false),
            (#"{"DateGreaterThanEquals":{"aws:CurrentTime":"tomorrow"}}"#, false),
            (#"{"Bool":{"aws:SecureTransport":"true"}}"#, true), (#"{"Bool":{"aws:SecureTransport":false}}"#, false),
            (#"{"BinaryEquals":{"bytes":"QmFzZTY0"}}"#, true),
            (#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, true),
            (#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/29"}}"#, true),
            (#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/30"}}"#, false),
            (#"{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}"#, true),
            (#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, true), (#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#, false),
            (#"{"IpAddress":{"six":"2001:db8::/32"}}"#, true), (#"{"IpAddress":{"six":"2001:db8::10/124"}}"#, true),
            (#"{"IpAddress":{"six":"2001:db8::10/125"}}"#, true), (#"{"IpAddress":{"six":"2001:db8::10/126"}}"#, false),
            (#"{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}"#, false),
            (#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}"#, true),
            (#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/reader"}}"#, true),
            (#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/writer"}}"#, true),
            (#"{"ArnLike":{"aws:PrincipalArn":"arn:*"}}"#, false),
            (#"{"Null":{"aws:username":"false"}}"#, true), (#"{"Null":{"aws:username":"true"}}"#, false),
            (#"{"Null":{"absent":"true"}}"#, true), (#"{"Null":{"absent":"false"}}"#, false),
        ] as [(String, Bool)])
    func `an operator compares what it is for`(_ condition: String, _ holds: Bool) throws {
        #expect(try self.holds(condition) == holds)
    }

    @Test(
        arguments: [
            (#"{"StringEquals":{"absent":"x"}}"#, false), (#"{"StringNotEquals":{"absent":"x"}}"#, true),
            (#"{"StringEqualsIfExists":{"absent":"x"}}"#, true),
            (#"{"StringEqualsIfExists":{"aws:username":"x"}}"#, false),
            (#"{"BoolIfExists":{"absent":"true"}}"#, true),
            (#"{"ForAllValues:StringEquals":{"absent":"x"}}"#, true),
            (#"{"ForAllValues:StringEquals":{"none":"x"}}"#, true),
            (#"{"ForAnyValue:StringEquals":{"absent":"x"}}"#, false),
            (#"{"ForAnyValue:StringEqualsIfExists":{"absent":"x"}}"#, false),
            (#"{"ForAnyValue:StringNotEqualsIfExists":{"absent":"x"}}"#, false),
            (#"{"ForAllValues:StringEqualsIfExists":{"absent":"x"}}"#, true),
            (#"{"ForAnyValue:StringEquals":{"none":"x"}}"#, false),
            (#"{"ForAllValues:StringEquals":{"dynamodb:Attributes":["id","name","age"]}}"#, true),
            (#"{"ForAllValues:StringEquals":{"dynamodb:Attributes":["id"]}}"#, false),
            (#"{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["name"]}}"#, true),
            (#"{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["age"]}}"#, false),
            (#"{"ForAllValues:StringNotEquals":{"dynamodb:Attributes":["name"]}}"#, false),
            (#"{"ForAnyValue:StringNotEquals":{"dynamodb:Attributes":["name"]}}"#, true),
            (#"{"forallvalues:stringlikeifexists":{"dynamodb:Attributes":"*"}}"#, true),
        ] as [(String, Bool)])
    func `a key that is not there, or is there several times, counts as its operator says`(
        _ condition: String, _ holds: Bool
    ) throws {
        #expect(try self.holds(condition) == holds)
    }

    @Test(arguments: ["a", "b"])
    func `names that differ in case only are one key with the values of all`(_ value: String) throws {
        let condition = "{\"StringEquals\":{\"aws:RequestTag/team\":\"\(value)\"}}"
        let document = try policy(statement(condition: condition))
        var asked = request(with: ["aws:RequestTag/Team": ["a"], "aws:RequestTag/TEAM": ["b"]])
        #expect(document.decision(for: asked) == .allow)
        asked.set("aws:RequestTag/team", ["c"])
        #expect(document.decision(for: asked) == .notApplicable)
        asked.add("aws:RequestTag/tEAM", [value])
        #expect(document.decision(for: asked) == .allow)
    }

    @Test func `all conditions must hold`() throws {
        let both = #"{"StringEquals":{"aws:username":"ana","s3:max-keys":"10"},"Bool":{"aws:SecureTransport":"true"}}"#
        let one = #"{"StringEquals":{"aws:username":"ana","s3:max-keys":"11"},"Bool":{"aws:SecureTransport":"true"}}"#
        #expect(try self.holds(both))
        #expect(try !self.holds(one))
    }

    @Test(arguments: ["StringEqual", "ForSome:StringEquals", "NullIfExists", "", "IfExists", "ForAnyValue:"])
    func `what is no operator is none`(_ text: String) {
        #expect(ConditionOperator(text) == nil)
    }

    @Test func `an operator is told in IAM's letters`() {
        #expect(ConditionOperator("foranyvalue:STRINGLIKEIFEXISTS")?.description == "ForAnyValue:StringLikeIfExists")
    }
}
