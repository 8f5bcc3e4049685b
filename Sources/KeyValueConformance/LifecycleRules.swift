internal import KeyValue
internal import Primitives

/// Starting, failing and ending.
enum LifecycleRules {
    static let all = [
        ConformanceRule("what was acknowledged is there after a crash", needs: .reopening, Self.crash),
        ConformanceRule("versions and times go on after a crash", needs: .reopening, Self.versionsAfterCrash),
        ConformanceRule("a token is remembered across a crash", needs: .reopening, Self.tokenAfterCrash),
        ConformanceRule("a discard holds across a crash", needs: .reopening, Self.discardAfterCrash),
        ConformanceRule(
            "a full disk stops writes, not reads, and says so until space is back", needs: .diskControl, Self.fullDisk
        ),
        ConformanceRule("a closed store says so", Self.closed),
    ]

    private static func crash(_ subject: StoreUnderTest) async throws {
        guard let reopen = subject.reopen else { return }
        let log = LogID(1)
        var expected: [[UInt8]: Versioned] = [:]
        for key in 0..<100 as Range<UInt8> {
            let receipt = try await subject.store.commit(
                Batch(
                    writes: [.set([key], [key, key]), .delete([key / 2])],
                    logAppends: [LogAppend(log: log, payload: [key])]
                ))
            expected[[key]] = Versioned(value: [key, key], version: receipt.version, time: receipt.time)
            expected[[key / 2]] = nil
        }
        let store = try await reopen()
        let page = try await store.scan(.all, limit: .max, byteLimit: .max, reverse: false)
        let found = Dictionary(page.entries.map { ($0.key, $0.record) }, uniquingKeysWith: { first, _ in first })
        try requireEqual(found, expected, "the records after the crash")
        let entries = try await store.readLog(log, after: nil, limit: .max, byteLimit: .max).entries
        try requireEqual(entries.map(\.payload), (0..<100).map { [$0] }, "the log after the crash")
    }

    private static func versionsAfterCrash(_ subject: StoreUnderTest) async throws {
        guard let reopen = subject.reopen else { return }
        subject.clock.advance(milliseconds: 60_000)
        try await subject.store.put([1], [1])
        let read = try await subject.store.get([[1]], .forDecision)
        let deleted = try await subject.store.commit(Batch(writes: [.delete([1])]))
        subject.clock.advance(milliseconds: -60_000)
        let store = try await reopen()
        let again = try await store.put([1], [1])
        try require(again.version > deleted.version, "a version came again after a crash")
        try require(again.time >= deleted.time, "time went back after a crash")
        try await requireThrows(.checkFailed(index: 0)) {
            try await store.commit(Batch(checks: [.unchanged([1], since: read[0]?.version)], readAsOf: read.asOf))
        }
    }

    private static func tokenAfterCrash(_ subject: StoreUnderTest) async throws {
        guard let reopen = subject.reopen else { return }
        let batch = Batch(writes: [.set([1], [1])], token: IdempotencyToken(id: [7], fingerprint: [7, 7]))
        let first = try await subject.store.commit(batch)
        let store = try await reopen()
        let second = try await store.commit(batch)
        try require(second.isReplay && second.version == first.version && second.time == first.time, "\(second)")
    }

    private static func discardAfterCrash(_ subject: StoreUnderTest) async throws {
        guard let reopen = subject.reopen else { return }
        for key in OrderRules.oddKeys { try await subject.store.put(key, [1]) }
        try await subject.store.discard(KeyRange(prefix: [97]))
        try await subject.store.put([97, 7], [7])
        let store = try await reopen()
        try requireEqual(try await store.keys(in: KeyRange(prefix: [97])), [[97, 7]], "the keys of the range")
        try requireEqual(try await store.keys().count, OrderRules.oddKeys.count - 3, "the number of keys")
    }

    private static func fullDisk(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        let first = try await store.put([1], [1])
        var updates = store.healthUpdates().makeAsyncIterator()
        try requireEqual(await updates.next(), .takingWrites, "the health before")
        disk.hold()
        disk.fill()
        // Awaited below.
        let task = Task { try await store.put([1], [2]) }
        try await eventually("the commit is accepted") { try await store.get([[1]], .forDecision)[0]?.value == [2] }
        disk.release()
        guard case .failure = await task.result else {
            throw ConformanceFailure("a commit that was not written returned", #line, #fileID)
        }
        guard case .readOnly? = await updates.next() else {
            throw ConformanceFailure("the store did not say that it takes no writes", #line, #fileID)
        }
        try requireEqual(try await store.value([1]), [1], "the value while the disk is full")
        try await store.commit(Batch(checks: [.unchanged([1], since: first.version)]))
        guard case .readOnly = store.health else {
            throw ConformanceFailure("the store takes writes on a full disk", #line, #fileID)
        }
        disk.makeRoom()
        try requireEqual(await updates.next(), .takingWrites, "the health after")
        try requireEqual(store.health, .takingWrites, "the health after")
        let second = try await store.put([1], [3])
        try require(second.version > first.version, "versions grow")
        try requireEqual(try await store.value([1]), [3], "the value after")
    }

    private static func closed(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        try await store.put([1], [1])
        async let first: Void = store.close()
        async let second: Void = store.close()
        _ = await (first, second)
        try requireEqual(store.health, .closed, "the health")
        let calls: [@Sendable () async throws -> Void] = [
            { try await store.put([1], [1]) }, { _ = try await store.get([[1]], .forAnswer) },
            { _ = try store.getCached([[1]], .forDecision) },
            { _ = try await store.scan(.all, limit: 1, byteLimit: 1, reverse: false) },
            { _ = try await store.readLog(LogID(1), after: nil, limit: 1, byteLimit: 1) },
            { try await store.discard(.all) },
        ]
        for call in calls {
            do {
                try await call()
            } catch StorageError.unavailable {
                continue
            }
            throw ConformanceFailure("a closed store did something", #line, #fileID)
        }
    }
}
