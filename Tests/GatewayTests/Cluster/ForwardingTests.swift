import Gateway
import Primitives
import ServiceModel
import Signing
import Telemetry
import Testing

/// What a request becomes on its way from a gateway to a node, and what an attacker on that way can do.
@Suite struct ForwardingTests {
    private let cluster: TestCluster

    init() throws {
        self.cluster = try TestCluster()
    }

    private func buy() throws -> TestRequest { try TestRequest.buy.signed(for: "shop") }

    /// What the gateway sent for a good request.
    private func captured() async throws -> Wire.Carried {
        let answer = await self.cluster.send(try self.buy())
        #expect(answer.status == 200)
        return try #require(self.cluster.wire.carried.last)
    }

    @Test(
        arguments: [
            (TestRequest.buy, "shop", 200), (.count, "till", 200),
            (TestRequest("GET", "/books/a%2Fb"), "books", 200),
            (TestRequest("POST", "/books/x/lend"), "books", 200),
            (TestRequest.json("Shop_20260101.Unlisted"), "shop", 400),
            (TestRequest.form("Action=Nothing&Version=2026-02-02"), "till", 400),
        ] as [(TestRequest, String, Int)])
    func `an answer through a gateway is the answer of one process`(
        _ request: TestRequest, _ service: String, _ status: Int
    ) async throws {
        let signed = try request.signed(for: service)
        let through = await self.cluster.send(signed)
        let direct = await TestCluster.answer(
            self.cluster.nodePipeline.plan(signed.withLength.head, connection: .remote, on: TestCluster.loop),
            signed.body)
        #expect(through.status == status)
        #expect(through.status == direct.status)
        #expect(through.headers.first("content-type") == direct.headers.first("content-type"))
        // The request ids differ, and stand in some bodies.
        #expect(through.text.prefix(20) == direct.text.prefix(20))
    }

    @Test func `the node sees the client, and both logs the same id, trace and sender`() async throws {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let answer = await self.cluster.send(try TestRequest.buy.with("traceparent", trace).signed(for: "shop"))
        let gateway = try #require(self.cluster.gatewayLog.requests.last)
        let node = try #require(self.cluster.nodeLog.requests.last)
        for name in ["requestId", "client", "account", "region", "accessKeyId", "traceId", "operation", "service"] {
            #expect(gateway.string(name) == node.string(name), "\(name)")
        }
        #expect(gateway.string("requestId") == answer.headers.first("x-amzn-requestid"))
        #expect(gateway.string("traceId") == "0af7651916cd43dd8448eb211c80319c")
        #expect(gateway.string("client") == "203.0.113.9")
        #expect(gateway.string("node") == "node:1")
        #expect(node.string("gateway") == "10.0.0.2")
        #expect(node["tls"] == .boolean(true))
        let head = try #require(self.cluster.wire.carried.last).head
        #expect(head.headers.first("traceparent") == trace)
    }

    @Test func `what proves a client stays at the gateway`() async throws {
        let request = try TestRequest.buy.signed(for: "shop", by: TestIdentity.session)
        #expect(await self.cluster.send(request).status == 200)
        let head = try #require(self.cluster.wire.carried.last).head
        for name in ["Authorization", "X-Amz-Security-Token", "Cookie", "X-Api-Key"] {
            #expect(!head.headers.contains(name), "\(name)")
        }
        #expect(head.headers.contains("X-Amz-Target"))
    }

    @Test func `a client that is not proven reaches no node`() async throws {
        let forged = try self.buy().with("X-Amz-Date", "20231114T221321Z")
        #expect(await self.cluster.send(forged).status == 400)
        #expect(await self.cluster.send(.buy).status == 400)
        #expect(self.cluster.wire.carried.isEmpty)
    }

    @Test func `a statement that a client brings is taken away at the public edge`() async throws {
        let statement = try #require(try await self.captured().head.headers.first(ForwardProof.headerName))
        // Unsigned, with a good statement of another request: it proves nothing at a public listener.
        let request = TestRequest.buy.with("X-Brume-Forwarded", statement)
        #expect(await self.cluster.send(request).status == 400)
        let direct = await TestCluster.answer(
            self.cluster.nodePipeline.plan(request.head, connection: .local, on: TestCluster.loop), request.body)
        #expect(direct.status == 400)
        // Signed by its own sender, it passes, and the node hears the gateway alone.
        let signed = try self.buy().with("X-Brume-Forwarded", "v2.AAAA.bbbb").with("x-BRUME-other", "1")
        #expect(await self.cluster.send(signed).status == 200)
        let head = try #require(self.cluster.wire.carried.last).head
        #expect(head.headers.all(ForwardProof.headerName).count == 1)
        #expect(!head.headers.contains("x-brume-other"))
    }

    @Test func `a node takes nothing without a statement, signed by a client or not`() async throws {
        for request in [TestRequest.buy, try self.buy(), TestRequest("GET", "/books/1")] {
            let answer = await self.cluster.sendToNode(request.head, request.body)
            #expect(answer.status == 403)
        }
        #expect(self.cluster.nodeLog.requests.isEmpty)
    }

