import Primitives
import Signing
import Testing

/// What a gateway says, and what becomes of it on the way.
@Suite struct ForwardProofTests {
    private static let now = Timestamp(secondsSinceEpoch: 1_700_000_000)
    private let key = ClusterKey(text: String(repeating: "0a", count: 32) + "\n")
    private static let body = Array(#"{"TableName":"t"}"#.utf8)
    private static let principal = ForwardedPrincipal(
        kind: "user", account: "111122223333", arn: "arn:aws:iam::111122223333:user/ana", userID: "AIDAANA",
        accessKeyID: "AKIAROOT", region: "eu-west-1")

    private var head: RequestHead {
        RequestHead(
            method: "POST", path: "/a%2Fb", query: "x=1&y=%20",
            headers: [
                "Host": "localhost:4566", "X-Amz-Target": "DynamoDB_20120810.GetItem", "Content-Length": "17",
                "Connection": "keep-alive",
            ])
    }

    private func statement(
        _ body: ForwardStatement.Body = .known(Digest256(hashing: Self.body), Self.principal), at time: Timestamp = now
    ) -> ForwardStatement {
        ForwardStatement(
            issued: time, sender: 7, sequence: 42, requestID: "R-1", service: "dynamodb", operation: "GetItem",
            sourceAddress: "203.0.113.9", isTLS: true, body: body)
    }

    private func sealed(_ statement: ForwardStatement) throws -> RequestHead {
        var head = self.head
        let value = ForwardProof.seal(statement, for: head, with: try self.with()).value
        head.headers.append(ForwardProof.headerName, value)
        return head
    }

    private func with() throws -> ClusterKey { try #require(self.key) }

    private func open(_ head: RequestHead, now: Timestamp = Self.now) throws -> ForwardStatement {
        try ForwardProof.open(head, with: try self.with(), now: now).statement
    }

    @Test func `a statement comes out as it went in`() throws {
        for body in [ForwardStatement.Body.framed, .known(Digest256(hashing: Self.body), Self.principal)] {
            let statement = self.statement(body)
            #expect(try self.open(try self.sealed(statement)) == statement)
        }
    }

    /// Computed apart, with Python's hmac over the same bytes.
    @Test func `the header has the bytes that the documentation describes`() throws {
        let header = ForwardProof.seal(self.statement(.framed), for: self.head, with: try self.with()).value
        #expect(
            header == "v2.MTM6MTcwMDAwMDAwMDAwMDE6NzI6NDIzOlItMTg6ZHluYW1vZGI3OkdldEl0ZW0xMToyMDMuMC4xMTMuOTM6dGx"
                + "zNjpmcmFtZWQ=.cdf2a9335254c1ff8c611f41f81a645af2a94e83ce941bc7cb7d7ff605bb3da4")
    }

    @Test func `a statement goes with its request only`() throws {
        let good = try self.sealed(self.statement())
        var changed: [RequestHead] = []
        for change in [
            { $0.method = "PUT" }, { $0.path = "/a/b" }, { $0.query = "x=1" }, { $0.path = "/a%2Fb?x=1&y=%20" },
            { $0.headers.set("X-Amz-Target", "DynamoDB_20120810.DeleteItem") }, { $0.headers.remove("X-Amz-Target") },
            { $0.headers.append("X-Amz-Target", "DynamoDB_20120810.DeleteItem") },
            { $0.headers.append("Content-Encoding", "gzip") }, { $0.headers.set("Host", "other:4566") },
        ] as [(inout RequestHead) -> Void] {
            var head = good
            change(&head)
            changed.append(head)
        }
        for head in changed { #expect(throws: ForwardError.forged) { try self.open(head) } }
        // What belongs to one connection may differ.
        var other = good
        other.headers.set("Connection", "close")
        other.headers.remove("Content-Length")
        other.headers.append("Transfer-Encoding", "chunked")
        #expect(try self.open(other) == self.statement())
    }

    @Test func `nothing of a header may differ, and there is one`() throws {
        let good = try self.sealed(self.statement())
        let value = try #require(good.headers.first(ForwardProof.headerName))
        for index in value.utf8.indices {
            var bytes = Array(value.utf8)
            let offset = value.utf8.distance(from: value.utf8.startIndex, to: index)
            bytes[offset] ^= 1
            var head = good
            head.headers.set(ForwardProof.headerName, String(decoding: bytes, as: UTF8.self))
            #expect(throws: ForwardError.self, "byte \(offset)") { try self.open(head) }
        }
        var twice = good
        twice.headers.append("X-Brume-Forwarded", value)
        #expect(throws: ForwardError.malformed) { try self.open(twice) }
        #expect(throws: ForwardError.absent) { try self.open(self.head) }
        let other = try #require(ClusterKey(bytes: [UInt8](repeating: 9, count: 32)))
        #expect(throws: ForwardError.forged) { try ForwardProof.open(good, with: other, now: Self.now) }
    }

    @Test func `the statement of another version is told from one that cannot be read`() throws {
        let good = try self.sealed(self.statement())
        let value = try #require(good.headers.first(ForwardProof.headerName))
        for version in ["v1", "v3", ""] {
            var head = good
            head.headers.set(ForwardProof.headerName, version + value.dropFirst(2))
            #expect(throws: ForwardError.otherVersion) { try self.open(head) }
        }
    }

    @Test(
        arguments: [
            (0, nil), (60_000, nil), (60_001, .expired), (-30_000, nil), (-30_001, .notYetCurrent),
        ] as [(Int64, ForwardError?)])
    func `a statement holds for a minute`(_ age: Int64, _ expected: ForwardError?) throws {
        let head = try self.sealed(self.statement())
        let now = Self.now.advanced(byMilliseconds: age)
        if let expected {
            #expect(throws: expected) { try self.open(head, now: now) }
        } else {
            #expect(try self.open(head, now: now) == self.statement())
        }
    }

    @Test func `a key is 64 digits, and its boxes differ by purpose`() throws {
        #expect(ClusterKey(text: "") == nil)
        #expect(ClusterKey(text: String(repeating: "0a", count: 31)) == nil)
        #expect(ClusterKey(text: String(repeating: "0a", count: 32) + " x") == nil)
        let text = ClusterKey.newText(random: SeededRandomSource(seed: 1))
        #expect(ClusterKey(text: text) != nil)
        let key = try self.with()
        let sealed = key.box(for: "a").seal([1], context: "")
        #expect(key.box(for: "a").open(sealed, context: "") == [1])
        #expect(key.box(for: "b").open(sealed, context: "") == nil)
    }
}
