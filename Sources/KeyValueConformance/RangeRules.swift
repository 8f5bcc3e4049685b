internal import KeyValue

/// Ranges that are discarded.
enum RangeRules {
    static let all = [
        ConformanceRule("a discard removes its range and nothing else", Self.discard),
        ConformanceRule("a check does not take a discarded key for the one that was read", Self.checks),
        ConformanceRule("a discard of many keys spares what is written meanwhile", Self.meanwhile),
        ConformanceRule("a discard to the end of the store removes the longest keys too", Self.toTheEnd),
    ]

    private static func discard(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        for key in OrderRules.oddKeys { try await store.put(key, [1]) }
        for prefix in [[97], [0, 1], [255, 255], [50]] as [[UInt8]] {
            let range = KeyRange(prefix: prefix)
            for _ in 0..<2 { try await store.discard(range) }
            try requireEqual(try await store.keys(in: range), [], "the keys of \(prefix)")
        }
        let expected = OrderRules.oddKeys.filter { key in
            ![[97], [0, 1], [255, 255]].contains { key.starts(with: $0) }
        }
        try requireEqual(try await store.keys(), expected, "the other keys")
        try await store.put([97, 5], [5])
        try requireEqual(try await store.keys(in: KeyRange(prefix: [97])), [[97, 5]], "what came after the discard")
    }

    private static func checks(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        try await store.put([1, 1], [1])
        let read = try await store.get([[1, 1], [1, 2]], .forDecision)
        let page = try await store.scan(KeyRange(prefix: [1]), limit: 10, byteLimit: .max, reverse: false)
        try await store.discard(KeyRange(prefix: [1]))
        for check in [
            Check.unchanged([1, 1], since: read[0]?.version),
            .rangeUnchanged(KeyRange(prefix: [1]), since: page.asOf, count: page.entries.count),
        ] {
            try await requireThrows(.checkFailed(index: 0)) {
                try await store.commit(Batch(checks: [check], writes: [.set([1, 1], [2])], readAsOf: read.asOf))
            }
        }
        try await store.commit(
            Batch(
                checks: [.absent([1, 1]), .absent([1, 2])], writes: [.set([1, 1], [3])], readAsOf: read.asOf
            ))
        try requireEqual(try await store.value([1, 1]), [3], "the value")
    }

    private static func meanwhile(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let keys = (0..<5000).map { [1, UInt8($0 >> 8), UInt8($0 & 255)] }
        try await store.commit(Batch(writes: keys.map { .set($0, [0]) } + [.set([0], [0]), .set([2], [0])]))
        async let discarded: Void = store.discard(KeyRange(prefix: [1]))
        var written: [[UInt8]] = []
        for key in keys.reversed().prefix(50) {
            written.append(key + [7])
            try await store.put(key + [7], [1])
        }
        try await discarded
        try requireEqual(
            try await store.keys(in: KeyRange(prefix: [1])).filter { $0.count == 3 }, [], "what was there before"
        )
        // A discard that began after a write may take it along: those that are there are all there.
        let later = try await store.keys(in: KeyRange(prefix: [1]))
        try require(Set(later).isSubset(of: written), "keys that nobody wrote")
        try requireEqual(try await store.keys(in: KeyRange(prefix: [0])), [[0]], "the neighbour before")
        try requireEqual(try await store.keys(in: KeyRange(prefix: [2])), [[2]], "the neighbour after")
    }

    private static func toTheEnd(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let last = [UInt8](repeating: 255, count: store.limits.keyBytesMax)
        for key in [[1], [255], last] as [[UInt8]] { try await store.put(key, [1]) }
        try await store.discard(KeyRange(start: [2], end: nil))
        try requireEqual(try await store.keys(), [[1]], "the keys")
        try await store.discard(.all)
        try requireEqual(try await store.keys(), [], "the keys")
    }
}
