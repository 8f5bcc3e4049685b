import Primitives
import Signing
import Testing

@Suite struct AuthorizationParserTests {
    private static func head(_ authorization: String?, date: String? = "20150830T123600Z", query: String = "")
        -> RequestHead
    {
        var head = Fixture.unsigned()
        head.query = query
        if let date { head.headers.append("X-Amz-Date", date) }
        if let authorization { head.headers.append("Authorization", authorization) }
        return head
    }

    private static func refused(_ head: RequestHead) -> SigningError? {
        failure { () throws(SigningError) in try ParsedAuthorization.read(head) }
    }

    private static let good =
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, "
        + "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
        + "Signature=b5d5f5ec9a7d1b5f5ec9a7d1b5f5ec9a7d1b5f5ec9a7d1b5f5ec9a7d1b5f5ec9"

    @Test func `spaces and commas part the parts`() throws {
        for text in [
            Self.good, Self.good.replacing(", ", with: ","), Self.good.replacing(", ", with: " "),
            Self.good.replacing(", ", with: " ,,  "), Self.good + ",", Self.good + ", Unknown=x",
        ] {
            let parsed = try ParsedAuthorization.read(Self.head(text))
            #expect(parsed.credential == "AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request")
            #expect(parsed.claimedServiceName == "dynamodb")
            #expect(parsed.signature.hasPrefix("b5d5"))
            #expect(parsed.algorithm == "AWS4-HMAC-SHA256")
        }
    }

