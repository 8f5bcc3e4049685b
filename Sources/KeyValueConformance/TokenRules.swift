internal import KeyValue
internal import Primitives

/// A commit that is sent twice happens once.
enum TokenRules {
    static let all = [
        ConformanceRule("a retry returns the first receipt and does nothing", Self.retry),
        ConformanceRule("a token with another fingerprint is refused", Self.mismatch),
        ConformanceRule("a token is forgotten after its time, not before", Self.expiry),
        ConformanceRule("of retries that run together one happens", Self.together),
        ConformanceRule("a commit that failed its checks leaves no token", Self.failed),
    ]

    private static func batch(
        _ id: [UInt8], _ value: UInt8, fingerprint: [UInt8] = [1], milliseconds: Int64 = 1000
    ) -> Batch {
        let token = IdempotencyToken(id: id, fingerprint: fingerprint, rememberedMilliseconds: milliseconds)
        return Batch(writes: [.set([1], [value])], token: token)
    }

    private static func retry(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let first = try await store.commit(Self.batch([7], 1))
        try require(!first.isReplay, "the first is no replay")
        subject.clock.advance(milliseconds: 10)
        try await store.put([1], [9])
        let second = try await store.commit(Self.batch([7], 2))
        try require(second.isReplay && second.version == first.version && second.time == first.time, "\(second)")
        try requireEqual(try await store.value([1]), [9], "the value after the retry")
        let other = try await store.commit(Self.batch([8], 3))
        try require(!other.isReplay, "another token is another commit")
    }

    private static func mismatch(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        try await store.commit(Self.batch([7], 1))
        try await requireThrows(.tokenMismatch) { try await store.commit(Self.batch([7], 2, fingerprint: [2])) }
        try requireEqual(try await store.value([1]), [1], "the value")
    }

    private static func expiry(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        try await store.commit(Self.batch([7], 1))
        subject.clock.advance(milliseconds: 999)
        try require(try await store.commit(Self.batch([7], 2)).isReplay, "the token is remembered for its time")
        subject.clock.advance(milliseconds: 1)
        try require(try await !store.commit(Self.batch([7], 3, fingerprint: [9])).isReplay, "the token is forgotten")
        try requireEqual(try await store.value([1]), [3], "the value")
        // Long after, when an engine has swept what is old: the second use is what counts.
        try require(try await store.commit(Self.batch([7], 4, fingerprint: [9])).isReplay, "the second use counts")
        subject.clock.advance(milliseconds: 60_000)
        for id in 0..<20 as Range<UInt8> { try await store.commit(Self.batch([100, id], id)) }
        try require(try await !store.commit(Self.batch([7], 5)).isReplay, "the token is forgotten again")
        for id in 0..<20 as Range<UInt8> {
            try require(try await store.commit(Self.batch([100, id], id)).isReplay, "token \(id) is remembered")
        }
    }

    private static func together(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        for round in 0..<20 as Range<UInt8> {
            let receipts = try await withThrowingTaskGroup(of: CommitReceipt.self) { group in
                for task in 0..<8 as Range<UInt8> {
                    group.addTask { try await store.commit(Self.batch([round], task)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try requireEqual(receipts.count { !$0.isReplay }, 1, "commits in round \(round)")
            try requireEqual(Set(receipts.map(\.version)).count, 1, "versions in round \(round)")
        }
    }

    private static func failed(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        var batch = Self.batch([7], 1)
        batch.checks = [.absent([2])]
        try await store.put([2], [2])
        try await requireThrows(.checkFailed(index: 0)) { try await store.commit(batch) }
        try await store.commit(Batch(writes: [.delete([2])]))
        try require(try await !store.commit(batch).isReplay, "the first that holds is no replay")
        try await store.put([2], [2])
        try require(try await store.commit(batch).isReplay, "a retry is a replay though its checks would fail")
    }
}
