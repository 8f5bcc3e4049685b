import Primitives
import Synchronization
import Testing
import Upstream

@Suite(.timeLimit(.minutes(1)))
struct UpstreamPoolTests {
    static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    private func pool(
        _ endpoints: [UpstreamEndpoint], time: SteadyTime = .system, _ change: (inout PoolSettings) -> Void = { _ in }
    ) -> UpstreamPool {
        var settings = PoolSettings()
        change(&settings)
        let pool = UpstreamPool(name: "test", settings: settings, time: time, random: SeededRandomSource(seed: 1))
        pool.accept(.endpoints(.of(endpoints)))
        return pool
    }

    private func dropping() async throws -> TestServer {
        try await TestServer { _, connection in
            connection.close()
            return true
        }
    }

    private let nobody = UpstreamEndpoint(address: .unix(path: "/tmp/brume-upstream-nobody.sock"))

    @Test func `what one endpoint fails another one answers`() async throws {
        let bad = try await self.dropping()
        let good = try await TestServer.answering(Self.hello)
        let pool = self.pool([bad.endpoint, good.endpoint, self.nobody])
        for _ in 0..<20 {
            let answer = try await pool.send(UpstreamRequest("GET", "/"))
            #expect(answer.endpoint.endpoint == good.endpoint)
            #expect(try await answer.gather(bytesMax: 5) == Array("hello".utf8))
        }
        #expect(pool.status.allSatisfy { $0.requests == 0 })
    }

    @Test func `what may have been done is not done again, and what was not sent is`() async throws {
        let bad = try await self.dropping()
        let pool = self.pool([bad.endpoint, self.nobody])
        let cut = UpstreamError(.cutOff, wasSent: true)
        for _ in 0..<4 {
            await #expect(throws: PoolError.failed(cut, bad.endpoint)) {
                _ = try await pool.send(UpstreamRequest("POST", "/"), body: [1])
            }
        }
        #expect(bad.connectionCount <= 4)
    }

    @Test func `the budget bounds retries`() async throws {
        let time = ManualTime()
        let bad = try await self.dropping()
        let pool = self.pool([bad.endpoint, self.nobody], time: time.time) {
            $0.budget = RetryBudget.Settings(percent: 0, retriesMax: 1)
            $0.attemptsMax = 9
            $0.retryBase = .zero
        }
        await #expect(throws: PoolError.self) { _ = try await pool.send(UpstreamRequest("GET", "/")) }
        await #expect(throws: PoolError.self) { _ = try await pool.send(UpstreamRequest("GET", "/")) }
        #expect(bad.connectionCount <= 2)
    }

    @Test func `a status that is to be tried again is`() async throws {
        let busy = try await TestServer.answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        let good = try await TestServer.answering(Self.hello)
        let pool = self.pool([busy.endpoint, good.endpoint]) { $0.retriedStatuses = [503] }
        for _ in 0..<8 { #expect(try await pool.send(UpstreamRequest("GET", "/")).status == 200) }
        // What is not idempotent keeps its answer.
        var statuses: Set<Int> = []
        for _ in 0..<8 { statuses.insert(try await pool.send(UpstreamRequest("POST", "/"), body: []).status) }
        #expect(statuses.contains(200))
    }

    @Test func `a body is not begun where there is no connection, and goes to another endpoint`() async throws {
        let good = try await TestServer { text, connection in
            guard text.hasSuffix("0\r\n\r\n") else { return false }
            connection.send(Self.hello)
            return true
        }
        let pool = self.pool([self.nobody, good.endpoint])
        for _ in 0..<6 {
            let (pieces, source) = AsyncStream.makeStream(of: [UInt8].self)
            source.yield([1, 2])
            source.finish()
            let body = try await pool.stream(UpstreamRequest("POST", "/"), body: pieces) { answer in
                try await answer.gather(bytesMax: 5)
            }
            #expect(body == Array("hello".utf8))
        }
    }

    @Test func `a request waits for room, for no longer than it may`() async throws {
        let time = ManualTime()
        let pool = self.pool([self.nobody], time: time.time) {
            $0.requestsPerEndpointMax = 1
            $0.waitMax = .seconds(10)
        }
        let lease = try await pool.lease()
        try await withThrowingTaskGroup(of: UpstreamLease.self) { group in
            group.addTask { try await pool.lease() }
            await time.sleepers(1)
            while pool.waitingCount == 0 { await Task.yield() }
            lease.finish(.succeeded)
            let second = try #require(try await group.next())
            group.addTask { try await pool.lease() }
            await time.sleepers(1)
            while pool.waitingCount == 0 { await Task.yield() }
            time.advance(.seconds(10))
            await #expect(throws: PoolError.busy) { try await group.next() }
            withExtendedLifetime(second) {}
        }
    }

    @Test func `to cancel ends the waiting`() async throws {
        let time = ManualTime()
        let pool = self.pool([self.nobody], time: time.time) { $0.requestsPerEndpointMax = 1 }
        let lease = try await pool.lease()
        await withThrowingTaskGroup(of: UpstreamLease.self) { group in
            group.addTask { try await pool.lease() }
            while pool.waitingCount == 0 { await Task.yield() }
            group.cancelAll()
            await #expect(throws: PoolError.cancelled) { try await group.next() }
        }
        #expect(pool.waitingCount == 0)
        withExtendedLifetime(lease) {}
    }

    @Test func `a lease that is dropped gives its place back`() async throws {
        let pool = self.pool([self.nobody]) { $0.requestsPerEndpointMax = 1 }
        for _ in 0..<3 { _ = try await pool.lease() }
        #expect(pool.status.map(\.requests) == [0])
    }

    @Test func `health checks leave out who fails them, and take back who is well`() async throws {
        let isWell = Mutex(false)
        let server = try await TestServer { text, connection in
            #expect(text.hasPrefix("GET /health HTTP/1.1\r\n"))
            let status = isWell.withLock { $0 } ? "200 OK" : "500 No"
            connection.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
            return true
        }
        let check = HealthCheck(path: "/health", rules: ActiveHealth.Settings(unhealthyAfter: 2, healthyAfter: 2))
        let other = try await TestServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let pool = self.pool([server.endpoint, other.endpoint]) { $0.healthCheck = check }
        func picked() async throws -> Set<UpstreamEndpoint> {
            let leases = [try await pool.lease(), try await pool.lease()]
            return Set(leases.map(\.endpoint.endpoint))
        }
        await pool.checkAll(check)
        #expect(try await picked() == [other.endpoint])
        isWell.withLock { $0 = true }
        await pool.checkAll(check)
        await pool.checkAll(check)
        #expect(try await picked() == [other.endpoint, server.endpoint])
    }

    @Test func `a running pool follows its provider and checks again and again`() async throws {
        let time = ManualTime()
        let (asked, asking) = AsyncStream.makeStream(of: Void.self)
        let server = try await TestServer { _, connection in
            asking.yield()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return true
        }
        let pool = UpstreamPool(
            name: "test", settings: PoolSettings(healthCheck: HealthCheck(path: "/health")), time: time.time,
            random: SeededRandomSource(seed: 1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pool.run(StaticDiscovery(.of([server.endpoint]))) }
            var asked = asked.makeAsyncIterator()
            for _ in 0..<3 {
                // The first round may come before the provider's word.
                await time.sleepers(1)
                while pool.status.isEmpty { await Task.yield() }
                time.advance(.seconds(6))
                await asked.next()
            }
            group.cancelAll()
        }
        #expect(pool.status.map(\.isHealthy) == [true])
    }
}
