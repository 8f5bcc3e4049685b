import Gateway
import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing

/// Bodies that share a small budget, on connections of both versions.
@Suite struct `large bodies on connections` {
    private static let bodyBytesMax = 10_000

    /// Room for two bodies of unknown length.
    private static var limits: EdgeLimits {
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        limits.halfClosedTimeout = .milliseconds(50)
        limits.smallBodyBytesMax = 1_000
        limits.largeBodyBytesMax = 2 * Self.bodyBytesMax
        return limits
    }

    /// Answers with the length of the body, once the gate is open.
    private static func responder(_ gate: Gate, bytesMax: Int = Self.bodyBytesMax) -> ClosureResponder {
        ClosureResponder { _, _, _ in
            .collect(limitBytes: bytesMax) { body in
                await gate.wait()
                return EdgeResponse(status: 200, body: .bytes(Array("\(body.count)".utf8)))
            }
        }
    }

    /// A request whose body has as many bytes as it announces, or fewer.
    private static func put(_ bytes: Int, sending sent: Int? = nil) -> String {
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(bytes)\r\n\r\n"
            + String(repeating: "x", count: sent ?? bytes)
    }

    /// A request whose body does not say its length, and what follows its first chunk.
    private static func putChunk(_ bytes: Int, then rest: String = "0\r\n\r\n") -> String {
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + String(bytes, radix: 16) + "\r\n" + String(repeating: "x", count: bytes) + "\r\n" + rest
    }

    @Test(arguments: [1, 2])
    func `bodies of many connections have their turn, two at a time`(loopCount: Int) async throws {
        let gate = Gate()
        try await withListener(Self.responder(gate), limits: Self.limits, loopCount: loopCount) { listener in
            let clients = try await Self.connect(5, to: listener, sending: Self.put(Self.bodyBytesMax))
            #expect(await eventually { gate.count == 2 && listener.bodies.waitingCount == 3 })
            #expect(listener.metrics.largeBodyBytes == 2 * Self.bodyBytesMax)
            // The small ones do not wait for the large.
            let small = try await RawClient.connect(port: listener.port, sending: Self.put(1_000))
            #expect(await eventually { gate.count == 3 })
            gate.letOneGo()
            #expect(await eventually { listener.bodies.waitingCount == 2 })
            gate.open()
            for client in clients {
                #expect(await client.responses(1)?.first?.text == "\(Self.bodyBytesMax)")
                client.close()
            }
            #expect(await small.responses(1)?.first?.text == "1000")
            small.close()
            #expect(await eventually { listener.metrics.largeBodyBytes == 0 })
        }
    }

    private static func connect(
        _ count: Int, to listener: EdgeListener, sending text: String
    ) async throws -> [RawClient] {
        var clients: [RawClient] = []
        for _ in 0..<count { clients.append(try await RawClient.connect(port: listener.port, sending: text)) }
        return clients
    }