    @Test func `a statement is heard once`() async throws {
        let carried = try await self.captured()
        let again = await self.cluster.sendToNode(carried.head, carried.body)
        #expect(again.status == 403)
        #expect(again.text.contains("used before"))
    }

    @Test func `a statement is not for another path, operation, body or time`() async throws {
        let changes: [@Sendable (inout Wire.Carried) -> Void] = [
            { $0.head.path = "/other" }, { $0.head.query = "a=b" }, { $0.head.method = "PUT" },
            { $0.head.headers.set("X-Amz-Target", "Shop_20260101.Look") },
            { $0.body = Array(#"{"Text":"other"}"#.utf8) }, { $0.body.append(32) },
            { $0.head.headers.append("Content-Encoding", "gzip") },
            { $0.head.headers.remove(ForwardProof.headerName) },
        ]
        for (index, change) in changes.enumerated() {
            self.cluster.wire.tamper(change)
            let before = self.cluster.nodeLog.requests.count
            let answer = await self.cluster.send(try self.buy())
            #expect(answer.status == 503, "change \(index)")
            #expect(self.cluster.nodeLog.requests.count == before, "change \(index)")
        }
        self.cluster.wire.connect(to: nil)
        self.cluster.wire.tamper { _ in }
        _ = await self.cluster.send(try self.buy())
        let carried = try #require(self.cluster.wire.carried.last)
        self.cluster.clock.advance(milliseconds: 60_001)
        let late = await self.cluster.sendToNode(carried.head, carried.body)
        #expect(late.status == 403)
        #expect(late.text.contains("too old"))
    }

    @Test(
        arguments: [
            (TestRequest.buy, "shop", "ServiceUnavailable"), (.count, "till", "<Code>ServiceUnavailable</Code>"),
            (TestRequest("GET", "/books/1"), "books", ""),
        ] as [(TestRequest, String, String)])
    func `without a node the service's own 503 is the answer`(
        _ request: TestRequest, _ service: String, _ said: String
    ) async throws {
        self.cluster.wire.connect(to: nil)
        let answer = await self.cluster.send(try request.signed(for: service))
        #expect(answer.status == 503)
        #expect(answer.text.contains(said))
        #expect(answer.headers.first("x-amzn-requestid") != nil)
        let warning = try #require(self.cluster.gatewayLog.records.first { $0.message == "no node answered" })
        #expect(warning.string("reason") == "no node is up")
    }

    @Test func `where every node is busy the service's throttling error is the answer`() async throws {
        self.cluster.wire.fail(NodeError("every node has as many requests as it may", isBusy: true))
        let answer = await self.cluster.send(try self.buy())
        #expect(answer.status == 400)
        #expect(answer.text.contains("ThrottlingException"))
    }

    @Test(
        arguments: [
            ["X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"],
            [
                "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "tracestate": "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
            ],
        ] as [[String: String]])
    func `trace context of W3C and of X-Ray passes unchanged, and both logs name it`(
        _ headers: [String: String]
    ) async throws {
        var request = TestRequest.buy
        for (name, value) in headers { request = request.with(name, value) }
        _ = await self.cluster.send(try request.signed(for: "shop"))
        let head = try #require(self.cluster.wire.carried.last).head
        for (name, value) in headers { #expect(head.headers.first(name) == value) }
        let logged = [self.cluster.gatewayLog, self.cluster.nodeLog].map { $0.requests.last?.string("traceId") }
        let id =
            headers["traceparent"] == nil
            ? "1-67891233-abcdef012345678912345678" : "0af7651916cd43dd8448eb211c80319c"
        #expect(logged == [id, id])
    }

    @Test func `the keys are told to who has the cluster's key, once a question`() async throws {
        let signer = ForwardSigner(
            key: self.cluster.key, clock: self.cluster.clock, random: SeededRandomSource(seed: 9))
        let (head, tag) = signer.question(InternalEdge.keysPath, host: "gateway:4567")
        guard case .reply(let response) = self.cluster.node.plan(head, connection: .gateway, on: TestCluster.loop),
            case .bytes(let sealed) = response.body
        else {
            Issue.record("the answer is no reply")
            return
        }
        #expect(InternalEdge.keys(in: sealed, to: tag, key: self.cluster.key) == "the keys")
        #expect(InternalEdge.keys(in: sealed, to: Digest256(hashing: []), key: self.cluster.key) == nil)
        #expect(await self.cluster.sendToNode(head, []).status == 403)
        // A statement about a request is no question.
        var carried = try await self.captured()
        carried.head.path = InternalEdge.keysPath
        #expect(await self.cluster.sendToNode(carried.head, []).status == 403)
        let unasked = RequestHead(method: "GET", path: InternalEdge.keysPath)
        #expect(await self.cluster.sendToNode(unasked, []).status == 403)
    }
}
