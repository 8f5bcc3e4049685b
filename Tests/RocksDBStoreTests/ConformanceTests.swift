import Foundation
import KeyValue
import KeyValueConformance
import Primitives
import RocksDBStore
import Testing

@Suite struct ConformanceTests {
    @Test(arguments: Conformance.rules)
    func `RocksDB obeys`(_ rule: ConformanceRule) async throws {
        try await withFixture { fixture in
            try await rule.check(try fixture.subject())
        }
    }

    @Test(arguments: Conformance.rulesInMemory)
    func `RocksDB obeys without waiting for the disk`(_ rule: ConformanceRule) async throws {
        try await withFixture { fixture in
            try await rule.check(try fixture.subject { $0.durability = .processCrashOnly })
        }
    }

    /// With the first seed, a read of a change log from memory passed over a table (`Engine.stateOfLoneTables`).
    @Test(arguments: [
        1_156_967_090_545_054_419,
        UInt64(ProcessInfo.processInfo.environment["BRUME_SEED"] ?? "") ?? SystemRandomSource().next(),
    ])
    func `RocksDB, the in-memory store and a sorted array agree`(seed: UInt64) async throws {
        try await withFixture { fixture in
            let clock = ManualClock()
            let memory = StoreUnderTest(store: MemoryStore(clock: clock), clock: clock)
            var model = RandomModel(stores: [memory, try fixture.subject()], seed: seed)
            do {
                try await model.run(operationCount: 2000)
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }
}
