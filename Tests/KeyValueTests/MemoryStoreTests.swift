import KeyValue
import KeyValueConformance
import Primitives
import Testing

@Suite struct MemoryStoreTests {
    @Test(arguments: Conformance.rulesInMemory)
    func `the in-memory store obeys`(_ rule: ConformanceRule) async throws {
        let clock = ManualClock()
        try await rule.check(StoreUnderTest(store: MemoryStore(clock: clock), clock: clock))
    }

    @Test func `the in-memory store agrees with a sorted array`() async throws {
        let seed = SystemRandomSource().next()
        let clock = ManualClock()
        var model = RandomModel(stores: [StoreUnderTest(store: MemoryStore(clock: clock), clock: clock)], seed: seed)
        do {
            try await model.run(operationCount: 3000)
        } catch {
            Issue.record("seed \(seed): \(error)")
        }
    }

    @Test func `many keys in random order come back in order`() async throws {
        let store = MemoryStore()
        let random = SeededRandomSource(seed: 7)
        var keys: Set<[UInt8]> = []
        for _ in 0..<5000 {
            let key = random.bytes(1 + Int(random.next() % 3))
            keys.insert(key)
            try await store.commit(Batch(writes: [.set(key, key)]))
        }
        for key in keys.prefix(1000) {
            keys.remove(key)
            try await store.commit(Batch(writes: [.delete(key)]))
        }
        let page = try await store.scan(.all, limit: .max, byteLimit: .max, reverse: false)
        #expect(page.entries.map(\.key) == keys.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(page.entries.allSatisfy { $0.key == $0.record.value })
    }

    @Test func `refused writes name the reason and reads go on`() async throws {
        let store = MemoryStore()
        let receipt = try await store.commit(Batch(writes: [.set([1], [1])]))
        store.refuseWrites("no space")
        #expect(store.health == .readOnly(reason: "no space"))
        await #expect(throws: StorageError.unavailable("no space")) {
            try await store.commit(Batch(writes: [.set([1], [2])]))
        }
        await #expect(throws: StorageError.unavailable("no space")) { try await store.discard(.all) }
        #expect(try await store.get([[1]], .forAnswer)[0]?.value == [1])
        try await store.commit(Batch(checks: [.unchanged([1], since: receipt.version)]))
        store.refuseWrites(nil)
        try await store.commit(Batch(writes: [.set([1], [2])]))
    }

    @Test func `a value over the limit is refused with both sizes`() async throws {
        let store = MemoryStore()
        let bytes = store.limits.valueBytesMax + 1
        await #expect(throws: StorageError.tooLarge(bytes: bytes, limitBytes: bytes - 1)) {
            try await store.commit(Batch(writes: [.set([1], [UInt8](repeating: 0, count: bytes))]))
        }
    }
}
