import KeyValue
import RocksDBStore
import Synchronization
import Testing

/// A loop whose rounds end when a test says so.
private final class ManualRounds: Sendable {
    private struct State {
        var isInside = true
        var work: [@Sendable () -> Void] = []
        var announcedCount = 0
    }

    private let state = Mutex(State())

    /// Whether commits come from the loop.
    func set(isInside: Bool) { self.state.withLock { $0.isInside = isInside } }

    /// How often something was to be done after a round.
    var announcedCount: Int { self.state.withLock { $0.announcedCount } }

    func end() {
        let work = self.state.withLock { state in
            defer { state.work = [] }
            return state.work
        }
        for item in work { item() }
    }

    var options: CommitRounds {
        CommitRounds(
            current: { self.state.withLock { $0.isInside ? ObjectIdentifier(self) : nil } },
            afterCurrent: { work in
                self.state.withLock { state in
                    state.work.append(work)
                    state.announcedCount += 1
                }
            })
    }
}

@Suite struct GroupTests {
    /// Commits one write to each of the keys, and returns when all are queued.
    private func commit(
        _ keys: Range<UInt8>, to store: RocksDBStore, in group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws {
        for key in keys { group.addTask { try await store.commit(Batch(writes: [.set([key], [1])])) } }
        while try await store.get(keys.map { [$0] }, .forDecision).values.contains(nil) { await Task.yield() }
    }

    @Test func `the commits of one round of a loop are one group`() async throws {
        try await withFixture { fixture in
            let rounds = ManualRounds()
            let store = try fixture.open { $0.rounds = rounds.options }
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await self.commit(0..<5, to: store, in: &group)
                #expect(fixture.disk.groupCounts == [])
                #expect(rounds.announcedCount == 1)
                rounds.end()
                try await group.waitForAll()
            }
            #expect(fixture.disk.groupCounts == [5])
        }
    }

    @Test func `a group that ends in the middle of a round leaves the round's commits together`() async throws {
        try await withFixture { fixture in
            let rounds = ManualRounds()
            let store = try fixture.open { $0.rounds = rounds.options }
            fixture.disk.hold()
            rounds.set(isInside: false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await self.commit(0..<1, to: store, in: &group)
                rounds.set(isInside: true)
                try await self.commit(1..<4, to: store, in: &group)
                fixture.disk.release()
                _ = try await group.next()
                try await self.commit(4..<6, to: store, in: &group)
                rounds.end()
                try await group.waitForAll()
            }
            #expect(fixture.disk.groupCounts == [1, 5])
        }
    }

    @Test func `commits that are enough for a group do not wait for the end of their round`() async throws {
        try await withFixture { fixture in
            let rounds = ManualRounds()
            let store = try fixture.open { $0.rounds = rounds.options }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in 0..<UInt8(32) {
                    group.addTask { try await store.commit(Batch(writes: [.set([key], [1])])) }
                }
                try await group.waitForAll()
            }
            #expect(fixture.disk.groupCounts.reduce(0, +) == 32)
            // A lone large one is enough too.
            try await store.commit(Batch(writes: [.set([1], [UInt8](repeating: 1, count: 1 << 20))]))
            #expect(rounds.announcedCount == 1)
        }
    }

    @Test func `a store that is closed writes what waits for the end of a round`() async throws {
        try await withFixture { fixture in
            let store = try fixture.open { $0.rounds = ManualRounds().options }
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await self.commit(0..<3, to: store, in: &group)
                await store.close()
                try await group.waitForAll()
            }
            #expect(fixture.disk.groupCounts == [3])
        }
    }
}
