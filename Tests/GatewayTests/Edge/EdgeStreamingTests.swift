import Gateway
import NIOCore
import Primitives
import Testing

@Suite struct `streamed bodies` {
    @Test func `a streamed answer arrives in chunks, each as soon as it is written`() async throws {
        let gate = Gate()
        let outcome = Shared<EdgeResponse.Outcome?>(nil)
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200, headers: ["Content-Type": "x/y"],
                    body: .stream { writer in
                        try await writer.write(Array("one".utf8))
                        try await writer.write([])
                        await gate.wait()
                        try await writer.write(Array("two, which is longer than ten".utf8))
                    },
                    onEnd: { ended in outcome.change { $0 = ended } })
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let first = try #require(await client.receive { $0.suffix(8).elementsEqual("3\r\none\r\n".utf8) })
            #expect(String(decoding: first, as: UTF8.self).contains("Transfer-Encoding: chunked\r\n"))
            gate.open()
            let responses = try #require(await client.responses(1))
            #expect(responses.map(\.text) == ["onetwo, which is longer than ten"])
            #expect(await eventually { outcome.current == .init(bodyBytes: 32, isComplete: true) })
            // The connection lives on.
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.responses(2)?.count == 2)
            client.close()
        }
    }

    @Test func `a streamed answer of known length is sent as it is, and never more than announced`() async throws {
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200, headers: ["Content-Length": "5"],
                    body: .stream { writer in
                        try await writer.write(Array((head.path == "/long" ? "hello world" : "hello").utf8))
                    })
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.responses(2)?.map(\.text) == ["hello", "hello"])
            client.close()
        }
    }

    @Test func `the head leaves with the first piece, so that a stream which never begins has another answer`()
        async throws
    {
        let ends = Shared<[String]>([])
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200, headers: ["Content-Type": "x/y"],
                    body: .stream { writer in
                        try await writer.write([])
                        throw ReplacementResponse {
                            EdgeResponse(
                                status: 429, body: .bytes(Array("later".utf8)),
                                onEnd: { _ in ends.change { $0.append("answer") } })
                        }
                    },
                    onEnd: { _ in ends.change { $0.append("stream") } })
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let responses = try #require(await client.responses(2))
            #expect(responses.map(\.text) == ["later", "later"])
            #expect(responses.map(\.status) == [429, 429])
            #expect(ends.current == ["answer", "answer"])
            client.close()
        }
    }

    @Test func `a stream that never begins ends once, also where its client has gone before`() async throws {
        let gate = Gate()
        let ends = Shared<[String]>([])
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200,
                    body: .stream { _ in
                        await gate.wait()
                        defer { ends.change { $0.append("thrown") } }
                        throw ReplacementResponse {
                            ends.change { $0.append("answer") }
                            return EdgeResponse(status: 429)
                        }
                    },
                    onEnd: { _ in ends.change { $0.append("stream") } })
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { listener.metrics.requestsInFlight == 1 })
            client.close()
            #expect(await eventually { ends.current.contains("stream") })
            gate.open()
            #expect(await eventually { ends.current.contains("thrown") })
            // The loop has handled what came of it when it answers somebody else.
            let other = try await RawClient.connect(port: listener.port)
            try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await other.responses(1)?.map(\.status) == [429])
            #expect(ends.current.filter { $0 == "stream" }.count == 1)
            #expect(ends.current.filter { $0 == "answer" }.count == 1)
            other.close()
        }
    }

    private struct Broken: Error {}

    @Test(arguments: [HeaderFields(), ["Content-Length": "100"]])
    func `a streamed answer that fails shows as broken`(headers: HeaderFields) async throws {
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200, headers: headers,
                    body: .stream { writer in
                        try await writer.write(Array("one".utf8))
                        throw Broken()
                    })
            }
        }
        try await withListener(responder) { listener in
            let answer = try #require(
                try await RawClient.converse(port: listener.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
            #expect(RawResponse.parse(Array(answer.utf8)).isEmpty)
            #expect(listener.metrics.requestsInFlight == 0)
        }
    }

    @Test func `HTTP/1.0 gets a streamed answer up to the connection's end`() async throws {
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(status: 200, body: .stream { try await $0.write(Array("hello".utf8)) })
            }
        }
        try await withListener(responder) { listener in
            let answer = try #require(
                try await RawClient.converse(
                    port: listener.port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nhello"))
            #expect(!answer.contains("Transfer-Encoding"))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test func `a streamed answer is no faster than its reader`() async throws {
        let writtenBytes = Shared(0)
        let total = 64 * 1024 * 1024
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                EdgeResponse(
                    status: 200,
                    body: .stream { writer in
                        for _ in 0..<(total / 65_536) {
                            try await writer.write([UInt8](repeating: 65, count: 65_536))
                            writtenBytes.change { $0 += 65_536 }
                        }
                    })
            }
        }
        try await withListener(responder) { listener in
            let client = try await SilentReader.connect(port: listener.port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { writtenBytes.current > 0 })
            // Until nothing moves any more: the buffers of both sockets are full.
            var last = -1
            while writtenBytes.current != last {
                last = writtenBytes.current
                for _ in 0..<20 {
                    let other = try await RawClient.connect(port: listener.port, sending: "BAD\r\n\r\n")
                    _ = await other.receiveAll()
                }
            }
            #expect(last < total)
            client.close()
            #expect(await eventually { listener.metrics.requestsInFlight == 0 })
        }
    }

    @Test func `a client that disconnects cancels the operation, whether it streams or not`() async throws {
        let started = Shared(0)
        let cancelled = Shared<[String]>([])
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 0) { _ in
                @Sendable func waitForCancellation() async {
                    started.change { $0 += 1 }
                    let gate = Gate()
                    await withTaskCancellationHandler {
                        await gate.wait()
                    } onCancel: {
                        gate.open()
                    }
                    cancelled.change { $0.append(head.path) }
                }
                guard head.path == "/stream" else {
                    await waitForCancellation()
                    return EdgeResponse(status: 200)
                }
                return EdgeResponse(
                    status: 200,
                    body: .stream { writer in
                        try await writer.write([1])
                        await waitForCancellation()
                    })
            }
        }
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        limits.halfClosedTimeout = .milliseconds(50)
        try await withListener(responder, limits: limits) { listener in
            for path in ["/plain", "/stream"] {
                let client = try await RawClient.connect(
                    port: listener.port, sending: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                let count = path == "/plain" ? 1 : 2
                #expect(await eventually { started.current == count })
                client.close()
                #expect(await eventually { cancelled.current.last == path })
            }
            #expect(await eventually { listener.metrics.requestsInFlight == 0 })
        }
    }

    @Test func `a client that has closed its side is asked whether it is there, and waits for its answer if so`()
        async throws
    {
        let cancelled = Shared<[String]>([])
        let gate = Gate()
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 0) { _ in
                await withTaskCancellationHandler {
                    await gate.wait()
                } onCancel: {
                    cancelled.change { $0.append(head.path) }
                    gate.open()
                }
                return EdgeResponse(status: 200)
            }
        }
        var limits = EdgeLimits()
        limits.timerTick = .milliseconds(10)
        limits.halfClosedTimeout = .seconds(60)
        limits.halfClosedProbeInterval = .milliseconds(10)
        try await withListener(responder, limits: limits) { listener in
            let waiting = try await RawClient.connect(
                port: listener.port, sending: "GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
            try await waiting.endSending()
            #expect(await waiting.responses(2)?.allSatisfy { $0.status == 100 } == true)
            let version10 = try await RawClient.connect(
                port: listener.port, sending: "GET /1.0 HTTP/1.0\r\nHost: a\r\n\r\n")
            try await version10.endSending()
            #expect(await eventually { listener.metrics.requestsInFlight == 2 })
            let gone = try await RawClient.connect(
                port: listener.port, sending: "GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { listener.metrics.requestsInFlight == 3 })
            gone.close()
            // The cancelled operation opens the gate for the others.
            #expect(await waiting.receiveAll()?.contains("HTTP/1.1 200 OK") == true)
            #expect(await version10.receiveAll()?.hasPrefix("HTTP/1.1 200 OK") == true)
            #expect(cancelled.current == ["/gone"])
        }
    }

    @Test(arguments: [
        "Content-Length: 10\r\n\r\n0123456789",
        "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n",
    ])
    func `a streamed request body is read to its end`(rest: String) async throws {
        let responder = ClosureResponder { _, _, _ in
            .stream { body in
                var bytes: [UInt8] = []
                do {
                    for try await piece in body { bytes += piece }
                } catch {
                    return EdgeResponse(status: 400)
                }
                return EdgeResponse(status: 200, body: .bytes(bytes))
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            for count in 1...2 {
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\n\(rest)")
                #expect(await client.responses(count)?.last?.text == "0123456789")
            }
            client.close()
        }
    }

    @Test func `a streamed request body is no faster than its reader`() async throws {
        let gate = Gate()
        let responder = ClosureResponder { _, _, _ in
            .stream { body in
                await gate.wait()
                var count = 0
                do {
                    for try await piece in body { count += piece.count }
                } catch {
                    return EdgeResponse(status: 400)
                }
                return EdgeResponse(status: 200, body: .bytes(Array("\(count)".utf8)))
            }
        }
        let total = 32 * 1024 * 1024
        var limits = EdgeLimits()
        limits.streamBufferBytesMax = 10_000
        try await withListener(responder, limits: limits) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
            let sending = Task { try await client.send([UInt8](repeating: 65, count: total)) }
            #expect(await eventually { listener.metrics.bytesIn >= 10_000 })
            for _ in 0..<10 {
                let other = try await RawClient.connect(port: listener.port, sending: "BAD\r\n\r\n")
                _ = await other.receiveAll()
            }
            #expect(listener.metrics.bytesIn < 100_000)
            gate.open()
            #expect(await client.responses(1)?.first?.text == "\(total)")
            try await sending.value
            client.close()
        }
    }

    @Test func `the reader of a body that stops half-way learns that the client has gone`() async throws {
        let seen = Shared<[String]>([])
        let responder = ClosureResponder { _, _, _ in
            .stream { body in
                do {
                    for try await piece in body { seen.change { $0.append("\(piece.count)") } }
                } catch {
                    seen.change { $0.append("\(error)") }
                }
                return EdgeResponse(status: 200)
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(
                port: listener.port, sending: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(await eventually { seen.current == ["3"] })
            client.close()
            #expect(await eventually { seen.current == ["3", "disconnected"] })
        }
    }

    @Test func `the reader of a malformed body learns of it, and the client too`() async throws {
        let seen = Shared<[RequestBodyError]>([])
        let responder = ClosureResponder { _, _, _ in
            .stream { body in
                do {
                    for try await _ in body {}
                } catch {
                    if let error = error as? RequestBodyError { seen.change { $0.append(error) } }
                }
                return EdgeResponse(status: 200)
            }
        }
        try await withListener(responder) { listener in
            let answer = try #require(
                try await RawClient.converse(
                    port: listener.port,
                    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"))
            #expect(RawResponse.parse(Array(answer.utf8)).map(\.status) == [400])
            #expect(await eventually { seen.current == [.refused(.malformed(.chunk))] })
        }
    }

    @Test func `an answer before the end of a long body ends the connection, before a short one it does not`()
        async throws
    {
        let responder = ClosureResponder { _, _, _ in
            .stream { body in
                var iterator = body.makeAsyncIterator()
                _ = try? await iterator.next()
                return EdgeResponse(status: 202)
            }
        }
        try await withListener(responder) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(await client.responses(1)?.map(\.status) == [202])
            try await client.send("defghijGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.responses(2)?.map(\.status) == [202, 202])
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nabc")
            let answer = try #require(await client.receiveAll())
            #expect(RawResponse.parse(Array(answer.utf8)).last?.headers.first("Connection") == "close")
        }
    }
}
