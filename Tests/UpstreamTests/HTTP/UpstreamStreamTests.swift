import Primitives
import Synchronization
import Testing
import Upstream

@Suite(.timeLimit(.minutes(1)))
struct UpstreamStreamTests {
    private func client(_ server: TestServer, waitingBytesMax: Int = 256 << 10) throws -> UpstreamClient {
        try UpstreamClient(
            UpstreamEndpoint(address: .tcp(host: "127.0.0.1", port: server.port)),
            options: UpstreamOptions(waitingBytesMax: waitingBytesMax))
    }

    @Test func `both ways run at the same time`() async throws {
        // Answers each chunk with one of its own, and ends with the request.
        let server = try await TestServer { text, connection in
            if text.hasPrefix("POST") {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            }
            if text.contains("ping") { connection.send("4\r\npong\r\n") }
            if text.hasSuffix("0\r\n\r\n") { connection.send("0\r\n\r\n") }
            return true
        }
        let client = try self.client(server)
        let (pieces, source) = AsyncStream.makeStream(of: [UInt8].self)
        let count = try await client.stream(UpstreamRequest("POST", "/"), body: pieces) { answer in
            var count = 0
            for _ in 0..<3 {
                source.yield(Array("ping".utf8))
                let piece = try await answer.next()
                #expect(piece == Array("pong".utf8))
                count += 1
            }
            source.finish()
            #expect(try await answer.next() == nil)
            return count
        }
        #expect(count == 3)
        #expect(client.restingConnectionCount == 1)
    }

    @Test func `a source is asked for no more than the other side takes`() async throws {
        let server = try await TestServer(reads: false) { _, _ in true }
        let client = try self.client(server)
        let source = EndlessBody()
        var request = UpstreamRequest("POST", "/")
        request.timeouts = UpstreamTimeouts(firstByte: .milliseconds(200))
        await #expect(throws: UpstreamError(.firstByteTimedOut(.milliseconds(200)), wasSent: true)) {
            try await client.stream(request, body: source) { _ in }
        }
        // The sockets' own buffers, and one piece of ours.
        #expect(source.bytes < 64 << 20)
    }

    @Test func `an answer is read no faster than it is asked for`() async throws {
        let total = 16 << 20
        let server = try await TestServer.answering(
            "HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n" + String(repeating: "x", count: total))
        let client = try self.client(server, waitingBytesMax: 64 << 10)
        let answer = try await client.send(UpstreamRequest("GET", "/"))
        var count = 0
        var longest = 0
        while let piece = try await answer.next() {
            count += piece.count
            longest = max(longest, piece.count)
        }
        #expect(count == total)
        // The bound, and what one round of the event loop reads.
        #expect(longest < 4 << 20)
    }

    @Test func `what comes is given on until no more is wanted`() async throws {
        let server = try await TestServer { text, connection in
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<6 { connection.send("1\r\n\(number)\r\n") }
            connection.send("0\r\n\r\n")
            return true
        }
        let answer = try await self.client(server).send(UpstreamRequest("GET", "/"))
        let taken = Mutex<[UInt8]>([])
        var drains = 0
        // However the bytes come, each call takes one piece and then waits.
        while try await !answer.drain({ piece in
            taken.withLock { $0 += piece }
            return false
        }) { drains += 1 }
        #expect(taken.withLock { String(decoding: $0, as: UTF8.self) } == "012345")
        #expect((1...6).contains(drains))
    }

    @Test func `an answer that is given on is read no faster than it is taken`() async throws {
        let total = 16 << 20
        let server = try await TestServer.answering(
            "HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n" + String(repeating: "x", count: total))
        let answer = try await self.client(server, waitingBytesMax: 64 << 10).send(UpstreamRequest("GET", "/"))
        let counts = Mutex((bytes: 0, calls: 0, longest: 0))
        while try await !answer.drain({ piece in
            counts.withLock { counts in
                counts.bytes += piece.count
                counts.calls += 1
                counts.longest = max(counts.longest, piece.count)
                return !counts.calls.isMultiple(of: 3)
            }
        }) {}
        let found = counts.withLock { $0 }
        #expect(found.bytes == total)
        #expect(found.longest < 4 << 20)
    }

    @Test func `an answer that breaks off while it is given on says so`() async throws {
        let server = try await TestServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            connection.close()
            return true
        }
        let answer = try await self.client(server).send(UpstreamRequest("GET", "/"))
        await #expect(throws: UpstreamError(.cutOff, wasSent: true, hasAnswered: true)) {
            _ = try await answer.drain { _ in true }
        }
    }

    @Test func `who is cancelled while an answer is given on ends it`() async throws {
        let server = try await TestServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
            return true
        }
        let answer = try await self.client(server).send(UpstreamRequest("GET", "/"))
        let (pieces, source) = AsyncStream.makeStream(of: Int.self)
        let task = Task {
            try await answer.drain { piece in
                source.yield(piece.count)
                return true
            }
        }
        for await _ in pieces { break }
        task.cancel()
        let error = await #expect(throws: UpstreamError.self) { _ = try await task.value }
        #expect(error?.reason == .cancelled)
    }

    @Test func `a body that breaks off is no fault of the other side`() async throws {
        struct Broken: Error {}
        let server = try await TestServer { _, _ in true }
        let client = try self.client(server)
        let (pieces, source) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        source.yield([1])
        source.finish(throwing: Broken())
        let error = await #expect(throws: UpstreamError.self) {
            try await client.stream(UpstreamRequest("POST", "/"), body: pieces) { _ in }
        }
        #expect(error?.isUpstreamFault == false)
    }

    @Test(arguments: [1, 3])
    func `a body must have as many bytes as it announces`(_ bytes: Int) async throws {
        let server = try await TestServer { _, _ in true }
        let client = try self.client(server)
        let (pieces, source) = AsyncStream.makeStream(of: [UInt8].self)
        source.yield([UInt8](repeating: 0x61, count: bytes))
        source.finish()
        let error = await #expect(throws: UpstreamError.self) {
            try await client.stream(UpstreamRequest("PUT", "/", headers: ["content-length": "2"]), body: pieces) { _ in
            }
        }
        guard case .badRequest? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `an answer before the end of the request stops the request`() async throws {
        let server = try await TestServer { text, connection in
            connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            return true
        }
        let client = try self.client(server)
        let status = try await client.stream(UpstreamRequest("POST", "/"), body: EndlessBody()) { answer in
            let rest = try await answer.next()
            #expect(rest == nil)
            return answer.status
        }
        #expect(status == 413)
        #expect(client.restingConnectionCount == 0)
    }
}

/// Pieces of 64 KiB without end, which it counts.
private final class EndlessBody: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    typealias Failure = Never

    private let given = Mutex(0)
    var bytes: Int { self.given.withLock { $0 } }

    struct Iterator: AsyncIteratorProtocol {
        let body: EndlessBody

        mutating func next() async -> [UInt8]? {
            guard !Task.isCancelled else { return nil }
            self.body.given.withLock { $0 += 65_536 }
            return [UInt8](repeating: 0x61, count: 65_536)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async -> [UInt8]? {
            guard !Task.isCancelled else { return nil }
            self.body.given.withLock { $0 += 65_536 }
            return [UInt8](repeating: 0x61, count: 65_536)
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(body: self) }
}
