import KeyValue
import Primitives
import ServiceKit
import Synchronization
import Testing

struct LeaseTests {
    private static let key: [UInt8] = [9]

    private let clock = ManualClock()
    private let store: MemoryStore
    private let random = SeededRandomSource(seed: 7)

    init() {
        self.store = MemoryStore(clock: self.clock)
    }

    private func keeper(_ clock: ManualClock? = nil) -> LeaseKeeper {
        LeaseKeeper(
            store: self.store, key: Self.key, clock: clock ?? self.clock, random: self.random, milliseconds: 1000)
    }

    /// - Throws: an expectation's failure unless the keeper leads.
    private func term(_ keeper: LeaseKeeper) async throws -> LeaseTerm {
        let role = await keeper.acquireOrRenew()
        guard case .leads(let term) = role else { throw NotLeading() }
        return term
    }

    private struct NotLeading: Error {}

    @Test func `the first takes the lease and keeps it as long as it gives signs of life`() async throws {
        let (first, second) = (self.keeper(), self.keeper())
        let term = try await self.term(first)
        for _ in 0..<10 {
            #expect(await second.acquireOrRenew() == .follows)
            self.clock.advance(milliseconds: 600)
            #expect(try await self.term(first) == term)
        }
    }

    @Test func `without a sign of life for its time another takes the lease, not before`() async throws {
        let (first, second) = (self.keeper(), self.keeper())
        let old = try await self.term(first)
        #expect(await second.acquireOrRenew() == .follows)
        self.clock.advance(milliseconds: 999)
        #expect(await second.acquireOrRenew() == .follows)
        self.clock.advance(milliseconds: 1)
        let new = try await self.term(second)
        #expect(new != old)
        #expect(await first.acquireOrRenew() == .follows)
        #expect(try await self.term(second) == new)
    }

    @Test func `clocks that differ by hours do not matter`() async throws {
        let ahead = ManualClock(Timestamp(secondsSinceEpoch: 1_800_000_000))
        let (first, second) = (self.keeper(), self.keeper(ahead))
        _ = try await self.term(first)
        #expect(await second.acquireOrRenew() == .follows)
        ahead.advance(milliseconds: 999)
        #expect(await second.acquireOrRenew() == .follows)
        self.clock.advance(milliseconds: 500)
        _ = try await self.term(first)
        ahead.advance(milliseconds: 1)
        #expect(await second.acquireOrRenew() == .follows)
    }

    @Test func `a clock that is set back by hours puts nobody off for hours`() async throws {
        let own = ManualClock()
        let (first, second) = (self.keeper(), self.keeper(own))
        _ = try await self.term(first)
        #expect(await second.acquireOrRenew() == .follows)
        own.advance(milliseconds: -7_200_000)
        #expect(await second.acquireOrRenew() == .follows)
        own.advance(milliseconds: 999)
        #expect(await second.acquireOrRenew() == .follows)
        own.advance(milliseconds: 1)
        _ = try await self.term(second)
    }

    @Test func `a lease that is given back is taken at once`() async throws {
        let (first, second) = (self.keeper(), self.keeper())
        _ = try await self.term(first)
        #expect(await second.acquireOrRenew() == .follows)
        await first.release()
        _ = try await self.term(second)
        await first.release()
        #expect(await first.acquireOrRenew() == .follows)
    }

    @Test func `of several that look together one leads`() async {
        for _ in 0..<20 {
            let keepers = (0..<8).map { _ in self.keeper() }
            let roles = await withTaskGroup(of: LeaseKeeper.Role.self) { group in
                for keeper in keepers { group.addTask { await keeper.acquireOrRenew() } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(roles.count { $0 != .follows } <= 1)
            for keeper in keepers { await keeper.release() }
        }
    }

    @Test func `while the store does not answer the lease holds for its time and no longer`() async throws {
        let keeper = self.keeper()
        let term = try await self.term(keeper)
        self.store.refuseWrites("away")
        self.clock.advance(milliseconds: 999)
        #expect(try await self.term(keeper) == term)
        self.clock.advance(milliseconds: 1)
        #expect(await keeper.acquireOrRenew() == .follows)
        self.store.refuseWrites(nil)
        #expect(try await self.term(keeper) == term)
    }

    @Test func `the commits of one that lost its lease do not go through`() async throws {
        let fenced = FencedStore(self.store)
        let (first, second) = (self.keeper(), self.keeper())
        let old = try await self.term(first)
        try await LeaseTerm.$current.withValue(old) {
            try await fenced.commit(Batch(checks: [.absent([1])], writes: [.set([1], [1])]))
        }
        #expect(await second.acquireOrRenew() == .follows)
        self.clock.advance(milliseconds: 1000)
        _ = try await self.term(second)
        await LeaseTerm.$current.withValue(old) {
            await #expect(throws: StorageError.unavailable("another server has taken this work over")) {
                try await fenced.commit(Batch(writes: [.set([1], [2])]))
            }
            await #expect(throws: StorageError.self) { try await fenced.discard(.all) }
            await #expect(throws: StorageError.self) { try await fenced.trimLog(LogID(1), through: .end(of: .zero)) }
            await #expect(throws: StorageError.checkFailed(index: 0)) {
                try await fenced.commit(Batch(checks: [.absent([1])], writes: [.set([1], [2])]))
            }
        }
        #expect(try await fenced.get([[1]], .forAnswer)[0]?.value == [1])
        try await fenced.commit(Batch(writes: [.set([1], [3])]))
        #expect(try await fenced.get([[1]], .forAnswer)[0]?.value == [3])
    }

    @Test func `who runs leads until the task is cancelled, and gives the lease back`() async throws {
        let (first, second) = (self.keeper(), self.keeper())
        let (began, beginning) = AsyncStream.makeStream(of: LeaseTerm.self)
        let isLeading = Atomic(false)
        let running = Task {
            await first.run { term in
                isLeading.store(true, ordering: .relaxed)
                beginning.yield(term)
                let (ending, continuation) = AsyncStream.makeStream(of: Never.self)
                await withTaskCancellationHandler {
                    for await _ in ending {}
                } onCancel: {
                    continuation.finish()
                }
                isLeading.store(false, ordering: .relaxed)
            }
        }
        for await _ in began { break }
        let leads = isLeading.load(ordering: .relaxed)
        #expect(leads)
        #expect(await second.acquireOrRenew() == .follows)
        running.cancel()
        await running.value
        let stillLeads = isLeading.load(ordering: .relaxed)
        #expect(!stillLeads)
        _ = try await self.term(second)
    }
}
