import Primitives
import Signing
import Testing

@Suite struct PresignTests {
    private static let object = RequestHead(
        method: "GET", path: "/bucket/a%20key", query: "versionId=1", headers: ["Host": "localhost:4566"])

    private static func presigned(
        seconds: Int64 = 60, rules: SigningRules = .s3, credential: SigningCredential = Fixture.credential,
        head: RequestHead = object
    ) throws -> RequestHead {
        try Fixture.signer(credential, service: rules.signingName ?? "s3", rules: rules).presign(
            head, expiresSeconds: seconds, at: Fixture.now)
    }

    private static func refused(
        _ head: RequestHead, after milliseconds: Int64 = 0, rules: SigningRules = .s3,
        credential: SigningCredential = Fixture.credential
    ) -> SigningError? {
        let now = Timestamp(millisecondsSinceEpoch: Fixture.now.millisecondsSinceEpoch + milliseconds)
        return failure { () throws(SigningError) in
            try verify(head, .bytes([]), credential: credential, rules: rules, now: now)
        }
    }

    @Test(arguments: [SigningRules.s3, .standard(signingName: "sts")])
    func `a presigned URL is proven until it expires`(_ rules: SigningRules) throws {
        let head = try Self.presigned(rules: rules)
        #expect(Self.refused(head, rules: rules) == nil)
        #expect(Self.refused(head, after: 60_000, rules: rules) == nil)
        #expect(Self.refused(head, after: -900_000, rules: rules) == nil)
        let late = Self.refused(head, after: 60_001, rules: rules)
        guard case .expired(let window) = late else {
            Issue.record("\(String(describing: late))")
            return
        }
        #expect(window.seconds == 60 && window.carrier == .query)
        guard case .notYetCurrent = Self.refused(head, after: -900_001, rules: rules) else {
            Issue.record("a request from the future was taken")
            return
        }
    }

    @Test func `expiry is 1 to 604800 seconds`() throws {
        for seconds: Int64 in [1, SigningRules.presignedSecondsMax] {
            let head = try Self.presigned(seconds: seconds)
            #expect(Self.refused(head) == nil)
            #expect(Self.refused(head, after: seconds * 1000 + 1) != nil)
        }
        for seconds: Int64 in [0, -1, SigningRules.presignedSecondsMax + 1] {
            #expect(throws: SigningError.expiresOutOfRange(seconds)) { try Self.presigned(seconds: seconds) }
            var head = try Self.presigned()
            head.query = head.query.replacing("X-Amz-Expires=60", with: "X-Amz-Expires=\(seconds)")
            #expect(Self.refused(head) == .expiresOutOfRange(seconds))
        }
        for text in ["", "x", "1.5", "9223372036854775808", "1e3", "0x10"] {
            var head = try Self.presigned()
            head.query = head.query.replacing("X-Amz-Expires=60", with: "X-Amz-Expires=\(text)")
            #expect(Self.refused(head) == .expiresNotANumber(text))
        }
    }

    @Test func `without an expiry S3 refuses, others take fifteen minutes`() throws {
        let rules = SigningRules.standard(signingName: "sts")
        var s3 = try Self.presigned()
        s3.query = s3.query.replacing("&X-Amz-Expires=60", with: "")
        #expect(
            Self.refused(s3) == .incomplete(missing: ["X-Amz-Expires"], carrier: .query, authorization: ""))
        var sts = try Self.presigned(rules: rules)
        sts.query = sts.query.replacing("&X-Amz-Expires=60", with: "")
        #expect(Self.refused(sts, rules: rules)?.mismatch != nil)
        guard case .expired(let window) = Self.refused(sts, after: 900_001, rules: rules) else {
            Issue.record("fifteen minutes passed")
            return
        }
        #expect(window.seconds == 900)
    }

    @Test func `every changed byte of the query is refused`() throws {
        let head = try Self.presigned()
        let query = Array(head.query.utf8)
        for index in query.indices {
            var bytes = query
            bytes[index] ^= 1
            var changed = head
            changed.query = String(decoding: bytes, as: UTF8.self)
            #expect(Self.refused(changed) != nil, "byte \(index): \(changed.query)")
        }
    }

    @Test func `what is added to a presigned URL is refused`() throws {
        let head = try Self.presigned()
        for addition in ["&a=b", "&acl", "&X-Amz-Meta=1", "&response-content-type=text/html"] {
            var changed = head
            changed.query += addition
            #expect(Self.refused(changed)?.mismatch != nil, "\(addition)")
        }
        for (addition, name) in [
            ("&X-Amz-Signature=0", "X-Amz-Signature"), ("&X-Amz-Date=20150830T123600Z", "X-Amz-Date"),
            ("&X%2dAmz-Expires=60", "X-Amz-Expires"), ("&X-Amz-Credential=a", "X-Amz-Credential"),
        ] {
            var changed = head
            changed.query += addition
            #expect(Self.refused(changed) == .repeated(name), "\(addition)")
        }
        var header = head
        header.headers.append("X-Amz-Acl", "public-read")
        #expect(Self.refused(header) == .headersNotSigned(["x-amz-acl"]))
        var swapped = head
        let items = head.query.split(separator: "&").reversed().joined(separator: "&")
        swapped.query = items
        #expect(Self.refused(swapped) == nil, "the order of parameters has no meaning")
    }

    @Test func `missing parameters are named in AWS's order`() throws {
        var head = try Self.presigned()
        head.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        #expect(
            Self.refused(head)
                == .incomplete(
                    missing: ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"],
                    carrier: .query, authorization: ""))
        head.query = "X-Amz-Signature=00"
        guard case .incomplete(let missing, .query, _) = Self.refused(head) else {
            Issue.record("a lone signature is a broken presigned URL")
            return
        }
        #expect(missing.first == "X-Amz-Algorithm")
    }

    @Test func `a token in the URL belongs to its key`() throws {
        let temporary = SigningCredential(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Fixture.secret, sessionToken: "a+b/c==")
        let head = try Self.presigned(credential: temporary)
        #expect(Self.refused(head, credential: temporary) == nil)
        #expect(Self.refused(head) == .invalidToken)
        #expect(Self.refused(try Self.presigned(), credential: temporary) == .invalidToken)
        var both = head
        both.headers.append("X-Amz-Security-Token", "a+b/c==")
        #expect(Self.refused(both) == .repeated("X-Amz-Security-Token"))
    }

    @Test func `S3 leaves the body open, others sign it`() throws {
        let rules = SigningRules.standard(signingName: "sts")
        let body = Array("body".utf8)
        let object = try Self.presigned()
        #expect(failure { () throws(SigningError) in try verify(object, .bytes(body), rules: .s3) } == nil)
        let head = try Self.presigned(rules: rules)
        let closed = failure { () throws(SigningError) in try verify(head, .bytes(body), rules: rules) }
        #expect(closed?.mismatch != nil)
    }

    @Test func `SigV4a in a URL is refused by name`() throws {
        var head = try Self.presigned()
        head.query = head.query.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256")
        #expect(Self.refused(head) == .asymmetricSignature("AWS4-ECDSA-P256-SHA256"))
    }
}
