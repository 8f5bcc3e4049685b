import Primitives
import Synchronization
import Testing
import Upstream

@Suite(.timeLimit(.minutes(1)))
struct UpstreamClientTests {
    static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello"

    private func client(_ server: TestServer, _ options: UpstreamOptions = UpstreamOptions()) throws -> UpstreamClient {
        try UpstreamClient(UpstreamEndpoint(address: .tcp(host: "127.0.0.1", port: server.port)), options: options)
    }

    @Test func `one connection serves one request after another`() async throws {
        let server = try await TestServer.answering(Self.hello)
        // On one loop, as the requests of one client's connection are.
        let client = try self.client(server)
        for _ in 0..<64 {
            let answer = try await client.ask(UpstreamRequest("GET", "/a?b"), bytesMax: 5)
            #expect(answer.head.status == 200)
            #expect(answer.head.headers.first("x-a") == "1")
            #expect(answer.body == Array("hello".utf8))
        }
        #expect(server.connectionCount < 64)
        #expect(client.restingConnectionCount == server.connectionCount)
    }

    @Test func `a connection that is not kept says so and is closed`() async throws {
        let heads = Mutex("")
        let server = try await TestServer { text, connection in
            heads.withLock { $0 = text }
            connection.send(Self.hello)
            return true
        }
        let client = try self.client(server, UpstreamOptions(keepsConnections: false))
        _ = try await client.ask(UpstreamRequest("POST", "/x", headers: ["X-B": "2"]), body: [0x61], bytesMax: 5)
        let head = heads.withLock { $0 }
        #expect(head.hasPrefix("POST /x HTTP/1.1\r\n"))
        #expect(head.contains("Connection: close\r\n"))
        #expect(head.contains("Content-Length: 1\r\n"))
        #expect(head.contains("Host: 127.0.0.1:\(server.port)\r\n"))
        #expect(head.hasSuffix("\r\n\r\na"))
        #expect(client.restingConnectionCount == 0)
    }

    @Test func `a connection that the other side closed is not used again`() async throws {
        let server = try await TestServer.answering(Self.hello)
        let client = try self.client(server)
        for _ in 0..<32 { _ = try await client.ask(UpstreamRequest("POST", "/"), bytesMax: 5) }
        let before = server.connectionCount
        try await server.closeConnections()
        // Closed behind our back or before our eyes: an idempotent request is answered either way.
        for _ in 0..<8 { _ = try await client.ask(UpstreamRequest("GET", "/"), bytesMax: 5) }
        #expect(server.connectionCount > before)
    }

    @Test func `the next connection is opened while an answer is read, and a lost one costs nothing`() async throws {
        let server = try await TestServer.answering(Self.hello)
        let options = UpstreamOptions(keepsConnections: false, preparedConnectionsMax: 2)
        let client = try self.client(server, options)
        let request = UpstreamRequest("POST", "/", isIdempotent: true)
        for _ in 0..<16 { _ = try await client.ask(request, bytesMax: 5) }
        while client.restingConnectionCount == 0 { await Task.yield() }
        #expect(client.restingConnectionCount <= 2)
        try await server.closeConnections()
        for _ in 0..<16 { #expect(try await client.ask(request, bytesMax: 5).body == Array("hello".utf8)) }
        client.close()
        #expect(client.restingConnectionCount == 0)
        _ = try await client.ask(request, bytesMax: 5)
        #expect(client.restingConnectionCount == 0)
    }

    @Test func `a Unix socket is asked like a port`() async throws {
        let path = "/tmp/brume-upstream-\(SystemRandomSource().next()).sock"
        let server = try await TestServer.answering(Self.hello, path: path)
        let client = try UpstreamClient(UpstreamEndpoint(address: .unix(path: path)))
        #expect(try await client.ask(UpstreamRequest("GET", "/"), bytesMax: 5).body == Array("hello".utf8))
        withExtendedLifetime(server) {}
    }

    @Test func `where nobody listens nothing was sent`() async throws {
        let client = try UpstreamClient(UpstreamEndpoint(address: .unix(path: "/tmp/brume-upstream-none.sock")))
        let error = await #expect(throws: UpstreamError.self) { _ = try await client.send(UpstreamRequest("GET", "/")) }
        #expect(error == UpstreamError(.unreachable("No such file or directory")))
    }

    @Test func `an error says how far the request came`() async throws {
        let answers = [
            ("", UpstreamError(.cutOff, wasSent: true)),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
                UpstreamError(.cutOff, wasSent: true, hasAnswered: true)
            ),
        ]
        for (text, expected) in answers {
            let server = try await TestServer { _, connection in
                if !text.isEmpty { connection.send(text) }
                connection.close()
                return true
            }
            let client = try self.client(server)
            await #expect(throws: expected) { _ = try await client.ask(UpstreamRequest("POST", "/"), bytesMax: 99) }
        }
    }

