import Gateway
import Testing

@Suite struct `an HTTP/2 client that means harm` {
    private static var limits: EdgeLimits {
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        return limits
    }

    private static let answerBytes = 8_000
    private static let cancel = 8
    private static let refusedStream = 7

    private static let responder = ClosureResponder { _, _, _ in
        .reply(EdgeResponse(status: 200, body: .bytes([UInt8](repeating: 65, count: Self.answerBytes))))
    }

    @Test func `an answer that flow control holds back is cut`() async throws {
        var limits = Self.limits
        limits.writeStallTimeout = .milliseconds(300)
        try await withListener(Self.responder, limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let requests = [1, 3, 5].flatMap(RawFrame.request)
            try await client.send(RawFrame.preface + RawFrame.noWindow + requests)
            let bytes = try #require(await client.receive { RawFrame.resets(in: $0).count == 3 })
            #expect(Set(RawFrame.resets(in: bytes)) == [[1, Self.cancel], [3, Self.cancel], [5, Self.cancel]])
            client.close()
        }
    }

    @Test func `no request is taken while too many bytes of answers wait`() async throws {
        var limits = Self.limits
        limits.http2AnswerBytesMax = 2 * Self.answerBytes - 1
        try await withListener(Self.responder, limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let requests = [1, 3, 5].flatMap(RawFrame.request)
            try await client.send(RawFrame.preface + RawFrame.noWindow + requests)
            let bytes = try #require(await client.receive { !RawFrame.resets(in: $0).isEmpty })
            #expect(RawFrame.resets(in: bytes) == [[5, Self.refusedStream]])
            #expect(listener.metrics.requestsTotal == 2)
            client.close()
        }
    }

    @Test func `streams beyond those that were announced are refused, and the others go on`() async throws {
        var limits = Self.limits
        limits.http2ConcurrentStreamsMax = 3
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 10) { _ in EdgeResponse(status: 200, body: .bytes([])) }
        }
        try await withListener(responder, limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let open = [1, 3, 5, 7, 9].flatMap {
                RawFrame.frame(1, flags: RawFrame.endHeaders, stream: $0, RawFrame.requestBlock)
            }
            try await client.send(RawFrame.preface + RawFrame.frame(4) + open)
            let refused = try #require(await client.receive { RawFrame.resets(in: $0).count == 2 })
            #expect(RawFrame.resets(in: refused) == [[7, Self.refusedStream], [9, Self.refusedStream]])
            #expect(Array(refused[9..<15]) == [0, 3, 0, 0, 0, 3], "SETTINGS_MAX_CONCURRENT_STREAMS")
            let ends = [1, 3, 5].flatMap { RawFrame.frame(0, flags: 1, stream: $0) }
            try await client.send(ends)
            let answered = await client.receive { RawFrame.statuses(in: $0).count == 3 }
            #expect(RawFrame.statuses(in: try #require(answered)) == [1: "200", 3: "200", 5: "200"])
            client.close()
        }
    }

    @Test(arguments: [false, true])
    func `a flood of resets ends the connection, whether requests are open or not`(leavesOpen: Bool) async throws {
        try await withListener(limits: Self.limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            var bytes = RawFrame.preface + RawFrame.frame(4)
            if leavesOpen {
                for stream in stride(from: 1, through: 19, by: 2) {
                    bytes += RawFrame.frame(1, flags: RawFrame.endHeaders, stream: stream, RawFrame.requestBlock)
                }
            }
            for stream in stride(from: 21, through: 621, by: 2) {
                bytes += RawFrame.frame(1, flags: RawFrame.endHeaders, stream: stream, RawFrame.requestBlock)
                bytes += RawFrame.frame(3, stream: stream, [0, 0, 0, 8])
            }
            try await client.send(bytes)
            #expect(await client.receiveAll() != nil)
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test(arguments: [[], [0x82, 0x84]] as [[UInt8]])
    func `a header block that does not end has the time of a head`(block: [UInt8]) async throws {
        var limits = Self.limits
        limits.headTimeout = .milliseconds(300)
        try await withListener(limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send(RawFrame.preface + RawFrame.frame(4) + RawFrame.frame(1, stream: 1, block))
            #expect(await client.receiveAll() != nil)
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test func `a header block is open from its first frame to the end of its last`() {
        let head = RawFrame.frame(1, stream: 1, [0x82])
        let data = RawFrame.frame(0, stream: 1, [1, 4, 9])
        let last = RawFrame.frame(9, flags: RawFrame.endHeaders, stream: 1, [0x84, 0x86])
        let bytes = RawFrame.preface + RawFrame.frame(4) + data + head + last + data
        let openFrom = RawFrame.preface.count + 9 + data.count + 9
        let openTo = openFrom - 9 + head.count + last.count
        for step in [1, 2, 7, bytes.count] {
            var scanner = HTTP2HeaderBlockScanner()
            for start in stride(from: 0, to: bytes.count, by: step) {
                let end = min(start + step, bytes.count)
                scanner.scan(Array(bytes[start..<end]).span)
                #expect(scanner.isInsideBlock == (end >= openFrom && end < openTo), "\(step) \(end)")
            }
        }
    }
}
