internal import KeyValue

/// Keys are ordered as unsigned bytes; pages cover a range exactly once.
enum OrderRules {
    static let all = [
        ConformanceRule("keys are ordered as unsigned bytes, a prefix before what it begins", Self.byteOrder),
        ConformanceRule("a reverse scan is the mirror of a forward scan", Self.reverse),
        ConformanceRule("pages by count cover a range exactly once, both ways", Self.pagesByCount),
        ConformanceRule("pages by bytes end with the entry that reaches the limit", Self.pagesByBytes),
        ConformanceRule("a range takes its start and leaves out its end", Self.bounds),
        ConformanceRule("a scan from memory agrees with a scan", Self.cachedScan),
    ]

    static let oddKeys: [[UInt8]] = [
        [0], [0, 0], [0, 1], [0, 255], [1], [1, 0], [97], [97, 0], [97, 98], [97, 255], [127], [128], [254, 255],
        [255], [255, 0], [255, 255], [255, 255, 255],
    ]

    private static func byteOrder(_ subject: StoreUnderTest) async throws {
        for key in Self.oddKeys.reversed() { try await subject.store.put(key, [1]) }
        try requireEqual(try await subject.store.keys(), Self.oddKeys, "the keys")
    }

    private static func reverse(_ subject: StoreUnderTest) async throws {
        for key in Self.oddKeys { try await subject.store.put(key, [1]) }
        let part = KeyRange(start: [0, 1], end: [255, 0])
        for range in [KeyRange.all, part, KeyRange(prefix: [97]), KeyRange(prefix: [255])] {
            let forward = try await subject.store.keys(in: range)
            let backward = try await subject.store.keys(in: range, reverse: true)
            try requireEqual(backward, forward.reversed(), "the keys of \(range) in reverse")
            try require(!forward.isEmpty, "the range \(range) holds keys")
        }
    }

    private static func pagesByCount(_ subject: StoreUnderTest) async throws {
        for key in Self.oddKeys { try await subject.store.put(key, key) }
        let whole = KeyRange(start: [0, 0], end: [255, 255, 255])
        let expected = Self.oddKeys.filter(whole.contains)
        for limit in 1...expected.count + 1 {
            for reverse in [false, true] {
                var found: [[UInt8]] = []
                var rest: KeyRange? = whole
                while let range = rest {
                    let page = try await subject.store.scan(range, limit: limit, byteLimit: .max, reverse: reverse)
                    try require(page.entries.count <= limit, "a page of \(page.entries.count) by \(limit)")
                    try require(
                        page.continuation == nil || page.entries.count == limit, "a page with a rest is a full page"
                    )
                    for entry in page.entries { try requireEqual(entry.record.value, entry.key, "a value") }
                    found += page.entries.map(\.key)
                    rest = page.continuation.map { range.continued(from: $0, reverse: reverse) }
                }
                try requireEqual(found, reverse ? expected.reversed() : expected, "all pages by \(limit)")
            }
        }
    }

    private static func pagesByBytes(_ subject: StoreUnderTest) async throws {
        for index in 0..<10 as Range<UInt8> {
            try await subject.store.put([index], [UInt8](repeating: index, count: 99))
        }
        // Each entry is 100 bytes with its key.
        for (byteLimit, count) in [(1, 1), (99, 1), (100, 1), (101, 2), (300, 3), (301, 4), (999, 10), (1000, 10)] {
            for reverse in [false, true] {
                let page = try await subject.store.scan(.all, limit: 100, byteLimit: byteLimit, reverse: reverse)
                try requireEqual(page.entries.count, count, "entries within \(byteLimit) bytes")
                try requireEqual(page.continuation == nil, count == 10, "no rest")
            }
        }
    }

    private static func bounds(_ subject: StoreUnderTest) async throws {
        for key in Self.oddKeys { try await subject.store.put(key, [1]) }
        let inner = KeyRange(start: [0, 1], end: [97])
        try requireEqual(try await subject.store.keys(in: inner), [[0, 1], [0, 255], [1], [1, 0]], "the inner keys")
        let empty = KeyRange(start: [97], end: [97])
        try requireEqual(try await subject.store.keys(in: empty), [], "an empty range")
        try requireEqual(try await subject.store.keys(in: KeyRange(start: [98], end: [97])), [], "an inside-out range")
        try requireEqual(
            try await subject.store.keys(in: KeyRange(prefix: [97])), [[97], [97, 0], [97, 98], [97, 255]], "a prefix"
        )
        try requireEqual(
            try await subject.store.keys(in: KeyRange(prefix: [255, 255])), [[255, 255], [255, 255, 255]],
            "a prefix that nothing follows"
        )
    }

    private static func cachedScan(_ subject: StoreUnderTest) async throws {
        for key in Self.oddKeys { try await subject.store.put(key, key) }
        let page = try await subject.store.scan(.all, limit: 5, byteLimit: .max, reverse: true)
        guard let cached = try subject.store.scanCached(.all, limit: 5, byteLimit: .max, reverse: true) else { return }
        try requireEqual(Array(cached.entries), Array(page.entries), "the entries from memory")
        try requireEqual(cached.continuation, page.continuation, "the rest from memory")
    }
}
