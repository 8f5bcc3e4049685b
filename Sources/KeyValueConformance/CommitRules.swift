internal import KeyValue
internal import Primitives

/// What one commit does and refuses, without company.
enum CommitRules {
    static let all = [
        ConformanceRule("a batch happens as a whole", Self.wholeBatch),
        ConformanceRule("a failed check names its index and nothing happens", Self.failedCheck),
        ConformanceRule("a version is never given twice, not even after a delete", Self.versionsGrow),
        ConformanceRule("commit times never go back, even when the clock does", Self.timesGrow),
        ConformanceRule("a get answers in the order of its keys", Self.getOrder),
        ConformanceRule("values of any bytes and any length up to the limit come back", Self.values),
        ConformanceRule("a size over its limit is refused with both sizes", Self.tooLarge),
        ConformanceRule("a replication stamp comes back with its record", Self.stamps),
        ConformanceRule("a commit of checks only says as of when they held", Self.checksOnly),
        ConformanceRule("checks read for themselves when no read is named", Self.checksWithoutRead),
        ConformanceRule("a key that a commit touched does not count as untouched", Self.untouched),
    ]

    private static func wholeBatch(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        try await store.put([9], [9])
        let receipt = try await store.commit(
            Batch(
                checks: [.absent([1])],
                writes: [
                    .set([1], [1]), .set([2], [2]), .delete([9]), .set([3], [3]), .set([3], [4]), .set([5], [5]),
                    .delete([5]),
                ]
            ))
        let read = try await store.get([[1], [2], [3], [5], [9]], .forAnswer)
        try requireEqual(read.values.map { $0?.value }, [[1], [2], [4], nil, nil], "the values")
        for record in read.values {
            guard let record else { continue }
            try requireEqual(record.version, receipt.version, "a version")
            try requireEqual(record.time, receipt.time, "a time")
        }
        try require(read.asOf >= receipt.version, "the read is not before the commit")
    }

    /// A store need not know that a key is untouched, but must not say so of one that is not.
    private static func untouched(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let batches: [[Write]] = [
            [.set([1], [1])], [.set([1], [2])], [.delete([1])], [.set([0], [0]), .set([1], [3]), .set([2], [0])],
        ]
        for writes in batches {
            let asOf = try await store.get([[1]], .forAnswer).asOf
            try await store.commit(Batch(writes: writes))
            try require(!store.isUntouched([1], since: asOf), "\(writes) touched the key")
        }
    }

    private static func failedCheck(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let first = try await store.put([1], [1])
        let write = Write.set([7], [7])
        let old = CommitVersion(first.version.rawValue - 1)
        let cases: [([Check], Int)] = [
            ([.absent([1])], 0), ([.absent([2]), .absent([1])], 1), ([.unchanged([1], since: old)], 0),
            ([.unchanged([1], since: first.version), .unchanged([2], since: first.version)], 1),
            ([.unchanged([2], since: first.version), .absent([1])], 0),
        ]
        for (checks, index) in cases {
            try await requireThrows(.checkFailed(index: index)) {
                try await store.commit(Batch(checks: checks, writes: [write]))
            }
        }
        try requireEqual(try await store.value([7]), nil, "the value of a commit that failed")
        try await store.commit(
            Batch(
                checks: [.unchanged([1], since: first.version), .absent([2])], writes: [write]
            ))
        try requireEqual(try await store.value([7]), [7], "the value of a commit that held")
    }

    private static func versionsGrow(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let first = try await store.put([1], [1])
        let read = try await store.get([[1]], .forDecision)
        let deleted = try await store.commit(Batch(writes: [.delete([1])]))
        let again = try await store.put([1], [1])
        try require(first.version < deleted.version && deleted.version < again.version, "versions grow")
        // The same bytes are there again, and yet this is another record (ABA).
        for readAsOf in [nil, read.asOf] {
            try await requireThrows(.checkFailed(index: 0)) {
                try await store.commit(
                    Batch(
                        checks: [.unchanged([1], since: read[0]?.version)], writes: [.set([1], [2])], readAsOf: readAsOf
                    ))
            }
        }
    }

    private static func timesGrow(_ subject: StoreUnderTest) async throws {
        let start = subject.clock.now()
        let first = try await subject.store.put([1], [1])
        try requireEqual(first.time, start, "the time of a commit")
        subject.clock.advance(milliseconds: -5000)
        let second = try await subject.store.put([2], [2])
        try require(second.time >= first.time, "time went back from \(first.time) to \(second.time)")
        subject.clock.advance(milliseconds: 10_000)
        let third = try await subject.store.put([3], [3])
        try requireEqual(third.time, subject.clock.now(), "the time after the clock caught up")
    }

