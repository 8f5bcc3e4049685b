import Policy
import Primitives
import Testing

/// IAM's normal form, as a laboratory of the AWS Controllers for Kubernetes recorded it on AWS.
struct PolicyTextTests {
    private static let normal =
        #"{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","#
        + #""Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"dynamodb:GetItem","#
        + #""Resource":"arn:aws:dynamodb:us-west-2:111122223333:table/t"}]}"#

    @Test(
        arguments: [
            // Spaces, and members in any order.
            """
            {
                "Statement" : [ {
                    "Resource": "arn:aws:dynamodb:us-west-2:111122223333:table/t",
                    "Action": ["dynamodb:GetItem"], "Effect": "Allow", "Sid": "Read",
                    "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]}
                } ],
                "Version": "2012-10-17"
            }
            """,
            // An account by its digits, twice; escapes; one statement without a list; `allow`.
            #"{"Version":"2012-10-17","Statement":{"Sid":"R\u0065ad","Effect":"allow","#
                + #""Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:root"]},"#
                + #""Action":"dynamodb:GetItem","Resource":["arn:aws:dynamodb:us-west-2:111122223333:table\/t"]}}"#,
            Self.normal,
        ])
    func `texts of one meaning have one normal form`(_ text: String) throws {
        #expect(try PolicyDocument(text, .resource).text == Self.normal)
    }

    @Test func `lists keep their order and what is in them twice`() throws {
        let members =
            #""Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":["b:B","a:A","b:B"],"NotResource":["y","x"]"#
        let text = #"{"Statement":[{\#(members)}]}"#
        #expect(try PolicyDocument(text, .resource).text == text)
    }

    @Test func `a version that is not written stays unwritten`() throws {
        let document = try PolicyDocument("{\"Statement\":{\(statement())}}", .resource)
        #expect(document.version == nil)
        #expect(!document.text.contains("Version"))
    }

    @Test func `conditions become texts, those of one operator together`() throws {
        let condition = #"{"Bool":{"aws:SecureTransport":false},"NumericLessThan":{"s3:max-keys":[10]}}"#
        let document = try policy(statement("Deny", condition: condition))
        #expect(
            document.text.contains(
                #""Condition":{"Bool":{"aws:SecureTransport":"false"},"NumericLessThan":{"s3:max-keys":"10"}}"#))
    }

    @Test func `a partition's accounts get the partition's ARNs`() throws {
        let grammar = PolicyGrammar(hasPrincipal: true, hasResource: true, partition: "aws-cn")
        let members = statement(principal: #""Principal":{"AWS":"111122223333"}"#)
        let text = try PolicyDocument("{\"Statement\":{\(members)}}", grammar).text
        #expect(text.contains(#""arn:aws-cn:iam::111122223333:root""#))
    }

    @Test func `every text that is read is written so that it reads the same, and none ends the process`() {
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"Statement\"", "\"Version\"", "\"2012-10-17\"", "\"Effect\"", "\"Allow\"",
            "\"Principal\"", "\"*\"", "\"Action\"", "\"a:${b, 'c'}?\"", "\"Resource\"", "\"Condition\"",
            "\"ForAnyValue:StringLikeIfExists\"", "\"\\ud83d\\ude00\"", "null", "true", "-1.5e3", " ", "\n",
        ]
        let random = SeededRandomSource(seed: 11)
        let whole =
            "{\"Version\":\"2012-10-17\",\"Statement\":[{\(statement(condition: "{\"Null\":{\"k\":\"true\"}}"))}]}"
        var readable = 0
        for _ in 0..<4000 {
            var text = Array(whole)
            for _ in 0..<Int(random.bytes(1)[0] % 3) {
                let bytes = random.bytes(3)
                let place = min(text.count, Int(bytes[0]))
                let end = min(text.count, place + Int(bytes[1] % 8))
                text.replaceSubrange(place..<end, with: Array(pieces[Int(bytes[2]) % pieces.count]))
            }
            guard let document = try? PolicyDocument(String(text), .resource) else { continue }
            readable += 1
            let again = try? PolicyDocument(document.text, .resource)
            #expect(again == document, "seed 11: \(String(text))")
            _ = document.decision(for: request())
        }
        #expect(readable > 500)
    }
}
