import Foundation
import KeyValue
import Primitives
import RocksDBStore
import Testing

@Suite struct CachedReadTests {
    private static let keyCount = 6000

    private static func key(_ number: Int) -> [UInt8] {
        [UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    /// Several levels of tables, a cache that holds a small part of them, deletes among them, and compactions under
    /// way: what is answered from memory is whole, whatever was missing in memory is said to be missing.
    @Test func `a read from memory is whole or is none`() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["BRUME_SEED"] ?? "") ?? SystemRandomSource().next()
        let random = SeededRandomSource(seed: seed)
        try await withFixture { fixture in
            let store = try fixture.open {
                $0.blockCacheBytes = 400 << 10
                $0.writeBufferBytes = 128 << 10
                $0.durability = .processCrashOnly
            }
            var present = [Int: UInt8](minimumCapacity: Self.keyCount)
            for round in 0..<400 {
                var writes: [Write] = []
                for _ in 0..<40 {
                    let number = Int(random.next() % UInt64(Self.keyCount))
                    let mark = UInt8(random.next() & 255)
                    let isDelete = random.next() % 4 == 0
                    present[number] = isDelete ? nil : mark
                    writes.append(
                        isDelete ? .delete(Self.key(number)) : .set(Self.key(number), [mark] + random.bytes(300))
                    )
                }
                try await store.commit(Batch(writes: writes))
                guard round >= 100 else { continue }
                let sorted = present.keys.sorted()
                for _ in 0..<10 {
                    try await self.compare(store, present, sorted, random, "seed \(seed), round \(round)")
                }
            }
        }
    }

    /// Few keys, often read and written, in a cache of records that holds a part of them: an answer is never older than
    /// the commit before it.
    @Test func `a record that is kept ready is the newest`() async throws {
        let seed = SeededRandomSource.testSeed(0x4EC0)
        let random = SeededRandomSource(seed: seed)
        try await withFixture { fixture in
            let store = try fixture.open {
                $0.recordCacheBytes = 16 << 10
                $0.durability = .processCrashOnly
            }
            var present: [Int: [UInt8]] = [:]
            for round in 0..<3000 {
                let written = Int(random.next() % 40)
                let value = random.next() % 8 == 0 ? nil : random.bytes(1 + Int(random.next() % 900))
                try await store.commit(Batch(writes: [.set(Self.key(written), [0])]))
                if random.next() % 2 == 0 { _ = try await store.get([Self.key(written)], .forDecision) }
                try await store.commit(
                    Batch(writes: [value.map { .set(Self.key(written), $0) } ?? .delete(Self.key(written))]))
                present[written] = value
                let read = Int(random.next() % 40)
                let mode: ReadMode = random.next() % 2 == 0 ? .forAnswer : .forDecision
                let result = try await store.get([Self.key(read), Self.key(written)], mode)
                #expect(result[0]?.value == present[read], "seed \(seed), round \(round)")
                #expect(result[1]?.value == value, "seed \(seed), round \(round)")
            }
        }
    }

    private func compare(
        _ store: RocksDBStore, _ present: [Int: UInt8], _ sorted: [Int], _ random: SeededRandomSource,
        _ comment: Comment
    ) async throws {
        let start = Int(random.next() % UInt64(Self.keyCount))
        let end = random.next() % 3 == 0 ? Self.keyCount : start + Int(random.next() % 300)
        let reverse = random.next() % 2 == 0
        let limit = 1 + Int(random.next() % 50)
        var expected = sorted.filter { start <= $0 && $0 < end }
        if reverse { expected.reverse() }
        let range = KeyRange(start: Self.key(start), end: end == Self.keyCount ? nil : Self.key(end))
        if let page = try store.scanCached(range, limit: limit, byteLimit: .max, reverse: reverse) {
            #expect(page.entries.map(\.key) == expected.prefix(limit).map(Self.key), comment)
            #expect((page.continuation == nil) == (expected.count <= limit), comment)
        }
        if let read = try store.getCached([Self.key(start)], .forAnswer) {
            #expect(read[0]?.value.first == present[start], comment)
        }
        // Brings blocks into the cache, so that parts of the next answers are there.
        if random.next() % 4 == 0 {
            let page = try await store.scan(range, limit: limit, byteLimit: .max, reverse: reverse)
            #expect(page.entries.map(\.key) == expected.prefix(limit).map(Self.key), comment)
        }
    }
}
