import Primitives
import Signing
import Testing

@Suite struct VerificationTests {
    private static func refused(_ head: RequestHead, body: [UInt8] = Fixture.body) -> SigningError? {
        failure { () throws(SigningError) in try verify(head, .bytes(body)) }
    }

    /// The request with the `Authorization` header changed.
    private static func changed(_ change: (String) -> String) throws -> RequestHead {
        var head = try Fixture.signed()
        let authorization = try #require(head.headers.first("authorization"))
        head.headers.set("Authorization", change(authorization))
        return head
    }

    @Test func `a request as botocore signs it is proven, and the scope is told`() throws {
        let head = try Fixture.signed()
        let authorization = try #require(head.headers.first("authorization"))
        #expect(authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-target, "))
        let verified = try verify(head)
        #expect(verified.scope.description == "20150830/us-east-1/dynamodb/aws4_request")
        #expect(verified.requestTime == Fixture.now)
        #expect(verified.carrier == .header)
    }

    @Test func `every changed byte of the signature is refused`() throws {
        let head = try Fixture.signed()
        let authorization = Array(try #require(head.headers.first("authorization")).utf8)
        for index in (authorization.count - 64)..<authorization.count {
            for byte in [authorization[index] ^ 1, authorization[index] ^ 0x20, UInt8(ascii: "g")] {
                var bytes = authorization
                bytes[index] = byte
                var changed = head
                changed.headers.set("Authorization", String(decoding: bytes, as: UTF8.self))
                #expect(Self.refused(changed) != nil, "byte \(index) as \(byte)")
            }
        }
    }

    @Test func `every changed byte of what is signed is refused`() throws {
        let head = try Fixture.signed()
        for name in ["host", "x-amz-target", "content-type", "x-amz-date"] {
            let value = Array(try #require(head.headers.first(name)).utf8)
            for index in value.indices {
                var bytes = value
                bytes[index] ^= 1
                var changed = head
                changed.headers.set(name, String(decoding: bytes, as: UTF8.self))
                #expect(Self.refused(changed) != nil, "\(name), byte \(index)")
            }
        }
        for index in Fixture.body.indices {
            var body = Fixture.body
            body[index] ^= 1
            #expect(Self.refused(head, body: body)?.mismatch != nil, "body, byte \(index)")
        }
        #expect(Self.refused(head, body: []) != nil)
        #expect(Self.refused(head, body: Fixture.body + [0]) != nil)
    }

    @Test func `every changed byte of credential and signed headers is refused`() throws {
        let head = try Fixture.signed()
        let authorization = Array(try #require(head.headers.first("authorization")).utf8)
        let start = "AWS4-HMAC-SHA256 ".utf8.count
        let end = authorization.count - ", Signature=".utf8.count - 64
        for index in start..<end where authorization[index] != UInt8(ascii: ",") {
            // A comma and a space may stand for each other.
            guard authorization[index] != UInt8(ascii: " ") else { continue }
            var bytes = authorization
            bytes[index] ^= 1
            var changed = head
            changed.headers.set("Authorization", String(decoding: bytes, as: UTF8.self))
            #expect(Self.refused(changed) != nil, "byte \(index): \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test func `method, path and query are signed`() throws {
        for change: @Sendable (inout RequestHead) -> Void in [
            { $0.method = "PUT" }, { $0.path = "/x" }, { $0.query = "a=b" },
            { $0.headers.append("X-Amz-Target", "DynamoDB_20120810.DeleteItem") },
            { $0.headers.remove("content-type") },
        ] {
            var head = try Fixture.signed()
            change(&head)
            #expect(Self.refused(head) != nil)
        }
    }

    @Test(arguments: ["dynamodb.us-east-1.amazonaws.com", "[::1]"])
    func `a client may sign the host without the port that it sends, and no other host`(host: String) throws {
        func signed(_ host: String) throws -> RequestHead {
            var head = Fixture.unsigned()
            head.headers.set("Host", host)
            return try Fixture.signer().sign(head, payload: .absent, body: Fixture.body, at: Fixture.now).head
        }
        var head = try signed(host)
        for sent in [host, host + ":4566", host + ":80"] {
            head.headers.set("Host", sent)
            #expect(Self.refused(head) == nil, "\(sent)")
        }
        for sent in ["x" + host + ":4566", host + ":", host + ":a", host + ":45:66", ":4566"] {
            head.headers.set("Host", sent)
            #expect(Self.refused(head)?.mismatch != nil, "\(sent)")
        }
        head = try signed(host + ":4566")
        #expect(Self.refused(head) == nil)
        head.headers.set("Host", host)
        #expect(Self.refused(head)?.mismatch != nil)
    }

    @Test func `headers that nobody signed may change on the way`() throws {
        var head = try Fixture.signed()
        head.headers.set("User-Agent", "proxy")
        head.headers.append("X-Amzn-Trace-Id", "Root=1-2-3")
        head.headers.append("X-Forwarded-For", "127.0.0.1")
        #expect(Self.refused(head) == nil)
    }

    @Test func `a date may differ by fifteen minutes and not by a millisecond more`() throws {
        let head = try Fixture.signed()
        let skew: Int64 = 900_000
        func refusedAt(_ offset: Int64) -> SigningError? {
            let now = Timestamp(millisecondsSinceEpoch: Fixture.now.millisecondsSinceEpoch + offset)
            return failure { () throws(SigningError) in try verify(head, now: now) }
        }
        #expect(refusedAt(skew) == nil)
        #expect(refusedAt(-skew) == nil)
        let late = Timestamp(millisecondsSinceEpoch: Fixture.now.millisecondsSinceEpoch + skew + 1)
        #expect(
            refusedAt(skew + 1)
                == .expired(SignatureWindow(requestTime: Fixture.now, now: late, seconds: 900, carrier: .header)))
        let early = Timestamp(millisecondsSinceEpoch: Fixture.now.millisecondsSinceEpoch - skew - 1)
        #expect(
            refusedAt(-skew - 1)
                == .notYetCurrent(SignatureWindow(requestTime: Fixture.now, now: early, seconds: 900, carrier: .header))
        )
    }

    @Test func `a plain Date header dates a request too`() throws {
        let date = "Sun, 30 Aug 2015 12:36:00 GMT"
        var head = Fixture.unsigned()
        head.headers.append("Date", date)
        // Our signer always adds X-Amz-Date, so the canonical string comes from a refusal.
        head.headers.append(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, "
                + "SignedHeaders=content-type;date;host;x-amz-target, Signature=0"
        )
        let mismatch = try #require(Self.refused(head)?.mismatch)
        #expect(mismatch.stringToSign.hasPrefix("AWS4-HMAC-SHA256\n20150830T123600Z\n"))
        let key = SigningKey(
            secretAccessKey: Fixture.secret,
            scope: CredentialScope(date: "20150830", region: .standard, service: "dynamodb")
        )
        let signature = key.signature(of: Array(mismatch.stringToSign.utf8))
        let authorization = try #require(head.headers.first("authorization"))
        head.headers.set("Authorization", authorization.dropLast() + signature.description)
        #expect(Self.refused(head) == nil)
        head.headers.set("Date", "Sun, 30 Aug 2015 12:36:01 GMT")
        #expect(Self.refused(head)?.mismatch != nil)
        head.headers.set("Date", "yesterday")
        #expect(Self.refused(head) == .malformedDate("yesterday", carrier: .header))
    }

    @Test func `the scope must fit the request`() throws {
        for (from, to, fault) in [
            ("/dynamodb/", "/sts/", ScopeFault.service(expected: "dynamodb", found: "sts")),
            ("/20150830/", "/20150831/", .date(scope: "20150831", request: "20150830T123600Z")),
            ("/aws4_request", "/aws4_requesz", .terminator("aws4_requesz")),
            ("/us-east-1/", "/US_EAST/", .region("US_EAST")),
        ] {
            let head = try Self.changed { $0.replacing(from, with: to, maxReplacements: 1) }
            #expect(Self.refused(head) == .wrongScope([fault], carrier: .header))
        }
        let all = try Self.changed {
            $0.replacing("20150830/us-east-1/dynamodb/aws4_request", with: "b/C/d/e", maxReplacements: 1)
        }
        #expect(
            Self.refused(all)
                == .wrongScope(
                    [
                        .region("C"), .service(expected: "dynamodb", found: "d"), .terminator("e"),
                        .date(scope: "b", request: "20150830T123600Z"),
                    ], carrier: .header))
        for credential in ["a/b/c/d", "a/b/c/d/e/f", "/20150830/us-east-1/dynamodb/aws4_request"] {
            let head = try Self.changed {
                $0.replacing(
                    "AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request", with: credential, maxReplacements: 1)
            }
            #expect(Self.refused(head) == .malformedCredential(credential, carrier: .header))
        }
    }

    @Test func `any region is taken and told`() throws {
        for name in ["eu-central-1", "local", "us-gov-west-1"] {
            let region = try #require(Region(name))
            let signer = RequestSigner(
                credential: Fixture.credential, region: region, service: "dynamodb", rules: Fixture.rules)
            let head = try signer.sign(Fixture.unsigned(), payload: .absent, body: Fixture.body, at: Fixture.now).head
            #expect(try verify(head).scope.region == region)
        }
    }

    @Test func `host and x-amz headers must be signed`() throws {
        let withoutHost = try Self.changed { $0.replacing("content-type;host;", with: "content-type;") }
        #expect(Self.refused(withoutHost) == .hostNotSigned)
        let withoutTarget = try Self.changed { $0.replacing(";x-amz-target", with: "") }
        #expect(Self.refused(withoutTarget) == .headersNotSigned(["x-amz-target"]))
        var added = try Fixture.signed()
        added.headers.append("X-Amz-Meta", "1")
        #expect(Self.refused(added) == .headersNotSigned(["x-amz-meta"]))
        let names = (0..<SigningRules.signedHeaderCountMax).map { ";h\($0)" }.joined()
        let tooMany = try Self.changed { $0.replacing("SignedHeaders=host", with: "SignedHeaders=host") }
        var many = tooMany
        many.headers.set(
            "Authorization",
            try #require(many.headers.first("authorization")).replacing(
                ";x-amz-target,", with: ";x-amz-target\(names),"))
        #expect(Self.refused(many) == .tooManySignedHeaders(count: SigningRules.signedHeaderCountMax + 4))
    }

