import Primitives
import Testing

@Suite struct AWSNamesTests {
    @Test(arguments: ["", "00000000000", "0000000000000", "00000000000a", "-00000000000", "٠٠٠٠٠٠", " 00000000000"])
    func `an account is twelve digits and nothing else`(_ text: String) {
        #expect(AccountID(text) == nil)
    }

    @Test func `an account keeps its leading zeros`() {
        #expect(AccountID("012345678901")?.description == "012345678901")
        #expect(AccountID("000000000000") == .standard)
    }

    @Test(arguments: ["us-east-1", "eu-central-1", "us-gov-west-1", "a", "mars-1", String(repeating: "r", count: 40)])
    func `any well-formed region is accepted`(_ text: String) {
        #expect(Region(text)?.description == text)
    }

    @Test(arguments: [
        "", "US-EAST-1", "us_east_1", "us east", "us/east", "é", "a\n", String(repeating: "r", count: 41),
    ])
    func `a region is 1 to 40 lower-case letters, digits and hyphens`(_ text: String) {
        #expect(Region(text) == nil)
    }

    @Test(arguments: [
        ("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov"), ("cnx-1", "aws"),
        ("us-gov", "aws"),
    ])
    func `a region's ARNs begin with its partition`(_ region: String, _ partition: String) throws {
        let region = try #require(Region(region))
        #expect(region.partition == partition)
        let arn = ARN(service: "dynamodb", region: region, account: .standard, resource: "table/t")
        #expect(arn.description == "arn:\(partition):dynamodb:\(region):000000000000:table/t")
    }

    @Test(arguments: [
        "arn:aws:dynamodb:us-east-1:000000000000:table/t", "arn:aws:s3:::bucket/key", "arn:aws:iam::000000000000:root",
        "arn:aws:logs:us-east-1:000000000000:log-group:a:*", "arn:aws:x:::::", "arn:aws-cn:s3:::é",
    ])
    func `an ARN comes back as it was, colons of the resource included`(_ text: String) throws {
        #expect(try #require(ARN(text)).description == text)
    }

    @Test func `an ARN's parts are where AWS has them`() throws {
        let arn = try #require(ARN("arn:aws:logs:eu-west-1:012345678901:log-group:a:*"))
        #expect([arn.partition, arn.service, arn.region, arn.account] == ["aws", "logs", "eu-west-1", "012345678901"])
        #expect(arn.resource == "log-group:a:*")
    }

    @Test(arguments: [
        "", "arn", "arn:aws:s3:::", "arn:aws:s3::bucket", "ARN:aws:s3:::b", "arn::s3:::b", "arn:aws::::b",
        "xarn:aws:s3:::b", "table/t",
    ])
    func `a text without partition, service or resource is no ARN`(_ text: String) {
        #expect(ARN(text) == nil)
    }
}