    @Test func `what is missing is named in AWS's order`() throws {
        func incomplete(_ text: String, _ missing: [String], date: String? = "20150830T123600Z") {
            #expect(
                Self.refused(Self.head(text, date: date))
                    == .incomplete(missing: missing, carrier: .header, authorization: text))
        }
        incomplete("AWS4-", ["Credential", "Signature", "SignedHeaders"])
        incomplete("AWS4-", ["Credential", "Signature", "SignedHeaders", "X-Amz-Date"], date: nil)
        incomplete("AWS4-HMAC-SHA256 Credential=, Signature=b, SignedHeaders=host", ["Credential"])
        incomplete("AWS4-HMAC-SHA256 Credential=a, Signature=, SignedHeaders=", ["Signature", "SignedHeaders"])
        incomplete(Self.good, ["X-Amz-Date"], date: nil)
    }

    @Test func `other schemes and broken headers are told apart`() throws {
        #expect(Self.refused(Self.head(nil)) == .missingAuthenticationToken)
        #expect(Self.refused(Self.head(nil, query: "Action=x")) == .missingAuthenticationToken)
        #expect(Self.refused(Self.head("Bearer abc")) == .otherScheme("Bearer"))
        #expect(Self.refused(Self.head("")) == .otherScheme(""))
        #expect(Self.refused(Self.head("AWS AKID:sig")) == .otherScheme("AWS"))
        let bare = "AWS4-HMAC-SHA256 Credential, Signature=b"
        #expect(Self.refused(Self.head(bare)) == .notKeyValue(authorization: bare))
        #expect(Self.refused(Self.head(Self.good + ", Signature=x")) == .repeated("Signature"))
        var twice = Self.head(Self.good)
        twice.headers.append("authorization", Self.good)
        #expect(Self.refused(twice) == .notKeyValue(authorization: Self.good + "," + Self.good))
        #expect(
            Self.refused(Self.head(Self.good, query: "X-Amz-Algorithm=AWS4-HMAC-SHA256"))
                == .twoCarriers(authorization: Self.good))
        let bearer = Self.head("Bearer x", query: "X-Amz-Signature=0")
        #expect(Self.refused(bearer) == .twoCarriers(authorization: "Bearer x"))
        let encoded = Self.head(Self.good, query: "X%2DAmz-Algorithm=a")
        #expect(Self.refused(encoded) == .twoCarriers(authorization: Self.good))
    }

    @Test(arguments: ["X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256"])
    func `a header that must be unique may not come twice`(_ name: String) throws {
        var head = Self.head(Self.good)
        head.headers.set(name, "20150830T123600Z")
        head.headers.append(name.lowercased(), "20150830T123601Z")
        #expect(Self.refused(head) == .repeated(name.lowercased()))
    }

    @Test func `SigV4a is refused by name`() throws {
        let asymmetric =
            "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/dynamodb/aws4_request, "
            + "SignedHeaders=content-type;host;x-amz-date;x-amz-region-set;x-amz-target, Signature=3045"
        var head = Self.head(asymmetric)
        head.headers.append("X-Amz-Region-Set", "*")
        #expect(
            failure { () throws(SigningError) in try verify(head) } == .asymmetricSignature("AWS4-ECDSA-P256-SHA256"))
        let signer = Fixture.signer()
        var regions = Fixture.unsigned()
        regions.headers.append("X-Amz-Region-Set", "us-east-1")
        regions = try signer.sign(regions, payload: .absent, body: Fixture.body, at: Fixture.now).head
        #expect(
            failure { () throws(SigningError) in try verify(regions) } == .asymmetricSignature("X-Amz-Region-Set"))
        let unknown = Self.head(Self.good.replacing("SHA256 ", with: "SHA512 "))
        #expect(
            failure { () throws(SigningError) in try verify(unknown) }
                == .unsupportedAlgorithm("AWS4-HMAC-SHA512", carrier: .header))
    }

    @Test func `only true dates in the basic format are read`() throws {
        for text in [
            "20150830T123600", "2015-08-30T12:36:00Z", "20150230T123600Z", "20150830T246000Z", "20150830t123600z", "",
            "20150830T123600Z ", "２015083T123600Z", "201508301123600Z",
        ] {
            #expect(AmzDate.parse(text) == nil, "\(text)")
        }
        #expect(AmzDate.parse("20150830T123600Z") == Fixture.now)
        #expect(AmzDate.format(Fixture.now) == "20150830T123600Z")
        #expect(AmzDate.parse("20160229T235959Z").map(AmzDate.format) == "20160229T235959Z")
    }

    @Test func `no changed header is proven that says something else`() throws {
        let seed: UInt64 = 0x5167_0001
        let random = SeededRandomSource(seed: seed)
        let head = try Fixture.signed()
        let original = try ParsedAuthorization.read(head)
        let bytes = Array(try #require(head.headers.first("authorization")).utf8)
        let keys = SigningKeyCache()
        var provenCount = 0
        for round in 0..<20_000 {
            var changed = bytes
            for _ in 0...(random.next() % 3) where !changed.isEmpty {
                let index = Int(random.next() % UInt64(changed.count))
                switch random.next() % 4 {
                case 0: changed[index] = UInt8(truncatingIfNeeded: random.next())
                case 1: changed.remove(at: index)
                case 2: changed.insert(UInt8(truncatingIfNeeded: random.next() % 96 + 32), at: index)
                default: changed = Array(changed[..<max(1, index)])
                }
            }
            var fuzzed = head
            fuzzed.headers.set("Authorization", String(decoding: changed, as: UTF8.self))
            guard failure({ () throws(SigningError) in try verify(fuzzed, keys: keys) }) == nil else { continue }
            provenCount += 1
            let parsed = try ParsedAuthorization.read(fuzzed)
            #expect(
                parsed.credential == original.credential && parsed.signature == original.signature,
                "seed \(seed), round \(round): \(String(decoding: changed, as: UTF8.self))")
        }
        // A comma for a space and the like; most changes must be refused.
        #expect(provenCount < 2000, "seed \(seed)")
    }

    @Test func `arbitrary text is refused without harm`() throws {
        let seed: UInt64 = 0x5167_0002
        let random = SeededRandomSource(seed: seed)
        let alphabet = Array("AWS4-HMAC-SHA256 Credential=Signature=SignedHeaders=,; /=%ab19é".utf8)
        for round in 0..<20_000 {
            let count = Int(random.next() % 120)
            var text = round % 2 == 0 ? Array("AWS4-HMAC-SHA256 ".utf8) : []
            for _ in 0..<count { text.append(alphabet[Int(random.next() % UInt64(alphabet.count))]) }
            let value = String(decoding: text, as: UTF8.self)
            let head = Self.head(value, query: round % 3 == 0 ? value : "")
            #expect(failure { () throws(SigningError) in try verify(head) } != nil, "seed \(seed), round \(round)")
        }
    }
}
