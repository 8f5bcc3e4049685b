import Foundation
import KeyValue
import Primitives
import RocksDBStore
import TestSupport
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

    /// Ranges of a few partitions, asked for in many ways while their keys are written, deleted and discarded, in a
    /// cache that holds a part of the pages: a page is never older than the commit before it.
    @Test func `a page that is kept ready is the newest`() async throws {
        let seed = SeededRandomSource.testSeed(0x9A6E)
        let random = SeededRandomSource(seed: seed)
        func below(_ bound: UInt64) -> Int { Int(random.next() % bound) }
        try await withFixture { fixture in
            let store = try fixture.open {
                $0.pageCacheBytes = 32 << 10
                $0.durability = .processCrashOnly
            }
            var present: [[UInt8]: [UInt8]] = [:]
            for round in 0..<3000 {
                let partition = Self.partition(below(6))
                switch below(12) {
                case 0:
                    let range = KeyRange(prefix: partition + [UInt8(below(4))])
                    try await store.discard(range)
                    present = present.filter { !range.contains($0.key) }
                case 1..<5:
                    let key = partition + [UInt8(below(4)), UInt8(below(4))]
                    let value = below(4) == 0 ? nil : random.bytes(1 + below(60))
                    try await store.commit(Batch(writes: [value.map { .set(key, $0) } ?? .delete(key)]))
                    present[key] = value
                default: break
                }
                let asked = Self.partition(below(6))
                let range = below(2) == 0 ? KeyRange(prefix: asked) : KeyRange(prefix: asked + [UInt8(below(4))])
                let (limit, reverse) = (1 + below(3) * 7, below(2) == 0)
                let page = try await store.scan(range, limit: limit, byteLimit: 1 << 16, reverse: reverse)
                var expected = present.filter { range.contains($0.key) }.sorted {
                    $0.key.lexicographicallyPrecedes($1.key)
                }
                if reverse { expected.reverse() }
                #expect(page.entries.map(\.key) == expected.prefix(limit).map(\.key), "seed \(seed), round \(round)")
                #expect(page.entries.map(\.record.value) == expected.prefix(limit).map(\.value), "seed \(seed)")
                #expect((page.continuation == nil) == (expected.count <= limit), "seed \(seed), round \(round)")
            }
        }
    }

    /// Blocks that are larger than their share of the cache are never in memory: what is answered from memory then was
    /// kept as a page.
    @Test func `a page is kept ready when it is asked for again`() async throws {
        try await withFixture { fixture in
            let range = KeyRange(prefix: Self.partition(1))
            let filled = try fixture.open()
            for number in 0..<40 {
                let key = Self.partition(1) + [UInt8(number)]
                try await filled.commit(Batch(writes: [.set(key, [UInt8](repeating: UInt8(number), count: 100))]))
            }
            await filled.close()
            let store = try fixture.open {
                $0.blockCacheBytes = 4 << 10
                $0.pageCacheBytes = 1 << 20
            }
            func ready() throws -> Page? { try store.scanCached(range, limit: 30, byteLimit: 1 << 16, reverse: false) }
            let first = try await store.scan(range, limit: 30, byteLimit: 1 << 16, reverse: false)
            #expect(first.entries.count == 30)
            #expect(try ready() == nil)
            _ = try await store.scan(range, limit: 30, byteLimit: 1 << 16, reverse: false)
            #expect(try ready()?.entries.map(\.key) == first.entries.map(\.key))
            #expect(try ready()?.continuation == first.continuation)
            try await store.commit(Batch(writes: [.delete(Self.partition(1) + [3])]))
            #expect(try ready() == nil)
        }
    }

    /// The first bytes of the keys of one partition: as long as DynamoDB's.
    private static func partition(_ number: Int) -> [UInt8] {
        [0, 0, 0, 0, 0, 0, 0, 7, 0, 0] + [UInt8](repeating: UInt8(truncatingIfNeeded: 0xA5 &* number), count: 16)
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
