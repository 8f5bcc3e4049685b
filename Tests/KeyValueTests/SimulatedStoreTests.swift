import KeyValue
import KeyValueConformance
import Primitives
import Testing

struct SimulatedStoreTests {
    @Test(arguments: Conformance.rulesInMemory)
    func `a simulated store obeys`(_ rule: ConformanceRule) async throws {
        let clock = ManualClock()
        let executor = SeededExecutor(seed: 3)
        try await withTaskExecutorPreference(executor) {
            let store = SimulatedStore(SimulatedDisk(), clock: clock, executor: executor, seed: 5)
            try await rule.check(StoreUnderTest(store: store, clock: clock))
        }
    }

    @Test func `a restart finds what was acknowledged, and what was not whole or not at all`() async throws {
        for seed in 0..<20 as Range<UInt64> {
            let executor = SeededExecutor(seed: seed)
            try await withTaskExecutorPreference(executor) {
                let (disk, clock) = (SimulatedDisk(), ManualClock())
                let store = SimulatedStore(disk, clock: clock, executor: executor, seed: seed)
                store.end(afterCalls: 20 + Int(seed))
                let acknowledged = await withTaskGroup(of: (UInt8, UInt8).self) { group in
                    for task in 0..<3 as Range<UInt8> {
                        group.addTask { (task, await Self.count(task, store)) }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                let again = SimulatedStore(disk, clock: clock, executor: executor, seed: seed)
                for (task, number) in acknowledged {
                    let read = try await again.get([[task, 0], [task, 1]], .forAnswer)
                    let found = read[0]?.value[0] ?? 0
                    #expect(found == number || found == number + 1, "seed \(seed)")
                    #expect(read[0]?.value == read[1]?.value && read[0]?.version == read[1]?.version, "seed \(seed)")
                }
            }
        }
    }

    /// - Returns: the last number that was acknowledged.
    private static func count(_ task: UInt8, _ store: SimulatedStore) async -> UInt8 {
        var number: UInt8 = 0
        while true {
            let next = number + 1
            let batch = Batch(writes: [.set([task, 0], [next]), .set([task, 1], [next])])
            guard (try? await store.commit(batch)) != nil else { return number }
            number = next
        }
    }

    @Test func `the same seed makes the same order`() async throws {
        func order(_ seed: UInt64) async -> [Int] {
            let executor = SeededExecutor(seed: seed)
            let recorder = HistoryRecorder<Int, Int>()
            await withTaskExecutorPreference(executor) {
                await withTaskGroup(of: Void.self) { group in
                    for task in 0..<4 {
                        group.addTask {
                            for _ in 0..<10 {
                                await executor.turn()
                                recorder.note(task, since: recorder.moment(), task)
                            }
                        }
                    }
                }
            }
            return recorder.entries.map(\.call)
        }
        let first = await order(7)
        #expect(await order(7) == first)
        #expect(await order(8) != first)
    }
}
