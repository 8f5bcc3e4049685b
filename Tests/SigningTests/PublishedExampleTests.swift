import Primitives
import Signing
import Testing

/// The examples of AWS's documentation, which need no file.
@Suite struct PublishedExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let head: RequestHead
        var body = ""
        let rules: SigningRules
        let credential: SigningCredential
        let now: Timestamp
    }

    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private static func s3(
        _ name: String, _ method: String, _ target: String, _ headers: HeaderFields, body: String = "",
        signedHeaders: String, signature: String
    ) -> Example {
        var all = headers
        all.append(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=\(signedHeaders),Signature=\(signature)"
        )
        return Example(
            testDescription: name, head: RequestHead(method: method, target: target, headers: all), body: body,
            rules: .s3, credential: Fixture.s3Credential, now: Fixture.s3Now
        )
    }

    /// Source: S3 API Reference, "Examples: Signature Calculations"; IAM User Guide, "Create a signed request".
    static let examples: [Example] = [
        s3(
            "GET Object", "GET", "/test.txt",
            [
                "Host": "examplebucket.s3.amazonaws.com", "Range": "bytes=0-9",
                "x-amz-content-sha256": emptyHash, "x-amz-date": "20130524T000000Z",
            ],
            signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        s3(
            "PUT Object", "PUT", "/test$file.text",
            [
                "Host": "examplebucket.s3.amazonaws.com", "Date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-date": "20130524T000000Z", "x-amz-storage-class": "REDUCED_REDUNDANCY",
                "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            ],
            body: "Welcome to Amazon S3.",
            signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        s3(
            "GET Bucket Lifecycle", "GET", "/?lifecycle",
            [
                "Host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z",
                "x-amz-content-sha256": emptyHash,
            ],
            signedHeaders: "host;x-amz-content-sha256;x-amz-date",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        s3(
            "List Objects", "GET", "/?max-keys=2&prefix=J",
            [
                "Host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z",
                "x-amz-content-sha256": emptyHash,
            ],
            signedHeaders: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
        Example(
            testDescription: "presigned GET Object",
            head: RequestHead(
                method: "GET",
                target: "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
                    + "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
                    + "&X-Amz-SignedHeaders=host"
                    + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
                headers: ["Host": "examplebucket.s3.amazonaws.com"]
            ),
            rules: .s3, credential: Fixture.s3Credential, now: Fixture.s3Now
        ),
        Example(
            testDescription: "IAM ListUsers",
            head: RequestHead(
                method: "GET", target: "/?Action=ListUsers&Version=2010-05-08",
                headers: [
                    "Host": "iam.amazonaws.com",
                    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                    "X-Amz-Date": "20150830T123600Z",
                    "Authorization":
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                        + "SignedHeaders=content-type;host;x-amz-date, "
                        + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
                ]
            ),
            rules: .standard(signingName: "iam"), credential: Fixture.credential, now: Fixture.now
        ),
    ]

    @Test(arguments: examples) func `an example of AWS's documentation is verified`(_ example: Example) throws {
        let verified = try verify(
            example.head, .bytes(Array(example.body.utf8)), credential: example.credential, rules: example.rules,
            now: example.now
        )
        #expect(verified.scope.region == .standard)
        #expect(verified.accessKeyID == example.credential.accessKeyID)
    }

    @Test(arguments: examples) func `an example with another path or method is refused`(_ example: Example) throws {
        var path = example.head
        path.path += "x"
        var method = example.head
        method.method = "DELETE"
        for head in [path, method] {
            let error = failure { () throws(SigningError) in
                try verify(
                    head, .bytes(Array(example.body.utf8)), credential: example.credential, rules: example.rules,
                    now: example.now
                )
            }
            #expect(error?.mismatch != nil)
        }
    }

    /// Source: S3 API Reference, "Example: Browser-Based Upload using HTTP POST".
    @Test func `the policy form of AWS's documentation is verified, and no other policy`() throws {
        let policy = Self.policy
        let fields = [
            (name: "key", value: "user/user1/a"), (name: "X-Amz-Algorithm", value: "AWS4-HMAC-SHA256"),
            (name: "X-Amz-Credential", value: "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"),
            (name: "X-Amz-Date", value: "20151229T000000Z"), (name: "Policy", value: policy),
            (
                name: "X-Amz-Signature",
                value: "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
            ),
        ]
        func verifyForm(_ fields: [(name: String, value: String)]) throws(SigningError) -> VerifiedAuthorization {
            let head = RequestHead(method: "POST", path: "/")
            let parsed = try ParsedAuthorization(policyForm: fields)
            // Years later: what ends a policy stands in the policy.
            let keys = SigningKeyCache()
            let checked = try parsed.checked(
                by: .s3, headers: head.headers, now: Fixture.now, isTLS: true, keys: keys)
            return try checked.verify(head, body: .streamed, credential: Fixture.s3Credential, keys: keys)
        }
        #expect(try verifyForm(fields).carrier == .policyForm)
        var changed = fields
        changed[4].value = "X" + policy.dropFirst()
        #expect(failure { () throws(SigningError) in try verifyForm(changed) }?.mismatch != nil)
        changed = fields + [(name: "policy", value: policy)]
        #expect(failure { () throws(SigningError) in try verifyForm(changed) } == .repeated("policy"))

        let signed = Fixture.signer(Fixture.s3Credential, service: "s3", rules: .s3).signPolicy(
            policy, at: Timestamp(secondsSinceEpoch: 1_451_347_200))
        #expect(signed.first { $0.name == "x-amz-signature" }?.value == fields[5].value)
    }

    private static let policy = [
        "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJz",
        "aWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJw",
        "dWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6",
        "b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2Uv",
        "Il0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRp",
        "b24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRl",
        "bnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXot",
        "YWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9",
    ].joined()
}