    @Test func `a large body of announced length is kept in one block of that length`() async throws {
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: Self.bodyBytesMax) { body in
                EdgeResponse(status: 200, body: .bytes(Array("\(body.count) \(body.capacity)".utf8)))
            }
        }
        try await withListener(responder, limits: Self.limits) { listener in
            let client = try await RawClient.connect(
                port: listener.port, sending: Self.put(Self.bodyBytesMax, sending: 6_000))
            #expect(await eventually { listener.bodies.heldBytes == Self.bodyBytesMax })
            // Doubled, the block would have room for 12,000 bytes.
            try await client.send(String(repeating: "x", count: 4_000))
            let numbers = await client.responses(1)?.first?.text.split(separator: " ").compactMap { Int($0) }
            #expect(numbers?.first == Self.bodyBytesMax)
            // The allocator may round up.
            #expect((numbers?.last ?? .max) < 11_000)
            client.close()
        }
    }

    @Test(arguments: [10_000, 600_000], [false, true])
    func `streams of one connection have their turn, also where the end of a body waits`(
        bytes: Int, announcesLength: Bool
    ) async throws {
        let gate = Gate()
        var limits = Self.limits
        limits.largeBodyBytesMax = 2 * bytes
        // Without a length the room is that of the longest.
        let responder = Self.responder(gate, bytesMax: announcesLength ? 4 * bytes : bytes)
        try await withListener(responder, limits: limits) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let headers = announcesLength ? [("content-length", "\(bytes)")] : []
            try await withThrowingTaskGroup(of: HTTP2Answer.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        try await client.request(
                            "PUT", headers: headers, body: [UInt8](repeating: 65, count: bytes))
                    }
                }
                #expect(await eventually { gate.count == 2 && listener.bodies.waitingCount == 3 })
                #expect(listener.bodies.heldBytes == 2 * bytes)
                gate.letOneGo()
                #expect(await eventually { gate.count == 2 && listener.bodies.waitingCount == 2 })
                gate.open()
                for try await answer in group {
                    #expect(answer.status == "200")
                    #expect(answer.text == "\(bytes)")
                }
            }
            #expect(await eventually { listener.bodies.heldBytes == 0 })
            await client.close()
        }
    }

    @Test func `one that waits too long is refused with 503, and the next one finds the room that there is`()
        async throws
    {
        let gate = Gate()
        var limits = Self.limits
        limits.largeBodyBytesMax = Self.bodyBytesMax
        limits.bodyRoomTimeout = .milliseconds(100)
        try await withListener(Self.responder(gate), limits: limits) { listener in
            let first = try await RawClient.connect(port: listener.port, sending: Self.put(Self.bodyBytesMax))
            #expect(await eventually { gate.count == 1 })
            let answer = try #require(
                try await RawClient.converse(port: listener.port, Self.put(Self.bodyBytesMax)))
            #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(answer.hasSuffix(EdgeRefusal.noRoom.explanation + "\n"))
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let body = [UInt8](repeating: 65, count: Self.bodyBytesMax)
            #expect(try await client.request("PUT", body: body).status == "503")
            #expect(listener.metrics.requestsRefused == 2)
            #expect(listener.bodies.waitingCount == 0)
            gate.open()
            #expect(await first.responses(1)?.first?.status == 200)
            #expect(try await client.request("PUT", body: body).text == "\(Self.bodyBytesMax)")
            await client.close()
            first.close()
        }
    }

    @Test func `where too many wait, one more is refused at once`() async throws {
        let gate = Gate()
        var limits = Self.limits
        limits.waitingBodyCountMax = 1
        try await withListener(Self.responder(gate), limits: limits) { listener in
            let clients = try await Self.connect(3, to: listener, sending: Self.put(Self.bodyBytesMax))
            #expect(await eventually { gate.count == 2 && listener.bodies.waitingCount == 1 })
            let answer = try await RawClient.converse(port: listener.port, Self.put(Self.bodyBytesMax))
            #expect(answer?.hasPrefix("HTTP/1.1 503 ") == true)
            gate.open()
            for client in clients {
                #expect(await client.responses(1)?.first?.status == 200)
                client.close()
            }
        }
    }

    @Test func `a client that leaves while its body waits leaves the queue`() async throws {
        let gate = Gate()
        try await withListener(Self.responder(gate), limits: Self.limits) { listener in
            let holders = try await Self.connect(2, to: listener, sending: Self.put(Self.bodyBytesMax))
            #expect(await eventually { gate.count == 2 })
            let waiting = try await RawClient.connect(port: listener.port, sending: Self.put(Self.bodyBytesMax))
            #expect(await eventually { listener.bodies.waitingCount == 1 })
            waiting.close()
            #expect(await eventually { listener.bodies.waitingCount == 0 })
            let client = try await HTTP2TestClient.connect(port: listener.port)
            for leavesConnection in [false, true] {
                let (stream, _) = try await client.open(Self.block, endsStream: false)
                stream.writeAndFlush(Self.data(5_000), promise: nil)
                #expect(await eventually { listener.bodies.waitingCount == 1 })
                if leavesConnection {
                    await client.close()
                } else {
                    stream.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel), promise: nil)
                }
                #expect(await eventually { listener.bodies.waitingCount == 0 })
            }
            #expect(listener.bodies.heldBytes == 2 * Self.bodyBytesMax)
            gate.open()
            for holder in holders {
                #expect(await holder.responses(1)?.first?.status == 200)
                holder.close()
            }
        }
    }

    private static let block = HPACKHeaders([
        (":method", "PUT"), (":path", "/"), (":scheme", "http"), (":authority", "a"),
    ])

    private static func data(_ bytes: Int) -> HTTP2Frame.FramePayload {
        .data(.init(data: .byteBuffer(ByteBuffer(bytes: [UInt8](repeating: 65, count: bytes)))))
    }

    private static let tooLong = "2710\r\n" + String(repeating: "x", count: 9_000)

    @Test(
        arguments: [
            (Self.put(5_000, sending: 4_999), 408), (Self.putChunk(5_000, then: "no chunk\r\n"), 400),
            (Self.putChunk(5_000, then: Self.tooLong), 413),
        ] as [(String, Int)])
    func `a body that is refused half-way gives its room back`(text: String, status: Int) async throws {
        var limits = Self.limits
        limits.bodyWindow = .milliseconds(300)
        try await withListener(Self.responder(Gate()), limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port, sending: text)
            #expect(await client.responses(1)?.first?.status == status)
            #expect(await eventually { listener.bodies.heldBytes == 0 })
            client.close()
        }
    }

    @Test func `a client that leaves half-way gives its room back, on both versions`() async throws {
        try await withListener(Self.responder(Gate()), limits: Self.limits) { listener in
            let half = try await RawClient.connect(port: listener.port, sending: Self.put(5_000, sending: 4_999))
            #expect(await eventually { listener.bodies.heldBytes == 5_000 })
            half.close()
            #expect(await eventually { listener.bodies.heldBytes == 0 })
            let client = try await HTTP2TestClient.connect(port: listener.port)
            let (stream, _) = try await client.open(Self.block, endsStream: false)
            stream.writeAndFlush(Self.data(5_000), promise: nil)
            #expect(await eventually { listener.bodies.heldBytes == Self.bodyBytesMax })
            stream.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel), promise: nil)
            #expect(await eventually { listener.bodies.heldBytes == 0 })
            await client.close()
        }
    }

    @Test func `an operation that goes on after its client has left keeps the room until it ends`() async throws {
        let gate = Gate()
        try await withListener(Self.responder(gate), limits: Self.limits) { listener in
            let client = try await RawClient.connect(port: listener.port, sending: Self.putChunk(5_000))
            // A whole body keeps what it needs.
            #expect(await eventually { gate.count == 1 && listener.bodies.heldBytes == 5_000 })
            client.close()
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
            #expect(listener.bodies.heldBytes == 5_000)
            gate.open()
            #expect(await eventually { listener.bodies.heldBytes == 0 })
        }
    }

    @Test func `a streamed answer keeps the room of its request until it ends, and so does each of a connection`()
        async throws
    {
        let gate = Gate()
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: Self.bodyBytesMax) { body in
                EdgeResponse(
                    status: 200,
                    body: .stream { writer in
                        try await writer.write([65])
                        await gate.wait()
                        try await writer.write(Array(body.prefix(1)))
                    })
            }
        }
        try await withListener(responder, limits: Self.limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            for count in 1...3 {
                try await client.send(Self.put(5_000))
                #expect(await eventually { gate.count == 1 })
                #expect(listener.bodies.heldBytes == 5_000)
                gate.letOneGo()
                #expect(await client.responses(count)?.last?.text == "Ax")
                #expect(await eventually { listener.bodies.heldBytes == 0 })
            }
            client.close()
        }
    }

    /// More than the kernel takes for a client that does not read.
    private static let answerBytes = 32 << 20

    private static let largeAnswers = ClosureResponder { _, _, _ in
        .collect(limitBytes: 10) { _ in
            EdgeResponse(status: 200, body: .bytes([UInt8](repeating: 65, count: Self.answerBytes)))
        }
    }

    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `large answers that clients do not take leave no room for others until the clients are gone`()
        async throws
    {
        var limits = Self.limits
        limits.largeAnswerBytesMax = Self.answerBytes + 1_000
        try await withListener(Self.largeAnswers, limits: limits) { listener in
            let silent = try await SilentReader.connect(port: listener.port)
            try await silent.send(Self.get)
            #expect(await eventually { listener.metrics.largeAnswerBytes == Self.answerBytes })
            let client = try await RawClient.connect(port: listener.port, sending: Self.get)
            let refused = await client.responses(1)?.first
            #expect(refused?.status == 503)
            #expect(refused?.text.contains("no memory") == true)
            silent.close()
            #expect(await eventually { listener.metrics.largeAnswerBytes == 0 })
            // The connection of the refused request goes on.
            try await client.send(Self.get)
            #expect(await client.responses(2)?.last?.body.count == Self.answerBytes)
            #expect(await eventually { listener.metrics.largeAnswerBytes == 0 })
            client.close()
        }
    }

    @Test func `large answers over HTTP/2 give their room back`() async throws {
        var limits = Self.limits
        limits.largeAnswerBytesMax = Self.answerBytes
        try await withListener(Self.largeAnswers, limits: limits) { listener in
            let client = try await HTTP2TestClient.connect(port: listener.port)
            for _ in 0..<2 {
                let (_, answer) = try await client.open(
                    HPACKHeaders([(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "a")]),
                    endsStream: true)
                #expect(try await answer.get().status == "200")
                #expect(await eventually { listener.metrics.largeAnswerBytes == 0 })
            }
            await client.close()
        }
    }
}
