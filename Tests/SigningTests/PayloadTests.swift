import Primitives
import Signing
import Testing

@Suite struct PayloadTests {
    private static let object = RequestHead(method: "PUT", path: "/bucket/key", headers: ["Host": "localhost"])
    private static let other = Array("other".utf8)

    private static func signed(_ payload: PayloadDeclaration, rules: SigningRules) throws -> RequestHead {
        let service = rules.signingName ?? "dynamodb"
        return try Fixture.signer(service: service, rules: rules).sign(
            Self.object, payload: payload, body: Fixture.body, at: Fixture.now
        ).head
    }

    private static func refused(
        _ head: RequestHead, _ body: BodyEvidence, _ rules: SigningRules, isTLS: Bool = false
    ) -> SigningError? {
        failure { () throws(SigningError) in try verify(head, body, rules: rules, isTLS: isTLS) }
    }

    @Test(arguments: [Fixture.rules, .s3])
    func `a declared hash must be the body's`(_ rules: SigningRules) throws {
        let hash = Digest256(hashing: Fixture.body)
        let head = try Self.signed(.sha256(hash), rules: rules)
        #expect(Self.refused(head, .bytes(Fixture.body), rules) == nil)
        #expect(Self.refused(head, .sha256(hash), rules) == nil)
        let error = Self.refused(head, .bytes(Self.other), rules)
        if rules.isS3 {
            let computed = Digest256(hashing: Self.other).description
            #expect(error == .contentHashMismatch(declared: hash.description, computed: computed))
        } else {
            #expect(error?.mismatch != nil)
        }
    }

    @Test func `a declared hash that is not the signed body's is refused, signed or not`() throws {
        // The header lies, the signature covers the true body.
        var head = try Self.signed(.absent, rules: Fixture.rules)
        head.headers.append("X-Amz-Content-SHA256", Digest256.ofNothing.description)
        let computed = Digest256(hashing: Fixture.body).description
        #expect(
            Self.refused(head, .bytes(Fixture.body), Fixture.rules)
                == .contentHashMismatch(declared: Digest256.ofNothing.description, computed: computed))
        head.headers.set("X-Amz-Content-SHA256", computed)
        #expect(Self.refused(head, .bytes(Fixture.body), Fixture.rules) == nil)
    }

    @Test(arguments: [Fixture.rules, .s3])
    func `a streamed body is checked at its end`(_ rules: SigningRules) throws {
        let head = try Self.signed(.sha256(Digest256(hashing: Fixture.body)), rules: rules)
        let verified = try verify(head, .streamed, rules: rules)
        guard case .sha256(let hash) = verified.obligation else {
            Issue.record("no obligation")
            return
        }
        var good = BodyHashVerifier(hash)
        for byte in Fixture.body { good.push([byte].span) }
        try good.finish()
        var bad = BodyHashVerifier(hash)
        bad.push(Self.other.span)
        #expect(throws: SigningError.self) { try bad.finish() }
    }

    @Test func `who may leave the body unsigned`() throws {
        let onTLS = SigningRules(signingName: "dynamodb", unsignedPayload: .overTLS)
        for (rules, isTLS, isAllowed) in [
            (SigningRules.s3, false, true), (.s3, true, true), (onTLS, true, true), (onTLS, false, false),
            (Fixture.rules, true, false), (Fixture.rules, false, false),
        ] {
            let head = try Self.signed(.unsigned, rules: rules)
            let error = Self.refused(head, .bytes(Self.other), rules, isTLS: isTLS)
            #expect((error == nil) == isAllowed, "\(rules), TLS \(isTLS)")
            if let error {
                // The client sees which hash belongs there.
                #expect(error.mismatch?.canonicalRequest.hasSuffix(Digest256(hashing: Self.other).description) == true)
            }
        }
    }

    @Test func `a marker in the header does not replace the signed hash`() throws {
        var head = try Self.signed(.absent, rules: Fixture.rules)
        for marker in ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "anything"] {
            head.headers.set("X-Amz-Content-SHA256", marker)
            #expect(Self.refused(head, .bytes(Fixture.body), Fixture.rules)?.mismatch != nil)
            #expect(Self.refused(head, .streamed, Fixture.rules) == .contentHashUnsupported(marker))
        }
    }

    @Test func `S3 demands the header, and one that it knows`() throws {
        let head = try Self.signed(.absent, rules: .s3)
        #expect(Self.refused(head, .bytes(Fixture.body), .s3) == .contentHashMissing)
        for text in [
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", "abc", "",
        ] {
            let head = try Self.signed(.unsupported(text), rules: .s3)
            #expect(Self.refused(head, .streamed, .s3) == .contentHashUnsupported(text))
        }
        #expect(Self.refused(try Fixture.signed(), .streamed, Fixture.rules) == .contentHashMissing)
    }

    @Test func `the path of S3 is taken as it is, that of others is normalised`() throws {
        for (sent, standard, s3) in [
            ("/a//b/../c", "/a/c", "/a//b/../c"), ("/a%20b", "/a%2520b", "/a%20b"), ("/a%2fb", "/a%252fb", "/a/b"),
            ("/(x)", "/%28x%29", "/%28x%29"), ("/a/./", "/a/", "/a/./"), ("//", "/", "//"),
            ("/model/a%3A0/invoke", "/model/a%253A0/invoke", "/model/a%3A0/invoke"), ("/..", "/", "/.."),
        ] {
            for (rules, expected) in [(Fixture.rules, standard), (SigningRules.s3, s3)] {
                var head = try Self.signed(.sha256(.ofNothing), rules: rules)
                head.path = sent
                let mismatch = Self.refused(head, .sha256(.ofNothing), rules)?.mismatch
                let line = mismatch?.canonicalRequest.split(separator: "\n", omittingEmptySubsequences: false)[1]
                #expect(line == expected[...], "\(sent)")
            }
        }
        var head = try Self.signed(.sha256(.ofNothing), rules: .s3)
        head.path = "/a%2"
        #expect(Self.refused(head, .sha256(.ofNothing), .s3) == .malformedURI)
    }

    @Test func `the query is sorted by encoded name and value`() throws {
        for (sent, expected) in [
            ("b=2&a=1", "a=1&b=2"), ("a=b&a=B", "a=B&a=b"), ("a", "a="), ("a=1&&b", "a=1&b="),
            ("a+b=c+d", "a%20b=c%20d"), ("%61=%2f", "a=%2F"), ("a=b=c", "a=b%3Dc"), ("a-b=1&a=2", "a=2&a-b=1"),
            ("&", ""),
        ] {
            var head = try Self.signed(.absent, rules: Fixture.rules)
            head.query = sent
            let mismatch = Self.refused(head, .bytes(Fixture.body), Fixture.rules)?.mismatch
            if expected.isEmpty {
                #expect(mismatch == nil)
            } else {
                let line = mismatch?.canonicalRequest.split(separator: "\n", omittingEmptySubsequences: false)[2]
                #expect(line == expected[...], "\(sent)")
            }
        }
        var head = try Self.signed(.absent, rules: Fixture.rules)
        head.query = "a=%zz"
        #expect(Self.refused(head, .bytes(Fixture.body), Fixture.rules) == .malformedURI)
    }
}
