import Gateway
import Primitives
import Signing
import Synchronization
import Telemetry
import Testing

/// A body that a gateway passes on as it comes, at a node's own listener.
@Suite struct FramedBodyTests {
    private let cluster: TestCluster

    init() throws {
        self.cluster = try TestCluster()
    }

    private init(cluster: TestCluster) {
        self.cluster = cluster
    }

    /// A request of a gateway, and the frames of its body.
    private func request(announced: Int? = nil, sequence: UInt64 = 1) -> (head: String, frames: [[UInt8]]) {
        var head = RequestHead(
            method: "POST", path: "/",
            headers: [
                "Host": "node:4567", "X-Amz-Target": "Shop_20260101.Buy", "Content-Type": "application/x-amz-json-1.0",
            ])
        if let announced { head.headers.append("x-brume-body-bytes", String(announced)) }
        let statement = ForwardStatement(
            issued: self.cluster.clock.now(), sender: 1, sequence: sequence, requestID: "R-1", service: "shop",
            operation: "Buy", sourceAddress: "203.0.113.9", isTLS: false, body: .framed)
        let (value, tag) = ForwardProof.seal(statement, for: head, with: self.cluster.key)
        head.headers.append(ForwardProof.headerName, value)
        head.headers.append("Transfer-Encoding", "chunked")
        var writer = ForwardFrameWriter(opening: tag, with: self.cluster.key)
        var frames: [[UInt8]] = []
        for part in [#"{"Text""#, ":", #""hello"}"#] {
            let piece = Array(part.utf8)
            frames.append(writer.frames(piece.span))
        }
        let principal = ForwardedPrincipal(
            kind: "root", account: "000000000000", arn: "arn:aws:iam::000000000000:root", userID: "000000000000",
            accessKeyID: "AKIAROOT", region: "us-east-1")
        let lines = head.headers.fields.map { "\($0.name): \($0.value)\r\n" }
        return ("POST / HTTP/1.1\r\n\(lines.joined())\r\n", frames + [writer.last(principal)])
    }

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    /// Sends the frames, and the end of the body or not, and waits for the answer.
    private func answer(to head: String, _ frames: [[UInt8]], ends: Bool = true) async throws -> RawResponse {
        // In one piece: whoever writes slowly is told so.
        let bytes = Array(head.utf8) + frames.flatMap(Self.chunk) + (ends ? Array("0\r\n\r\n".utf8) : [])
        let answers = try await withListener(self.cluster.node) { listener in
            let client = try await RawClient.connect(port: listener.port)
            defer { client.close() }
            try await client.send(bytes)
            return await client.responses(1)
        }
        return try #require(answers?.first)
    }

    @Test func `a body in frames is taken as one that came as a whole`() async throws {
        let (head, frames) = self.request()
        let answer = try await self.answer(to: head, frames)
        #expect(answer.status == 200)
        #expect(answer.text.contains("hello"))
        let line = try #require(self.cluster.nodeLog.requests.last)
        #expect(line.string("client") == "203.0.113.9")
        #expect(line.string("accessKeyId") == "AKIAROOT")
    }

    @Test func `a frame that was altered ends the request while the rest of the body is still to come`() async throws {
        var (head, frames) = self.request()
        frames[1][4] ^= 1
        let answer = try await self.answer(to: head, Array(frames[..<2]), ends: false)
        #expect(answer.status == 403)
        #expect(answer.headers.first("x-brume-refused")?.hasPrefix("Frame 2 of the body is not as") == true)
        #expect(self.cluster.nodeLog.requests.isEmpty)
        #expect(self.cluster.nodeLog.records.contains { $0.message == "forwarded request refused" })
    }

    @Test func `a body without its last frame begins nothing`() async throws {
        let (head, frames) = self.request()
        let answer = try await self.answer(to: head, Array(frames.dropLast()))
        #expect(answer.status == 403)
        #expect(answer.text.contains("ends after 3 frames"))
        #expect(self.cluster.nodeLog.requests.isEmpty)
    }

    @Test(arguments: [nil, 16] as [Int?])
    func `a large body in frames takes room for what it may become, and is refused where there is none in time`(
        announced: Int?
    ) async throws {
        var limits = EdgeLimits()
        limits.smallBodyBytesMax = 10
        limits.largeBodyBytesMax = 5_000
        limits.bodyRoomTimeout = .milliseconds(50)
        let memory = RequestMemory(limits)
        let held = Shared(0)
        let suite = try Self(
            cluster: TestCluster(nodeMemory: memory) { text, _ in
                held.change { $0 = memory.bodies.heldBytes }
                return text
            })
        let others = memory.bodies.claim(announced == nil ? 1_000 : 4_990, resume: {})?.claim
        let (head, frames) = suite.request(announced: announced)
        let refused = try await suite.answer(to: head, frames)
        #expect(refused.status == 503)
        #expect(refused.text.contains("no memory"))
        others?.keep(0)
        let (again, sameFrames) = suite.request(announced: announced, sequence: 2)
        #expect(try await suite.answer(to: again, sameFrames).status == 200)
        // What the whole body needs, not what it might have needed.
        #expect(held.current == 16)
        #expect(await eventually { memory.bodies.heldBytes == 0 })
    }

    @Test func `a body in frames that is longer than announced begins nothing`() async throws {
        let (head, frames) = self.request(announced: 15)
        let answer = try await self.answer(to: head, frames)
        #expect(answer.status == 403)
        #expect(answer.text.contains("longer than the service takes"))
    }

    @Test func `a body over the service's bound begins nothing`() async throws {
        var (head, frames) = self.request()
        // As long as a frame may be, and longer than what shop takes.
        frames[0] = [0, 1, 0, 0]
        let answer = try await self.answer(to: head, Array(frames[..<1]), ends: false)
        #expect(answer.status == 403)
        #expect(answer.text.contains("longer than the service takes"))
    }
}