    @Test func `S3 demands Content-MD5 and the session token among the signed headers`() throws {
        var head = try Fixture.signer(Fixture.s3Credential, service: "s3", rules: .s3).sign(
            RequestHead(method: "GET", path: "/b/k", headers: ["Host": "localhost"]), payload: .unsigned,
            at: Fixture.now
        ).head
        let verified = failure { () throws(SigningError) in
            try verify(head, .streamed, credential: Fixture.s3Credential, rules: .s3)
        }
        #expect(verified == nil)
        head.headers.append("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
        head.headers.append("X-Amz-Security-Token", "t")
        let error = failure { () throws(SigningError) in
            try verify(head, .streamed, credential: Fixture.s3Credential, rules: .s3)
        }
        #expect(error == .headersNotSigned(["content-md5", "x-amz-security-token"]))
    }

    @Test func `a session token belongs to its key`() throws {
        let temporary = SigningCredential(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Fixture.secret, sessionToken: "token-1")
        let head = try Fixture.signer(temporary).sign(
            Fixture.unsigned(), payload: .absent, body: Fixture.body, at: Fixture.now
        ).head
        func refused(_ head: RequestHead, token: String?) -> SigningError? {
            let credential = SigningCredential(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: Fixture.secret, sessionToken: token)
            return failure { () throws(SigningError) in try verify(head, credential: credential) }
        }
        #expect(refused(head, token: "token-1") == nil)
        #expect(refused(head, token: "token-2") == .invalidToken)
        #expect(refused(head, token: "token-12") == .invalidToken)
        #expect(refused(head, token: nil) == .invalidToken)
        #expect(refused(try Fixture.signed(), token: "token-1") == .invalidToken)
        var lost = head
        lost.headers.remove("x-amz-security-token")
        #expect(refused(lost, token: "token-1")?.mismatch != nil)
        // AWS IoT has the token added behind the signature; it is compared all the same.
        var later = try Fixture.signed()
        later.headers.append("X-Amz-Security-Token", "token-1")
        #expect(refused(later, token: "token-1") == nil)
        #expect(refused(later, token: "other") == .invalidToken)
    }

    @Test func `a mismatch shows what should have been signed`() throws {
        let head = try Fixture.signed()
        let wrong = SigningCredential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wrong")
        let mismatch = try #require(
            failure { () throws(SigningError) in try verify(head, credential: wrong) }?.mismatch)
        let hash = Digest256(hashing: Fixture.body).description
        #expect(
            mismatch.canonicalRequest
                == "POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:localhost:4566\n"
                + "x-amz-date:20150830T123600Z\nx-amz-target:DynamoDB_20120810.GetItem\n\n"
                + "content-type;host;x-amz-date;x-amz-target\n\(hash)")
        #expect(mismatch.stringToSign.hasPrefix("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/dynamodb/"))
        #expect(!mismatch.stringToSign.contains("wrong"))
    }
}
