import Gateway
import NIOCore
import Primitives
import Testing

@Suite struct `an HTTP/1.1 connection` {
    @Test func `a request is answered with length and date, and the connection lives on`() async throws {
        try await withListener { listener in
            let client = try await RawClient.connect(port: listener.port)
            for round in 1...3 {
                try await client.send("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
                let responses = try #require(await client.responses(round))
                let last = try #require(responses.last)
                #expect(last.status == 200)
                #expect(last.text == "hello")
                #expect(last.headers.first("X-Seen") == "POST /a?b")
                #expect(last.headers.first("Content-Length") == "5")
                #expect(last.headers.first("Date")?.hasSuffix(" GMT") == true)
                #expect(last.headers.first("Connection") == nil)
            }
            client.close()
            #expect(listener.metrics.requestsTotal == 3)
            #expect(listener.metrics.connectionsAccepted == 1)
        }
    }

    @Test func `an operation that does not wait is answered before its plan's caller goes on`() async throws {
        let isInline = Shared<[Bool]>([])
        let responder = ClosureResponder { _, _, loop in
            let thread = loop.executor.eventLoop
            return .collect(limitBytes: 10) { _ in
                isInline.change { $0.append(thread.inEventLoop) }
                await Task.yield()
                isInline.change { $0.append(thread.inEventLoop) }
                await Task.detached {}.value
                isInline.change { $0.append(thread.inEventLoop) }
                return EdgeResponse(status: 200)
            }
        }
        try await withListener(responder) { listener in
            let answer = try await RawClient.converse(
                port: listener.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answer?.hasPrefix("HTTP/1.1 200 OK\r\n") == true)
            #expect(isInline.current == [true, true, true])
        }
    }

    @Test func `pipelined requests are taken and answered in order, however long one of them takes`() async throws {
        let gate = Gate()
        let order = Shared<[String]>([])
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 100) { body in
                if head.path == "/0" { await gate.wait() }
                order.change { $0.append(head.path) }
                return EdgeResponse(status: 200, body: .bytes(Array(head.path.utf8) + body))
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            var input = ""
            for index in 0..<40 {
                input +=
                    index % 2 == 0
                    ? "GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n"
                    : "PUT /\(index) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n+\r\n0\r\n\r\n"
            }
            try await client.send(input)
            #expect(await eventually { listener.metrics.requestsInFlight == 1 })
            #expect(order.current == [])
            gate.open()
            let responses = try #require(await client.responses(40))
            #expect(responses.map(\.text) == (0..<40).map { $0 % 2 == 0 ? "/\($0)" : "/\($0)+" })
            #expect(order.current == (0..<40).map { "/\($0)" })
            client.close()
        }
    }