    @Test func `what is no HTTP, and a head over its bound, are malformed`() async throws {
        let long = String(repeating: "a", count: 2048)
        for text in ["SSH-2.0-nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nX: \(long)\r\n\r\n"] {
            let server = try await TestServer.answering(text)
            let client = try self.client(server, UpstreamOptions(headBytesMax: 1024))
            let error = await #expect(throws: UpstreamError.self) {
                _ = try await client.send(UpstreamRequest("GET", "/"))
            }
            guard case .malformed? = error?.reason else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test func `a body over the reader's bound ends the connection`() async throws {
        let server = try await TestServer.answering(Self.hello)
        let client = try self.client(server)
        await #expect(throws: UpstreamError(.tooLarge(bytesMax: 4), wasSent: true, hasAnswered: true)) {
            _ = try await client.ask(UpstreamRequest("GET", "/"), bytesMax: 4)
        }
    }

    @Test(arguments: [
        UpstreamRequest("GET", "/ HTTP/1.1\r\nX: y"), UpstreamRequest("GET /", "/"), UpstreamRequest("GET", "none"),
        UpstreamRequest("", "/"), UpstreamRequest("GET", "/", headers: ["A": "b\r\nC: d"]),
        UpstreamRequest("GET", "/", headers: ["A b": "c"]),
    ])
    func `a request that would break its message is not sent`(_ request: UpstreamRequest) async throws {
        let server = try await TestServer.answering(Self.hello)
        let client = try self.client(server)
        let error = await #expect(throws: UpstreamError.self) { _ = try await client.send(request) }
        guard case .badRequest? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.isUpstreamFault == false)
    }

    @Test func `no first byte in its time is told as such`() async throws {
        let server = try await TestServer { _, _ in true }
        let bound = Duration.milliseconds(20)
        let client = try self.client(server, UpstreamOptions(timeouts: UpstreamTimeouts(firstByte: bound)))
        await #expect(throws: UpstreamError(.firstByteTimedOut(bound), wasSent: true)) {
            _ = try await client.send(UpstreamRequest("GET", "/"))
        }
    }

    @Test func `an answer that comes to a halt, or takes too long, is told as such`() async throws {
        let server = try await TestServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            return true
        }
        let bound = Duration.milliseconds(20)
        let client = try self.client(server)
        var request = UpstreamRequest("GET", "/", timeouts: UpstreamTimeouts(idle: bound))
        await #expect(throws: UpstreamError(.idleTimedOut(bound), wasSent: true, hasAnswered: true)) {
            _ = try await client.ask(request, bytesMax: 99)
        }
        request.timeouts = UpstreamTimeouts(total: bound)
        let error = await #expect(throws: UpstreamError.self) {
            _ = try await client.ask(request, bytesMax: 99)
        }
        // On a busy machine it may be over before the head is there.
        #expect(error?.reason == .totalTimedOut(bound))
    }

    @Test func `to cancel the task closes the connection`() async throws {
        let (asked, asking) = AsyncStream.makeStream(of: Void.self)
        let server = try await TestServer { _, _ in
            asking.yield()
            return true
        }
        let client = try self.client(server)
        let request = Task { _ = try await client.send(UpstreamRequest("GET", "/")) }
        for await _ in asked { break }
        request.cancel()
        await #expect(throws: UpstreamError(.cancelled, wasSent: true)) { try await request.value }
        #expect(client.restingConnectionCount == 0)
    }
}
