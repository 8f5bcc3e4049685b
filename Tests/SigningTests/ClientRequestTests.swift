import Primitives
import Signing
import Testing

/// Requests that botocore 1.44.5 signed with a clock that stood at 2015-08-30T12:36:00Z.
@Suite struct ClientRequestTests {
    struct Request: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: String
        let target: String
        var headers: HeaderFields = [:]
        var body = ""
        var token: String?
        let service: String
        var region = "us-east-1"
        var signedHeaders = ""
        var signature = ""

        var head: RequestHead {
            var head = RequestHead(method: self.method, target: self.target, headers: self.headers)
            head.headers.append("Host", "localhost:4566")
            guard !self.signature.isEmpty else { return head }
            head.headers.append("X-Amz-Date", "20150830T123600Z")
            head.headers.append(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/\(self.region)/\(self.service)/aws4_request, "
                    + "SignedHeaders=\(self.signedHeaders), Signature=\(self.signature)"
            )
            return head
        }
    }

    static let requests = [
        Request(
            testDescription: "Bedrock's model id in the path", method: "POST",
            target: "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
            headers: ["Content-Type": "application/json"], body: #"{"a":1}"#, service: "bedrock", region: "us-west-2",
            signedHeaders: "content-type;host;x-amz-date",
            signature: "489cb95ced07cfe84beb8d5d9719c9ef0ab6879ada7fc47d3fa4038c1d41e188"
        ),
        Request(
            testDescription: "an ARN in the path, and a query", method: "GET",
            target: "/model-invocation-job/arn%3Aaws%3Abedrock%3Aeu-central-1%3A000000000000%3Amodel-invocation-job"
                + "%2Fabc?x=%20y&z=",
            service: "bedrock", region: "eu-central-1", signedHeaders: "host;x-amz-date",
            signature: "d7a76f6756947050e841839d0c59cad76b52df6279e6c59b29c32c0f60290c24"
        ),
        Request(
            testDescription: "an S3 key that looks like a path", method: "PUT",
            target: "/bucket/a%20b//../x/%C3%BC%2B%28x%29~.txt?partNumber=1&uploadId=a%2Fb%3D",
            headers: [
                "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==", "x-amz-meta-name": "  two   words ",
                "X-Amz-Content-SHA256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            ],
            body: "hello", service: "s3",
            signedHeaders: "content-md5;host;x-amz-content-sha256;x-amz-date;x-amz-meta-name",
            signature: "54b1ec113ad662ed1eb3bcbd34b301ffe4b0d8392dc905a35062bd8cc3b06664"
        ),
        Request(
            testDescription: "an S3 URL presigned with a session", method: "GET",
            target: "/bucket/a%20b.txt?response-content-type=text%2Fplain&X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
                + "&X-Amz-Security-Token=IQo%2Fb%2B3%3D%3D"
                + "&X-Amz-Signature=c41356921a4fec504d261ecdcaa478da60c5ff8f7c5293db994a3d2654786836",
            token: "IQo/b+3==", service: "s3"
        ),
        Request(
            testDescription: "EKS's presigned GetCallerIdentity", method: "GET",
            target: "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request"
                + "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id"
                + "&X-Amz-Signature=511adfcf6644fd6a9e836dcdc6c8b946aab2e8a295b77927c1686a3b66b60d54",
            headers: ["x-k8s-aws-id": "cluster"], service: "sts"
        ),
        Request(
            testDescription: "a form with a session token", method: "POST", target: "/",
            headers: [
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                "X-Amz-Security-Token": "IQo/b+3==",
            ],
            body: "Action=GetCallerIdentity&Version=2011-06-15", token: "IQo/b+3==", service: "sts",
            signedHeaders: "content-type;host;x-amz-date;x-amz-security-token",
            signature: "291696ab4c6450d9cd8a6049914ba5e3860b13a3ee7dbd75081cf395c69f973b"
        ),
    ]

    @Test(arguments: requests) func `what botocore signed is proven`(_ request: Request) throws {
        let credential = SigningCredential(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Fixture.secret, sessionToken: request.token
        )
        let rules = request.service == "s3" ? SigningRules.s3 : .standard(signingName: request.service)
        let verified = try verify(
            request.head, .bytes(Array(request.body.utf8)), credential: credential, rules: rules
        )
        #expect(verified.scope.region.description == request.region)
        #expect(verified.carrier == (request.signature.isEmpty ? .query : .header))
    }
}