    private static func getOrder(_ subject: StoreUnderTest) async throws {
        for key in 0..<20 as Range<UInt8> { try await subject.store.put([key], [key, key]) }
        let keys: [[UInt8]] = [[7], [3], [200], [19], [3], [0]]
        for mode in [ReadMode.forAnswer, .forDecision] {
            let read = try await subject.store.get(keys, mode)
            try requireEqual(
                read.values.map { $0?.value }, [[7, 7], [3, 3], nil, [19, 19], [3, 3], [0, 0]], "values")
            try requireEqual(read.undurable, nil, "what is not durable")
            guard let cached = try subject.store.getCached(keys, mode) else { continue }
            try requireEqual(cached.values, read.values, "the values from memory")
        }
        try requireEqual(try await subject.store.get([], .forAnswer).values, [], "no keys")
    }

    private static func values(_ subject: StoreUnderTest) async throws {
        for count in [0, 1, 17, 18, 19, 4096, subject.store.limits.valueBytesMax] {
            let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
            try await subject.store.put([1], value)
            let found = try await subject.store.value([1])
            try require(found == value, "a value of \(count) bytes")
        }
    }

    private static func tooLarge(_ subject: StoreUnderTest) async throws {
        let limits = subject.store.limits
        let key = [UInt8](repeating: 1, count: limits.keyBytesMax)
        try await subject.store.put(key, [1])
        try requireEqual(try await subject.store.value(key), [1], "the value of the longest key")
        try await requireThrows(.tooLarge(bytes: key.count + 1, limitBytes: key.count)) {
            try await subject.store.put(key + [1], [1])
        }
        try await requireThrows(.tooLarge(bytes: key.count + 1, limitBytes: key.count)) {
            try await subject.store.commit(Batch(checks: [.absent(key + [1])]))
        }
        let bytes = limits.valueBytesMax + 1
        try await requireThrows(.tooLarge(bytes: bytes, limitBytes: bytes - 1)) {
            try await subject.store.put([1], [UInt8](repeating: 0, count: bytes))
        }
        let count = limits.batchOperationsMax + 1
        try await requireThrows(.tooLarge(bytes: count, limitBytes: count - 1)) {
            try await subject.store.commit(Batch(writes: Array(repeating: .delete([1]), count: count)))
        }
    }

    private static func stamps(_ subject: StoreUnderTest) async throws {
        let stamp = ReplicationStamp(time: Timestamp(millisecondsSinceEpoch: -5), version: CommitVersion(513))
        try await subject.store.commit(Batch(writes: [.set([1], [4, 2], stamp: stamp), .set([2], [])]))
        let read = try await subject.store.get([[1], [2]], .forAnswer)
        try requireEqual(read.values.map { $0?.stamp }, [stamp, nil], "the stamps")
        try requireEqual(read.values.map { $0?.value }, [[4, 2], []], "the values")
    }

    private static func checksOnly(_ subject: StoreUnderTest) async throws {
        let first = try await subject.store.put([1], [1])
        let receipt = try await subject.store.commit(Batch(checks: [.unchanged([1], since: first.version)]))
        try require(receipt.version >= first.version, "the checks held as of \(receipt.version)")
        try await requireThrows(.checkFailed(index: 0)) {
            try await subject.store.commit(Batch(checks: [.absent([1])]))
        }
        try await subject.store.commit(Batch())
        let second = try await subject.store.put([2], [2])
        try require(second.version > receipt.version, "a commit of checks takes no later version")
    }

    private static func checksWithoutRead(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        for key in 0..<200 as Range<UInt8> { try await store.put([key], [0]) }
        for key in 0..<200 as Range<UInt8> {
            let read = try await store.get([[key], [key, 1]], .forDecision)
            try await store.commit(
                Batch(
                    checks: [.unchanged([key], since: read[0]?.version), .absent([key, 1])], writes: [.set([key], [1])]
                ))
            try await requireThrows(.checkFailed(index: 0)) {
                try await store.commit(
                    Batch(
                        checks: [.unchanged([key], since: read[0]?.version)], writes: [.set([key], [2])]
                    ))
            }
        }
    }
}