    @Test func `behind a waiting request only a bounded number of bytes is read`() async throws {
        let gate = Gate()
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                await gate.wait()
                return EdgeResponse(status: 200)
            }
        }
        var limits = EdgeLimits()
        limits.pipelinedBytesMax = 4096
        try await withListener(responder, limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            let count = 20_000
            let sending = Task { try await client.send(String(repeating: request, count: count)) }
            #expect(await eventually { listener.metrics.bytesIn >= 4096 })
            // Whatever the loop had to do at once, it has done when it has answered another connection.
            for _ in 0..<3 {
                let other = try await RawClient.connect(port: listener.port)
                try await other.send("BAD\r\n\r\n")
                _ = await other.receiveAll()
            }
            #expect(listener.metrics.bytesIn <= 4096 + limits.receiveBufferBytes * limits.readsPerTurnMax + 3 * 7)
            gate.open()
            try await sending.value
            let responses = try #require(
                await client.receive { bytes in
                    bytes.count(where: { $0 == UInt8(ascii: "H") }) >= count
                })
            #expect(responses.count > count * 50)
            client.close()
        }
    }

    @Test func `HEAD is answered without the body, with its length`() async throws {
        let responder = ClosureResponder { head, _, _ in
            head.path == "/own"
                ? .reply(EdgeResponse(status: 200, headers: ["Content-Length": "12345"]))
                : .reply(EdgeResponse(status: 200, body: .bytes(Array("hello".utf8))))
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /own HTTP/1.1\r\nHost: a\r\n\r\n")
            let responses = try #require(await client.responses(2, toHead: true))
            #expect(responses.map { $0.headers.first("Content-Length") } == ["5", "12345"])
            client.close()
        }
    }

    @Test func `what came whole before the client ended its side is answered, in order, and the rest dropped`()
        async throws
    {
        let gate = Gate()
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 100) { body in
                await gate.wait()
                return EdgeResponse(status: 200, body: .bytes(Array(head.path.utf8) + body))
            }
        }
        let rests = ["", "GET / HT", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"]
        var limits = EdgeLimits()
        limits.halfClosedProbeInterval = limits.halfClosedTimeout
        try await withListener(responder, limits: limits) { listener in
            var clients: [RawClient] = []
            for rest in rests {
                let first = "PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n+"
                let second = "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                let client = try await RawClient.connect(port: listener.port)
                try await client.send(first + second + rest)
                try await client.endSending()
                clients.append(client)
            }
            #expect(await eventually { listener.metrics.requestsInFlight == rests.count })
            gate.open()
            for client in clients {
                let answer = try #require(await client.receiveAll())
                #expect(RawResponse.parse(Array(answer.utf8)).map(\.text) == ["/1+", "/2"])
            }
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test(arguments: [204, 304])
    func `a status without body sends none, whatever the answer holds`(status: Int) async throws {
        let responder = ClosureResponder { _, _, _ in
            .reply(EdgeResponse(status: status, body: .bytes(Array("hello".utf8))))
        }
        try await withListener(responder) { listener in
            let answer = try #require(
                try await RawClient.converse(
                    port: listener.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
            #expect(!answer.contains("Content-Length"))
        }
    }

    @Test func `a line break in a header value cannot start a header`() async throws {
        let responder = ClosureResponder { _, _, _ in
            .reply(EdgeResponse(status: 200, headers: ["X": "a\r\nSet-Cookie: b", "Bad Name": "c"]))
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try #require(await client.responses(1)?.first)
            #expect(response.headers.first("X") == "a  Set-Cookie: b")
            #expect(response.headers.first("Set-Cookie") == nil)
            #expect(response.headers.first("Bad Name") == nil)
            client.close()
        }
    }

    @Test func `100 Continue is sent when the body is wanted`() async throws {
        try await withListener { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n")
            #expect(await client.responses(1)?.map(\.status) == [100])
            try await client.send("hello")
            let responses = try #require(await client.responses(2))
            #expect(responses.map(\.status) == [100, 200])
            #expect(responses.last?.text == "hello")
            client.close()
        }
    }

    @Test func `a body that is not wanted gets its answer instead of 100, and the connection ends`() async throws {
        let responder = ClosureResponder { _, _, _ in .reply(EdgeResponse(status: 403)) }
        try await withListener(responder) { listener in
            let answer = try #require(
                try await RawClient.converse(
                    port: listener.port,
                    "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"))
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test func `the short body of a request that is answered from its head is dropped`() async throws {
        let responder = ClosureResponder { _, _, _ in .reply(EdgeResponse(status: 403)) }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let sized = "Content-Length: 5\r\n\r\nhello"
            let chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            for body in [sized, chunked] {
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\n\(body)")
            }
            #expect(await client.responses(2)?.map(\.status) == [403, 403])
            #expect(!client.isClosed)
            client.close()
        }
    }

    @Test func `a long body of a request that is answered from its head ends the connection`() async throws {
        let responder = ClosureResponder { _, _, _ in .reply(EdgeResponse(status: 403)) }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello")
            let answer = try #require(await client.receiveAll())
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test(arguments: [
        "Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
    ])
    func `a body over the plan's limit is refused with 413`(rest: String) async throws {
        let responder = ClosureResponder { _, _, _ in .collect(limitBytes: 10) { _ in EdgeResponse(status: 200) } }
        try await withListener(responder) { listener in
            let answer = try #require(
                try await RawClient.converse(port: listener.port, "PUT / HTTP/1.1\r\nHost: a\r\n\(rest)"))
            #expect(answer.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(listener.metrics.requestsRefused == 1)
            #expect(listener.metrics.requestsInFlight == 0)
        }
    }

    @Test func `HTTP/1.0 gets an answer and the end of the connection`() async throws {
        try await withListener { listener in
            let answer = try #require(
                try await RawClient.converse(port: listener.port, "GET /old HTTP/1.0\r\n\r\n"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test func `HTTP/1.0 may ask for the connection to stay`() async throws {
        try await withListener { listener in
            let client = try await RawClient.connect(port: listener.port)
            for count in 1...2 {
                try await client.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let response = try #require(await client.responses(count)?.last)
                #expect(response.headers.first("Connection") == "keep-alive")
            }
            client.close()
        }
    }

    @Test(arguments: HostileRequest.all)
    func `a request that can be read in two ways gets one refusal and the end`(_ hostile: HostileRequest) async throws {
        let seen = Shared<[String]>([])
        let responder = ClosureResponder { head, _, _ in
            seen.change { $0.append(head.path) }
            return .collect(limitBytes: 1000) { body in EdgeResponse(status: 200, body: .bytes(body)) }
        }
        try await withListener(responder) { listener in
            let answer = try #require(
                try await RawClient.converse(port: listener.port, hostile.bytes + HostileRequest.smuggled))
            let responses = RawResponse.parse(Array(answer.utf8))
            #expect(responses.map(\.status) == [hostile.status])
            #expect(responses.first?.headers.first("Connection") == "close")
            #expect(!seen.current.contains("/smuggled"))
        }
    }
}
