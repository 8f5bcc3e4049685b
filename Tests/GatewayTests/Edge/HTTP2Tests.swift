import Gateway
import NIOCore
import NIOHPACK
import NIOHTTP2
import Primitives
import Testing

@Suite struct `an HTTP/2 connection with prior knowledge` {
    @Test func `requests are answered, with the authority as host`() async throws {
        let responder = ClosureResponder { head, info, _ in
            .collect(limitBytes: 1000) { body in
                let text = "\(info.version.rawValue) \(head.headers.first("host") ?? "-") \(head.path)?\(head.query)"
                return EdgeResponse(status: 200, headers: ["X-Seen": text], body: .bytes(body))
            }
        }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let answer = try await client.request("POST", "/a%2Fb?c", body: Array("hello".utf8))
            #expect(answer.status == "200")
            #expect(answer.text == "hello")
            #expect(answer.headers["x-seen"] == "HTTP/2 localhost /a%2Fb?c")
            #expect(answer.headers["content-length"] == "5")
            #expect(answer.headers["date"]?.hasSuffix("GMT") == true)
            #expect(try await client.request(headers: [("host", "other")]).headers["x-seen"] == "HTTP/2 other /?")
            #expect(listener.metrics.bytesIn > 0 && listener.metrics.bytesOut > 0)
            await client.close()
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test func `streams run side by side`() async throws {
        let gate = Gate()
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 0) { _ in
                if head.path == "/slow" { await gate.wait() }
                return EdgeResponse(status: 200, body: .bytes(Array(head.path.utf8)))
            }
        }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            async let slow = client.request("GET", "/slow")
            #expect(await eventually { listener.metrics.requestsInFlight == 1 })
            for index in 0..<20 { #expect(try await client.request("GET", "/\(index)").text == "/\(index)") }
            gate.open()
            #expect(try await slow.text == "/slow")
            await client.close()
        }
    }

    @Test func `bodies of megabytes pass in both directions`() async throws {
        try await withListener(
            ClosureResponder { _, _, _ in
                .collect(limitBytes: 8 * 1024 * 1024) { EdgeResponse(status: 200, body: .bytes($0)) }
            }
        ) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await client.request("PUT", "/", body: body).body == body)
            await client.close()
        }
    }

    @Test func `a streamed request is answered piece by piece`() async throws {
        let responder = ClosureResponder { _, _, _ in
            .stream { body in
                EdgeResponse(
                    status: 200,
                    body: .stream { writer in
                        for try await piece in body { try await writer.write(piece + [UInt8(ascii: ".")]) }
                    })
            }
        }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let answer = try await client.request("POST", "/", body: Array("hello".utf8))
            #expect(answer.text == "hello.")
            await client.close()
        }
    }

    private struct Broken: Error {}

    @Test func `a streamed answer that fails is reset`() async throws {
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200,
                    body: .stream { writer in
                        try await writer.write([65])
                        throw Broken()
                    })
            }
        }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let answer = try await client.request()
            #expect(answer.isReset)
            #expect(answer.status == "200")
            // The connection lives on.
            #expect(try await client.request().status == "200")
            await client.close()
        }
    }

    @Test func `HEAD is answered without a body`() async throws {
        let responder = ClosureResponder { _, _, _ in .reply(EdgeResponse(status: 200, body: .bytes([1, 2, 3]))) }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let answer = try await client.request("HEAD")
            #expect(answer.headers["content-length"] == "3")
            #expect(answer.body.isEmpty && !answer.isReset)
            await client.close()
        }
    }

    @Test(
        arguments: [
            ("lower-case method", "get", "/", [], 400),
            ("CONNECT of an authority and a path", "CONNECT", "/", [], 400),
            ("relative path", "GET", "a", [], 400), ("path with a space", "GET", "/a b", [], 400),
            ("path with fragment", "GET", "/a#b", [], 400),
            ("value with a line break", "GET", "/", [("x-a", "b\r\nx-c: d")], 400),
            ("value with NUL", "GET", "/", [("x-a", "b\0")], 400),
            ("transfer-encoding", "GET", "/", [("transfer-encoding", "chunked")], 400),
            ("connection", "GET", "/", [("connection", "close")], 400),
            ("two hosts", "GET", "/", [(":authority", "a"), ("host", "b")], 400),
            ("host with user", "GET", "/", [(":authority", "u@a")], 400),
            ("content-length with plus", "GET", "/", [("content-length", "+0")], 400),
            ("two content-lengths", "GET", "/", [("content-length", "0"), ("content-length", "0")], 400),
            ("content-length of a body that is not there", "GET", "/", [("content-length", "5")], 400),
            ("upper-case name", "GET", "/", [("X-A", "b")], 400),
            ("other expectation", "GET", "/", [("expect", "tea")], 417),
            ("method and method", "GET", "/", [(":method", "PUT")], 400),
        ] as [(String, String, String, [(String, String)], Int)])
    func `what could be read in two ways is refused or reset`(
        name: String, method: String, path: String, headers: [(String, String)], status: Int
    ) async throws {
        let seen = Shared(0)
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 100) { _ in
                seen.change { $0 += 1 }
                return EdgeResponse(status: 200)
            }
        }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let pseudo = headers.filter { $0.0.hasPrefix(":") }
            var block = HPACKHeaders([(":method", method), (":path", path), (":scheme", "http")])
            if !pseudo.contains(where: { $0.0 == ":authority" }) { block.add(name: ":authority", value: "a") }
            let others = headers.filter { !$0.0.hasPrefix(":") }
            for (name, value) in pseudo + others { block.add(name: name, value: value) }
            let (_, answer) = try await client.open(block, endsStream: true)
            let result = try await answer.get()
            #expect(result.isReset || result.status == "\(status)", "\(name): \(result)")
            #expect(seen.current == 0)
            await client.close()
        }
    }

    @Test func `a body over the plan's limit is refused with 413, and the stream ends`() async throws {
        let responder = ClosureResponder { _, _, _ in .collect(limitBytes: 10) { _ in EdgeResponse(status: 200) } }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let answer = try await client.request("PUT", "/", body: [UInt8](repeating: 0, count: 11))
            #expect(answer.status == "413")
            #expect(try await client.request("PUT", "/", body: [UInt8](repeating: 0, count: 10)).status == "200")
            #expect(listener.metrics.requestsInFlight == 0)
            await client.close()
        }
    }

    @Test func `a client that resets a stream cancels its operation`() async throws {
        let isCancelled = Shared(false)
        try await withListener(ClosureResponder.untilCancelled(isCancelled)) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let block = HPACKHeaders([(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "a")])
            let (stream, _) = try await client.open(block, endsStream: true)
            #expect(await eventually { listener.metrics.requestsInFlight == 1 })
            stream.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel), promise: nil)
            #expect(await eventually { isCancelled.current })
            #expect(await eventually { listener.metrics.requestsInFlight == 0 })
            await client.close()
        }
    }

    @Test func `a client that opens and resets streams without end is cut off`() async throws {
        var limits = EdgeLimits()
        limits.http2ResetFramesMax = 20
        try await withListener(limits: limits) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let block = HPACKHeaders([(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "a")])
            for _ in 0..<200 {
                guard let (stream, _) = try? await client.open(block, endsStream: false) else { break }
                stream.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel), promise: nil)
            }
            try await client.channel.closeFuture.get()
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test func `a client that pings without end is cut off`() async throws {
        var limits = EdgeLimits()
        limits.http2ControlFramesMax = 20
        try await withListener(limits: limits) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            for index in 0..<100 as Range<UInt64> {
                let ping = HTTP2Frame(
                    streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: index), ack: false))
                client.channel.writeAndFlush(ping, promise: nil)
            }
            try await client.channel.closeFuture.get()
        }
    }

    @Test(arguments: [(300, "200"), (301, "431"), (3_000, "431")])
    func `a head over the limit is refused with 431, and other streams go on`(bytes: Int, status: String) async throws {
        var limits = EdgeLimits()
        limits.headBytesMax = 300
        let gate = Gate()
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 0) { _ in
                if head.path == "/slow" { await gate.wait() }
                return EdgeResponse(status: 200, body: .bytes(Array(head.path.utf8)))
            }
        }
        try await withListener(responder, limits: limits) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            async let slow = client.request("GET", "/slow")
            #expect(await eventually { listener.metrics.requestsInFlight == 1 })
            // `:method`, `:path`, `:scheme`, `:authority` and their values have 46 bytes, and 16 stand between.
            let field = ("x-long", String(repeating: "a", count: bytes - 62 - 10))
            #expect(try await client.request(headers: [field]).status == status)
            gate.open()
            #expect(try await slow.text == "/slow")
            #expect(try await client.request().status == "200")
            await client.close()
        }
    }

    @Test func `trailers over the limit of a head are refused`() async throws {
        var limits = EdgeLimits()
        limits.headBytesMax = 300
        try await withListener(limits: limits) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let block = HPACKHeaders([(":method", "PUT"), (":path", "/"), (":scheme", "http"), (":authority", "a")])
            let (stream, answer) = try await client.open(block, endsStream: false)
            let trailers = HPACKHeaders([("x-long", String(repeating: "a", count: 300))])
            stream.writeAndFlush(
                HTTP2Frame.FramePayload.headers(.init(headers: trailers, endStream: true)), promise: nil)
            #expect(try await answer.get().status == "431")
            #expect(try await client.request().status == "200")
            await client.close()
        }
    }

    @Test func `a body that does not arrive is refused with 408`() async throws {
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        limits.bodyWindow = .milliseconds(200)
        try await withListener(limits: limits) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let block = HPACKHeaders([(":method", "PUT"), (":path", "/"), (":scheme", "http"), (":authority", "a")])
            let (_, answer) = try await client.open(block, endsStream: false)
            #expect(try await answer.get().status == "408")
            await client.close()
        }
    }

    @Test(arguments: [0, 1])
    func `an idle connection is told to go away and closed`(requestCount: Int) async throws {
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        limits.idleTimeout = .milliseconds(1_500)
        try await withListener(limits: limits) { listener in
            var client = try await HTTP2TestClient.connect(port: listener.port)
            var answered = 0
            while answered < requestCount {
                do {
                    _ = try await client.request()
                    answered += 1
                } catch is ChannelError {
                    // A machine that stood still let the time run out before the request was sent.
                    client = try await HTTP2TestClient.connect(port: listener.port)
                }
            }
            try await client.channel.closeFuture.get()
            #expect(client.isGoingAway.current)
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test func `a drain says GOAWAY and lets streams end`() async throws {
        let gate = Gate()
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                await gate.wait()
                return EdgeResponse(status: 200)
            }
        }
        try await withListener(responder) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            async let answer = client.request()
            #expect(await eventually { listener.metrics.requestsInFlight == 1 })
            let draining = Task { await listener.drain(deadline: .seconds(20)) }
            #expect(await eventually { client.isGoingAway.current })
            gate.open()
            let result = try await answer
            #expect(result.status == "200", "\(result)")
            #expect(await draining.value == .init(requestsInFlight: 1, connectionsCut: 0))
        }
    }
}
