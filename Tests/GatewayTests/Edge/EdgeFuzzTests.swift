import Gateway
import Primitives
import TestSupport
import Testing

@Suite struct EdgeFuzzTests {
    @Test(arguments: [11, 12] as [UInt64])
    func `no input hangs a connection, gets a 5xx, or ends the server`(own: UInt64) async throws {
        let seed = SeededRandomSource.testSeed(own)
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        limits.headTimeout = .milliseconds(100)
        limits.bodyWindow = .milliseconds(100)
        limits.idleTimeout = .milliseconds(100)
        limits.lingerTimeout = .milliseconds(100)
        limits.http2FarewellTimeout = .milliseconds(100)
        let mutator = RequestMutator(seed: seed)
        try await withListener(limits: limits) { listener in
            for round in 0..<10 {
                let inputs = (0..<20).map { _ in mutator.next() }
                await withTaskGroup(of: Void.self) { group in
                    for input in inputs {
                        group.addTask {
                            await self.feed(input, port: listener.port, context: "seed \(seed), round \(round)")
                        }
                    }
                }
            }
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
            #expect(listener.metrics.requestsInFlight == 0)
            let isAlive = try await Self.isAlive(port: listener.port)
            #expect(isAlive)
        }
    }

    /// On a busy machine, the short time limits may end a connection before the request is sent: then once more.
    private static func isAlive(port: Int) async throws -> Bool {
        for _ in 0..<50 {
            let answer = try await RawClient.converse(port: port, "GET /alive HTTP/1.0\r\n\r\n")
            if answer?.hasPrefix("HTTP/1.1 200 OK\r\n") == true { return true }
        }
        return false
    }

    /// One connection, these bytes, and a look at what comes back.
    private func feed(_ input: [UInt8], port: Int, context: String) async {
        let text: Comment = "\(context): \(String(decoding: input, as: UTF8.self).debugDescription)"
        guard let client = try? await RawClient.connect(port: port) else {
            Issue.record("no connection")
            return
        }
        // The server may close before it has taken everything.
        try? await client.send(input)
        guard let answer = await client.receiveAll() else {
            Issue.record("a connection hangs; \(text)")
            return
        }
        let lines = answer.split(whereSeparator: { $0 == "\r\n" })
        #expect(!lines.contains { $0.hasPrefix("HTTP/1.1 5") }, text)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 "), text)
    }
}
