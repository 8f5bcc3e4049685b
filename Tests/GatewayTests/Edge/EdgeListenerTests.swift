import Gateway
import NIOCore
import Primitives
import Testing

@Suite struct `the listener` {
    @Test func `a port in use is told apart`() async throws {
        try await withListener { listener in
            await #expect(throws: EdgeListenerError.addressInUse(host: "127.0.0.1", port: listener.port)) {
                _ = try await EdgeListener.start(
                    EdgeConfiguration(port: listener.port), responder: ClosureResponder.echo)
            }
        }
    }

    @Test(arguments: [["127.0.0.1", "127.0.0.1"], ["0.0.0.0", "127.0.0.1"], ["127.0.0.2", "0.0.0.0"]])
    func `two hosts that are one address are told apart from a port in use`(hosts: [String]) async {
        await #expect(throws: EdgeListenerError.listedTwice(host: hosts[1], other: hosts[0])) {
            _ = try await EdgeListener.start(
                EdgeConfiguration(hosts: hosts, port: 0), responder: ClosureResponder.echo)
        }
    }

    @Test func `every address of IPv6 may stand beside those of IPv4`() async throws {
        for hosts in [["0.0.0.0", "::"], ["::", "127.0.0.1"]] {
            let listener = try await EdgeListener.start(
                EdgeConfiguration(hosts: hosts, port: 0), responder: ClosureResponder.echo)
            try await RawClient.roundTrip(port: listener.port)
            _ = await listener.drain(deadline: .zero)
            await listener.shutDown()
        }
    }

    @Test(arguments: [
        ("::ffff:10.1.2.3", "10.1.2.3"), ("::ffff:127.0.0.1", "127.0.0.1"), ("10.1.2.3", "10.1.2.3"), ("::1", "::1"),
        ("::ffff:0:1", "::ffff:0:1"), ("2001:db8::ffff:1", "2001:db8::ffff:1"), ("", ""),
    ])
    func `a client of IPv4 on a socket for both kinds has its own address`(_ given: String, _ plain: String) {
        #expect(ConnectionInfo.plainAddress(given) == plain)
    }

    @Test func `an address of another machine is told apart`() async {
        await #expect(throws: EdgeListenerError.addressNotAvailable(host: "192.0.2.1", port: 0)) {
            _ = try await EdgeListener.start(
                EdgeConfiguration(hosts: ["192.0.2.1"], port: 0), responder: ClosureResponder.echo)
        }
    }

    @Test func `a host name without an address is told apart`() async {
        await #expect(throws: EdgeListenerError.unknownHost("no-such-host.invalid")) {
            _ = try await EdgeListener.start(
                EdgeConfiguration(hosts: ["no-such-host.invalid"], port: 0), responder: ClosureResponder.echo)
        }
    }

    @Test func `connections over the limit are closed, and places become free again`() async throws {
        var limits = EdgeLimits()
        limits.connectionCountMax = 2
        try await withListener(limits: limits) { listener in
            let first = try await RawClient.connect(port: listener.port)
            let second = try await RawClient.connect(port: listener.port)
            #expect(await eventually { listener.metrics.connectionsOpen == 2 })
            let third = try await RawClient.connect(port: listener.port)
            #expect(await third.receiveAll() == "")
            #expect(listener.metrics.connectionsRefused == 1)
            first.close()
            #expect(await eventually { listener.metrics.connectionsOpen == 1 })
            let fourth = try await RawClient.connect(port: listener.port)
            try await fourth.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await fourth.responses(1)?.map(\.status) == [200])
            second.close()
            fourth.close()
            #expect(await eventually { listener.metrics.connectionsOpen == 0 })
        }
    }

    @Test func `the connection's peer is known to the plan`() async throws {
        let infos = Shared<[ConnectionInfo]>([])
        let responder = ClosureResponder { _, info, _ in
            infos.change { $0.append(info) }
            return .reply(EdgeResponse(status: 200))
        }
        try await withListener(responder, loopCount: 3) { listener in
            #expect(listener.loopContexts.map(\.index) == [0, 1, 2])
            try await RawClient.roundTrip(port: listener.port)
            let info = try #require(infos.current.first)
            #expect(info.remoteAddress == "127.0.0.1")
            #expect(info.remotePort > 0)
            #expect(info.isLoopback && !info.isTLS)
            #expect(info.version == .http1)
            #expect(info.id == 1)
        }
    }

    @Test func `bytes are counted both ways`() async throws {
        try await withListener { listener in
            let request = "GET / HTTP/1.0\r\n\r\n"
            let answer = try #require(try await RawClient.converse(port: listener.port, request))
            #expect(listener.metrics.bytesIn == request.utf8.count)
            #expect(listener.metrics.bytesOut == answer.utf8.count)
        }
    }

    @Test func `a drain closes idle connections, lets requests end, and takes no new connections`() async throws {
        let gate = Gate()
        let responder = ClosureResponder { _, _, _ in
            .collect(limitBytes: 100) { body in
                await gate.wait()
                return EdgeResponse(status: 200, body: .bytes(body))
            }
        }
        try await withListener(responder) { listener in
            let silent = try await RawClient.connect(port: listener.port)
            let busy = try await RawClient.connect(
                port: listener.port, sending: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
            let sending = try await RawClient.connect(
                port: listener.port, sending: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nla")
            #expect(await eventually { listener.metrics.requestsInFlight == 2 })
            #expect(await eventually { listener.metrics.connectionsOpen == 3 })
            let draining = Task { await listener.drain(deadline: .seconds(20)) }
            #expect(await silent.receiveAll() == "")
            await #expect(throws: (any Error).self) { _ = try await RawClient.connect(port: listener.port) }
            try await sending.send("te")
            gate.open()
            for (client, text) in [(busy, "ok"), (sending, "late")] {
                let answer = try #require(await client.receiveAll())
                let response = try #require(RawResponse.parse(Array(answer.utf8)).first)
                #expect(response.text == text)
                #expect(response.headers.first("Connection") == "close")
            }
            let report = await draining.value
            #expect(report == .init(requestsInFlight: 2, connectionsCut: 0))
            #expect(listener.metrics.connectionsOpen == 0)
        }
    }

    @Test func `what is not done at the drain's deadline is cut and cancelled`() async throws {
        let isCancelled = Shared(false)
        try await withListener(ClosureResponder.untilCancelled(isCancelled)) { listener in
            let client = try await RawClient.connect(
                port: listener.port, sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { listener.metrics.requestsInFlight == 1 })
            let report = await listener.drain(deadline: .milliseconds(50))
            #expect(report == .init(requestsInFlight: 1, connectionsCut: 1))
            #expect(await client.receiveAll() == "")
            #expect(await eventually { isCancelled.current })
        }
    }
}

@Suite struct `the deadline table` {
    private final class Target: DeadlineTarget {
        var deadlineSlot = -1
        func deadlineReached() {}
        func drain() {}
        func closeNow() {}
    }

    @Test func `a deadline fires once, at its tick or after it`() {
        var table = DeadlineTable()
        let targets = (0..<3).map { _ in Target() }
        for target in targets { table.insert(target) }
        table.arm(targets[0].deadlineSlot, tick: 5)
        table.arm(targets[1].deadlineSlot, tick: 7)
        #expect(table.takeExpired(now: 4).isEmpty)
        #expect(table.takeExpired(now: 5).map { $0 === targets[0] } == [true])
        #expect(table.takeExpired(now: 6).isEmpty)
        #expect(table.takeExpired(now: 100).map { $0 === targets[1] } == [true])
        #expect(table.takeExpired(now: DeadlineTable.never - 1).isEmpty)
    }

    @Test func `a removed target leaves the others their deadlines`() {
        var table = DeadlineTable()
        let targets = (0..<4).map { _ in Target() }
        for (index, target) in targets.enumerated() {
            table.insert(target)
            table.arm(target.deadlineSlot, tick: UInt32(index))
        }
        table.remove(targets[1])
        #expect(targets[1].deadlineSlot == -1)
        #expect(table.count == 3)
        #expect(targets[3].deadlineSlot == 1)
        #expect(table.takeExpired(now: 2).count == 2)
        #expect(table.takeExpired(now: 3).map { $0 === targets[3] } == [true])
    }
}
