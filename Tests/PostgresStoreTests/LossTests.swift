import KeyValue
import PostgresStore
import Primitives
import Testing

/// Connections that are cut, and servers that die, at any moment: what was acknowledged is there, and nothing happens
/// twice.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct LossTests {
    private static let log = LogID(1)

    /// Writes and logs something else in each round; a commit that happened twice would be logged twice.
    private static func count(_ store: PostgresStore, _ writer: UInt8, rounds: Int) async throws -> Int {
        var acknowledged = 0
        for round in 0..<rounds {
            let batch = Batch(
                writes: [.set([writer, UInt8(round >> 8), UInt8(round & 255)], [])],
                logAppends: [LogAppend(log: Self.log, payload: [writer, UInt8(round >> 8), UInt8(round & 255)])])
            do {
                try await store.commit(batch)
                acknowledged += 1
            } catch StorageError.unavailable, StorageError.unknownOutcome {
                continue
            }
        }
        return acknowledged
    }

    /// Returns when so many commits are in the log, so that writers are amid their work.
    private static func waitUntilLogged(_ count: Int, _ store: PostgresStore) async throws {
        while try await store.readLog(Self.log, after: nil, limit: count, byteLimit: .max).entries.count < count {}
    }

    @Test func `commits whose connections are cut happen once each`() async throws {
        try await withFixture { fixture in
            let stores = [try fixture.open(), try fixture.open()]
            try await withThrowingTaskGroup(of: Int.self) { group in
                for writer in 0..<8 as Range<UInt8> {
                    group.addTask { try await Self.count(stores[Int(writer) % 2], writer, rounds: 100) }
                }
                let cutter = Task {
                    while !Task.isCancelled {
                        try fixture.server.query(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE application_name = '\(fixture.name)' AND random() < 0.5
                            """)
                    }
                }
                let acknowledged = try await group.reduce(0, +)
                #expect(acknowledged == 800)
                cutter.cancel()
                _ = await cutter.result
            }
            let entries = try await stores[0].readLog(Self.log, after: nil, limit: 2000, byteLimit: .max).entries
            #expect(entries.count == 800 && Set(entries.map(\.payload)).count == 800)
            #expect(Set(entries.map(\.position)).count == 800)
        }
    }

    @Test func `a server that is killed and comes back has what was acknowledged`() async throws {
        let server = try PostgresServer()
        try await withFixture(server) { fixture in
            let store = try fixture.open { $0.outageMillisecondsMax = 30_000 }
            let acknowledged = try await withThrowingTaskGroup(of: Int.self) { group in
                for writer in 0..<4 as Range<UInt8> {
                    group.addTask { try await Self.count(store, writer, rounds: 400) }
                }
                for loggedCount in [200, 800] {
                    try await Self.waitUntilLogged(loggedCount, store)
                    try server.kill()
                    try server.start()
                }
                return try await group.reduce(0, +)
            }
            #expect(acknowledged == 1600)
            let entries = try await store.readLog(Self.log, after: nil, limit: 2000, byteLimit: .max).entries
            #expect(entries.count == 1600 && Set(entries.map(\.payload)).count == 1600)
            #expect(store.health == .takingWrites)
        }
    }

    @Test func `without a server reads and writes are refused, and health says so until it is back`() async throws {
        let server = try PostgresServer()
        try await withFixture(server) { fixture in
            let store = try fixture.open {
                $0.outageMillisecondsMax = 100
                $0.resolveMillisecondsMax = 200
            }
            try await store.commit(Batch(writes: [.set([1], [1])]))
            var updates = store.healthUpdates().makeAsyncIterator()
            #expect(await updates.next() == .takingWrites)
            try server.kill()
            await #expect(throws: StorageError.self) { try await store.commit(Batch(writes: [.set([1], [2])])) }
            await #expect(throws: StorageError.self) { try await store.get([[1]], .forAnswer) }
            guard case .readOnly(let reason)? = await updates.next() else {
                Issue.record("the store does not say that it takes no writes")
                return
            }
            #expect(reason.hasPrefix("PostgreSQL does not answer: "))
            try server.start()
            // Until then the reason may change: the server says that it is starting up.
            while let update = await updates.next(), update != .takingWrites {}
            #expect(store.health == .takingWrites)
            try await store.commit(Batch(writes: [.set([1], [3])]))
            #expect(try await store.get([[1]], .forAnswer)[0]?.value == [3])
        }
    }

    @Test func `a read that a silent server does not answer lets health say so, without any write`() async throws {
        let server = try PostgresServer()
        try await withFixture(server) { fixture in
            let store = try fixture.open {
                $0.connectSecondsMax = 2
                $0.answerMillisecondsMax = 500
                $0.outageMillisecondsMax = 100
            }
            try await store.commit(Batch(writes: [.set([1], [1])]))
            try server.pause(fixture.name)
            // A paused server could not be ended either.
            defer { server.resume() }
            await #expect(throws: StorageError.self) { try await store.get([[1]], .forAnswer) }
            let start = ContinuousClock.now
            var updates = store.healthUpdates().makeAsyncIterator()
            while let update = await updates.next(), update == .takingWrites {}
            #expect(!store.health.isTakingWrites)
            // The time of one attempt to connect, and what a busy machine adds; an idle store looks every 30 seconds.
            #expect(ContinuousClock.now - start < .seconds(20))
            server.resume()
            while let update = await updates.next(), update != .takingWrites {}
            try await store.commit(Batch(writes: [.set([1], [2])]))
            #expect(try await store.get([[1]], .forAnswer)[0]?.value == [2])
        }
    }

    @Test func `a store that is closed without a server does not hang`() async throws {
        let server = try PostgresServer()
        try await withFixture(server) { fixture in
            let store = try fixture.open { $0.outageMillisecondsMax = 100 }
            try await store.commit(Batch(writes: [.set([1], [1])]))
            try server.kill()
            await store.close()
            #expect(store.health == .closed)
        }
    }
}
