import Primitives
import Signing
import Testing

@Suite struct SigningKeyCacheTests {
    private static func scope(_ index: Int) -> CredentialScope {
        CredentialScope(date: "20150830", region: .standard, service: "s\(index)")
    }

    private static func claimed(_ index: Int) -> ClaimedCredential {
        ClaimedCredential(accessKeyID: Fixture.credential.accessKeyID, scope: self.scope(index))
    }

    @Test(arguments: [2, 3, 8, 64]) func `the cache is bounded`(_ countMax: Int) {
        let cache = SigningKeyCache(countMax: countMax)
        for index in 0..<(countMax * 5) {
            _ = cache.key(for: Fixture.credential, Self.claimed(index))
            #expect(cache.count <= countMax)
        }
        #expect(cache.count > 0)
    }

    @Test func `a key from the cache signs as one that was derived`() {
        let cache = SigningKeyCache(countMax: 4)
        let text = Array("text".utf8)
        for round in 0..<3 {
            for index in 0..<6 {
                let derived = SigningKey(secretAccessKey: Fixture.secret, scope: Self.scope(index))
                let cached = cache.key(for: Fixture.credential, Self.claimed(index))
                #expect(cached.signature(of: text) == derived.signature(of: text), "round \(round), key \(index)")
            }
        }
    }

    @Test func `a recreated access key does not sign with its former secret`() {
        let cache = SigningKeyCache()
        let text = Array("text".utf8)
        let former = cache.key(for: Fixture.credential, Self.claimed(0)).signature(of: text)
        let other = SigningCredential(accessKeyID: Fixture.credential.accessKeyID, secretAccessKey: "new")
        let new = cache.key(for: other, Self.claimed(0)).signature(of: text)
        #expect(new != former)
        #expect(new == SigningKey(secretAccessKey: "new", scope: Self.scope(0)).signature(of: text))
        #expect(cache.key(for: Fixture.credential, Self.claimed(0)).signature(of: text) == former)
        #expect(cache.count == 1)
    }

    @Test func `a proven request is refused once its key has another secret`() throws {
        let cache = SigningKeyCache()
        let head = try Fixture.signed()
        try verify(head, keys: cache)
        let other = SigningCredential(accessKeyID: Fixture.credential.accessKeyID, secretAccessKey: "new")
        let error = failure { () throws(SigningError) in try verify(head, credential: other, keys: cache) }
        #expect(error?.mismatch != nil)
    }

    @Test func `a credential is read once`() throws {
        let cache = SigningKeyCache()
        let head = try Fixture.signed()
        let first = try verify(head, keys: cache)
        let second = try verify(head, keys: cache)
        #expect(first.credential === second.credential)
        #expect(cache.count == 1)
    }

    @Test func `a credential that is known is held to the rules of each request`() throws {
        let cache = SigningKeyCache()
        let head = try Fixture.signed()
        try verify(head, keys: cache)
        var other = Fixture.rules
        other.signingName = "another"
        let ofService = failure { () throws(SigningError) in try verify(head, rules: other, keys: cache) }
        let service = ScopeFault.service(expected: "another", found: "dynamodb")
        #expect(ofService == .wrongScope([service], carrier: .header))

        var later = head
        later.headers.set("X-Amz-Date", "20150831T123600Z")
        let tomorrow = Timestamp(millisecondsSinceEpoch: Fixture.now.millisecondsSinceEpoch + 86_400_000)
        let ofDay = failure { () throws(SigningError) in try verify(later, now: tomorrow, keys: cache) }
        let day = ScopeFault.date(scope: "20150830", request: "20150831T123600Z")
        #expect(ofDay == .wrongScope([day], carrier: .header))
    }

    @Test func `a credential that led to no key is not kept`() throws {
        let cache = SigningKeyCache()
        let head = try Fixture.signed()
        let other = SigningCredential(accessKeyID: "AKIDOTHER", secretAccessKey: "other")
        #expect(failure { () throws(SigningError) in try verify(head, credential: other, keys: cache) } != nil)
        #expect(cache.count == 0)
    }

    @Test func `digests are read from lower-case digits only`() {
        let text = "b5d5f5ec9a7d1b5f5ec9a7d1b5f5ec9a7d1b5f5ec9a7d1b5f5ec9a7d1b5f5ec9"
        #expect(Digest256(lowercaseHex: text.utf8)?.description == text)
        #expect(Digest256(lowercaseHex: text.uppercased().utf8) == nil)
        #expect(Digest256(lowercaseHex: text.dropLast().utf8) == nil)
        #expect(Digest256(lowercaseHex: (text + "0").utf8) == nil)
        #expect(Hex.encode(Digest256(hashing: []).bytes) == Digest256.ofNothing.description)
        #expect(
            Digest256.ofNothing.description == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
