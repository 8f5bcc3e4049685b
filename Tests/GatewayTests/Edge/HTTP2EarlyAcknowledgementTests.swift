import Gateway
import Testing

@Suite struct HTTP2EarlyAcknowledgementTests {
    /// What is handed on of bytes that come in pieces.
    private func passed(_ bytes: [UInt8], by step: Int) -> [UInt8] {
        var early = HTTP2EarlyAcknowledgement()
        return stride(from: 0, to: bytes.count, by: step).flatMap { start in
            let piece = Array(bytes[start...].prefix(step))
            return early.replacement(for: piece.span) ?? piece
        }
    }

    @Test func `an acknowledgement stands behind the client's settings, and the one that comes is left out`() {
        let acknowledgement = RawFrame.acknowledgement
        // The second payload looks like what is looked for.
        let request = RawFrame.request(stream: 1) + RawFrame.frame(0, stream: 3, acknowledgement)
        for settings in [RawFrame.frame(4), RawFrame.noWindow] {
            let before = RawFrame.preface + settings
            let bytes = before + request + settings + acknowledgement + request + acknowledgement
            let expected = before + acknowledgement + request + settings + request + acknowledgement
            for step in [1, 2, 7, 30, bytes.count] { #expect(self.passed(bytes, by: step) == expected, "\(step)") }
        }
    }

    @Test(
        arguments: [
            RawFrame.request(stream: 1), RawFrame.acknowledgement, RawFrame.frame(6, [UInt8](repeating: 0, count: 8)),
        ])
    func `what does not begin with settings is handed on as it is`(first: [UInt8]) {
        let bytes = RawFrame.preface + first + RawFrame.frame(4) + RawFrame.acknowledgement
        for step in [1, 5, bytes.count] { #expect(self.passed(bytes, by: step) == bytes) }
    }

    @Test func `what is no acknowledgement of the connection's settings is handed on`() {
        let others = [RawFrame.frame(4, flags: 1, [0]), RawFrame.frame(4, flags: 1, stream: 1)]
        for other in others {
            let bytes = RawFrame.preface + RawFrame.frame(4) + other
            let expected = RawFrame.preface + RawFrame.frame(4) + RawFrame.acknowledgement + other
            #expect(self.passed(bytes, by: 4) == expected)
        }
    }

    @Test(arguments: [(20_000, "200"), (60_000, "200"), (70_000, "431"), (120_000, "431")])
    func `a long head is judged alike before the client has acknowledged the settings`(
        fieldBytes: Int, status: String
    ) async throws {
        try await withListener { listener in
            let client = try await RawClient.connect(port: listener.port)
            let request = RawFrame.request(stream: 1, fieldBytes: fieldBytes)
            try await client.send(RawFrame.preface + RawFrame.frame(4) + request)
            let first = await client.receive { RawFrame.statuses(in: $0).count == 1 }
            #expect(RawFrame.statuses(in: try #require(first)) == [1: status])
            try await client.send(RawFrame.acknowledgement + RawFrame.request(stream: 3))
            let second = await client.receive { RawFrame.statuses(in: $0).count == 2 }
            #expect(RawFrame.statuses(in: try #require(second)) == [1: status, 3: "200"])
            client.close()
        }
    }

    @Test func `settings that are acknowledged twice end the connection`() async throws {
        try await withListener { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send(
                RawFrame.preface + RawFrame.frame(4) + RawFrame.acknowledgement + RawFrame.acknowledgement)
            #expect(await client.receiveAll() != nil)
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }
}
