import Gateway
import Primitives
import TestSupport
import Testing

@Suite struct `slow and silent clients` {
    private let folder = ScratchFolder()

    /// Short enough for a test, long enough for a busy machine to send one request in.
    private static var limits: EdgeLimits {
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        return limits
    }

    @Test(arguments: ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"])
    func `a head that does not come to its end is refused with 408`(start: String) async throws {
        var limits = Self.limits
        limits.headTimeout = .milliseconds(200)
        try await withListener(limits: limits) { listener in
            let answer = try #require(try await RawClient.converse(port: listener.port, start))
            #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        }
    }

    @Test func `a head that comes byte by byte has no more time than another`() async throws {
        var limits = Self.limits
        limits.headTimeout = .milliseconds(300)
        limits.headerCountMax = 100_000
        limits.headBytesMax = 1_000_000
        try await withListener(limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let dripping = Task {
                try await client.send("GET / HTTP/1.1\r\n")
                while !client.isClosed {
                    try await client.send("X: y\r\n")
                    try await RawClient.roundTrip(port: listener.port)
                }
            }
            let answer = try #require(await client.receiveAll())
            #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            // A send after the close fails; that is how it ends.
            _ = await dripping.result
        }
    }

    @Test(arguments: ["Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"])
    func `a body below the minimum rate is refused with 408`(rest: String) async throws {
        var limits = Self.limits
        limits.bodyWindow = .milliseconds(200)
        try await withListener(limits: limits) { listener in
            let answer = try #require(
                try await RawClient.converse(port: listener.port, "PUT / HTTP/1.1\r\nHost: a\r\n\(rest)"))
            #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            #expect(listener.metrics.requestsInFlight == 0)
        }
    }

    @Test func `a body above the minimum rate is taken over several windows`() async throws {
        var limits = Self.limits
        limits.bodyWindow = .milliseconds(500)
        limits.bodyBytesPerWindowMin = 1
        try await withListener(limits: limits) { listener in
            // On a busy machine the test itself may be too slow a sender; never ten times in a row.
            var isTaken = false
            for _ in 1...10 where !isTaken {
                isTaken = (try? await self.sendsSlowBody(port: listener.port, window: limits.bodyWindow)) ?? false
            }
            #expect(isTaken)
        }
    }

    /// - Returns: whether a body that took three windows arrived whole.
    private func sendsSlowBody(port: Int, window: Duration) async throws -> Bool {
        let client = try await RawClient.connect(
            port: port,
            sending: "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        defer { client.close() }
        let start = ContinuousClock.now
        var count = 0
        while ContinuousClock.now - start < window * 3 {
            try await client.send("1\r\nx\r\n")
            count += 1
            try await RawClient.roundTrip(port: port)
        }
        try await client.send("0\r\n\r\n")
        return await client.responses(1)?.first?.body.count == count
    }

    @Test(arguments: ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
    func `an idle connection is closed`(start: String) async throws {
        var limits = Self.limits
        limits.idleTimeout = .milliseconds(1_000)
        try await withListener(limits: limits) { listener in
            let answer = try #require(try await RawClient.converse(port: listener.port, start))
            #expect(RawResponse.parse(Array(answer.utf8)).map(\.status) == (start.isEmpty ? [] : [200]))
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test func `an operation may take longer than every timeout`() async throws {
        var limits = Self.limits
        limits.idleTimeout = .milliseconds(1_000)
        limits.headTimeout = .milliseconds(1_000)
        limits.bodyWindow = .milliseconds(1_000)
        let gate = Gate()
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 10) { _ in
                await gate.wait()
                return EdgeResponse(status: 200)
            }
        }
        try await withListener(responder, limits: limits) { listener in
            let client = try await RawClient.connect(
                port: listener.port, sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            // Two others are closed for idleness, one after another, while the operation goes on.
            for _ in 0..<2 { #expect(try await RawClient.converse(port: listener.port, "") == "") }
            gate.open()
            #expect(await client.responses(1)?.map(\.status) == [200])
            client.close()
        }
    }

    @Test func `a client that stops to read a streamed answer is given up`() async throws {
        var limits = Self.limits
        limits.writeStallTimeout = .milliseconds(200)
        let outcome = Shared<EdgeResponse.Outcome?>(nil)
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200,
                    body: .stream { writer in
                        while true { try await writer.write([UInt8](repeating: 65, count: 64 * 1024)) }
                    },
                    onEnd: { ended in outcome.change { $0 = ended } })
            }
        }
        try await withListener(responder, limits: limits) { listener in
            let client = try await SilentReader.connect(port: listener.port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { outcome.current != nil })
            #expect(outcome.current?.isComplete == false)
            // Socket buffers of both sides, and no more.
            #expect((outcome.current?.bodyBytes ?? .max) < 64 * 1024 * 1024)
            client.close()
        }
    }

    @Test func `a client that pipelines and reads no answer gets no further ones, and is cut`() async throws {
        var limits = Self.limits
        limits.writeStallTimeout = .milliseconds(500)
        let beginCount = Shared(0)
        let responder = ClosureResponder { _, _, _ in
            beginCount.change { $0 += 1 }
            return .reply(EdgeResponse(status: 200, body: .bytes([UInt8](repeating: 65, count: 40_000))))
        }
        let requestCount = 20_000
        try await withListener(responder, limits: limits) { listener in
            let client = try await SilentReader.connect(port: listener.port)
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            let sending = Task { try await client.send(String(repeating: request, count: requestCount)) }
            #expect(await eventually { beginCount.current > 0 })
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
            // Socket buffers of both sides, and no more.
            #expect(beginCount.current < 1_000)
            client.close()
            // It fails when the connection is cut before all is sent.
            _ = await sending.result
        }
    }

    @Test func `a client that pipelines and reads gets every answer, however many fill the buffers`() async throws {
        let responder = ClosureResponder { _, _, _ in
            .reply(EdgeResponse(status: 200, body: .bytes([UInt8](repeating: 65, count: 40_000))))
        }
        let requestCount = 500
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            let sending = Task { try await client.send(String(repeating: request, count: requestCount)) }
            let bytes = await client.receive { $0.count > requestCount * 40_000 }
            #expect((bytes?.count ?? 0) > requestCount * 40_000)
            try await sending.value
            client.close()
        }
    }

    @Test func `a TLS handshake that does not go on is cut off`() async throws {
        var limits = Self.limits
        limits.handshakeTimeout = .milliseconds(200)
        let certificates = try CertificateStore(.development(DevelopmentAuthority(directory: self.folder.path)))
        try await withListener(limits: limits, certificates: certificates) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
            #expect(await client.receiveAll() == "")
            #expect(await eventually { listener.metrics.handshakesFailed == 1 })
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }
}
