import KeyValue
import KeyValueConformance
import PostgresStore
import Primitives
import Testing

@Suite(.serialized) struct ConformanceTests {
    /// Those of `OverlayRules` do nothing here: what is visible in PostgreSQL is durable.
    @Test(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), arguments: Conformance.rules)
    func `PostgreSQL obeys`(_ rule: ConformanceRule) async throws {
        try await withFixture { fixture in
            try await rule.check(try fixture.subject())
        }
    }

    @Test(
        .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), arguments: Conformance.rulesInMemory
    )
    func `three nodes on one PostgreSQL obey as if they were one`(_ rule: ConformanceRule) async throws {
        try await withFixture { fixture in
            let nodes = [try fixture.open(), try fixture.open(), try fixture.open()]
            try await rule.check(StoreUnderTest(store: AlternatingStore(nodes), clock: fixture.clock))
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"))
    func `PostgreSQL, the in-memory store and a sorted array agree`() async throws {
        let seed = SystemRandomSource().next()
        try await withFixture { fixture in
            let clock = ManualClock()
            let memory = StoreUnderTest(store: MemoryStore(clock: clock), clock: clock)
            var model = RandomModel(stores: [memory, try fixture.subject()], seed: seed)
            do {
                try await model.run(operationCount: 600)
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }
}
