internal import KeyValue
internal import Synchronization

/// What happens between the moment a commit is accepted and the moment it is durable.
enum OverlayRules {
    static let all = [
        ConformanceRule("a hot key does not wait for the disk", needs: .diskControl, Self.hotKey),
        ConformanceRule("what is not durable is not told", needs: .diskControl, Self.forAnswer),
        ConformanceRule("a failed condition that rests on the overlay waits", needs: .diskControl, Self.failureWaits),
        ConformanceRule("a commit of checks that rests on the overlay waits", needs: .diskControl, Self.checksWait),
        ConformanceRule("answers that rest on durable state do not wait", needs: .diskControl, Self.noNeedToWait),
        ConformanceRule("a failed group fails what was built on it", needs: .diskControl, Self.failedGroup),
        ConformanceRule("what was read of a failed group is void", needs: .diskControl, Self.voidReads),
        ConformanceRule("a retry with the token of a waiting commit waits with it", needs: .diskControl, Self.tokens),
        ConformanceRule("a waiting commit has touched its keys", needs: .diskControl, Self.touches),
    ]

    /// Accepts a commit without waiting for it, and returns when `forDecision` sees it.
    private static func accept(
        _ store: any OrderedStore, _ key: [UInt8], _ value: [UInt8], _ batch: Batch
    ) async throws -> Task<CommitReceipt, any Error> {
        // The rule that calls this awaits the task.
        let task = Task { try await store.commit(batch) as CommitReceipt }
        try await eventually("the commit is accepted") {
            try await store.get([key], .forDecision)[0]?.value == value
        }
        return task
    }

    private static func hotKey(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        disk.hold()
        var tasks: [Task<CommitReceipt, any Error>] = []
        for round in 0..<20 as Range<UInt8> {
            let read = try await store.get([[1], [2]], .forDecision)
            try requireEqual(read[0]?.value, round == 0 ? nil : [round - 1], "the value in round \(round)")
            try requireEqual(read.undurable, tasks.isEmpty ? nil : read[0]?.version, "what is not durable")
            tasks.append(
                try await Self.accept(
                    store, [1], [round],
                    Batch(
                        checks: [.unchanged([1], since: read[0]?.version), .absent([2])], writes: [.set([1], [round])],
                        readAsOf: round % 2 == 0 ? read.asOf : nil
                    )))
        }
        disk.release()
        var last = CommitVersion.zero
        for task in tasks {
            let receipt = try await task.value
            try require(receipt.version > last, "versions grow in the order of acceptance")
            last = receipt.version
        }
        try requireEqual(try await store.value([1]), [19], "the last value")
    }

    private static func forAnswer(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        let log = LogID(1)
        try await store.put([1], [1])
        disk.hold()
        let task = try await Self.accept(
            store, [1], [2],
            Batch(
                writes: [.set([1], [2]), .set([2], [2])], logAppends: [LogAppend(log: log, payload: [2])]
            ))
        let read = try await store.get([[1], [2]], .forAnswer)
        try requireEqual(read.values.map { $0?.value }, [[1], nil], "the values that are told")
        try requireEqual(try await store.keys(), [[1]], "the keys that are told")
        let page = try await store.readLog(log, after: nil, limit: 10, byteLimit: .max)
        try requireEqual(page.entries, [], "the log that is told")
        disk.release()
        let receipt = try await task.value
        try require(page.watermark < receipt.version, "the watermark does not pass a commit that is under way")
        try requireEqual(try await store.value([2]), [2], "the value")
    }

    /// Runs `body` while `[1]` is `[1]` but not durable, and requires it to end after the disk was let go.
    private static func requireWaiting(
        _ subject: StoreUnderTest, _ body: @escaping @Sendable (any OrderedStore) async throws -> Void
    ) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        disk.hold()
        let task = try await Self.accept(store, [1], [1], Batch(writes: [.set([1], [1])]))
        let releases = disk.releaseCount
        // Awaited below.
        let answer = Task {
            try await body(store)
            return disk.releaseCount
        }
        for _ in 0..<2000 { await Task.yield() }
        disk.release()
        try require(try await answer.value > releases, "the answer did not wait")
        _ = try await task.value
    }

    private static func failureWaits(_ subject: StoreUnderTest) async throws {
        try await Self.requireWaiting(subject) { store in
            try await requireThrows(.checkFailed(index: 1)) {
                try await store.commit(Batch(checks: [.absent([2]), .absent([1])], writes: [.set([3], [3])]))
            }
        }
    }

    private static func checksWait(_ subject: StoreUnderTest) async throws {
        try await Self.requireWaiting(subject) { store in
            let read = try await store.get([[1]], .forDecision)
            try await store.commit(Batch(checks: [.unchanged([1], since: read[0]?.version)], readAsOf: read.asOf))
        }
    }

    private static func noNeedToWait(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        let first = try await store.put([9], [9])
        disk.hold()
        let task = try await Self.accept(store, [1], [1], Batch(writes: [.set([1], [1])]))
        // Would hang, were it to wait for the disk. (Two keys share a stripe once in 4,096 runs: then it may wait.)
        try await store.commit(Batch(checks: [.unchanged([9], since: first.version)]))
        try await requireThrows(.checkFailed(index: 0)) { try await store.commit(Batch(checks: [.absent([9])])) }
        try requireEqual(try await store.get([[9]], .forDecision).undurable, nil, "what is not durable of [9]")
        disk.release()
        _ = try await task.value
    }

    private static func failedGroup(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        try await store.put([1], [0])
        disk.hold()
        var tasks: [Task<CommitReceipt, any Error>] = []
        for round in 1...5 as ClosedRange<UInt8> {
            let read = try await store.get([[1]], .forDecision)
            tasks.append(
                try await Self.accept(
                    store, [1], [round],
                    Batch(
                        checks: [.unchanged([1], since: read[0]?.version)], writes: [.set([1], [round])],
                        readAsOf: read.asOf
                    )))
        }
        disk.fill()
        disk.release()
        for task in tasks {
            guard case .failure(let error) = await task.result else {
                throw ConformanceFailure("a commit of a failed group returned", #line, #fileID)
            }
            switch error as? StorageError {
            case .unknownOutcome, .unavailable: continue
            default: throw ConformanceFailure("a commit of a failed group threw \(error)", #line, #fileID)
            }
        }
        let read = try await store.get([[1]], .forDecision)
        try requireEqual(read[0]?.value, [0], "the value after the failure")
        disk.makeRoom()
        try await eventually("the store takes writes again") { store.health == .takingWrites }
        let receipt = try await store.commit(
            Batch(
                checks: [.unchanged([1], since: read[0]?.version)], writes: [.set([1], [9])]
            ))
        try requireEqual(try await store.get([[1]], .forAnswer)[0]?.version, receipt.version, "the version")
    }

    private static func voidReads(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        try await store.put([1], [0])
        disk.hold()
        let task = try await Self.accept(store, [1], [1], Batch(writes: [.set([1], [1])]))
        let read = try await store.get([[1]], .forDecision)
        disk.fill()
        disk.release()
        _ = await task.result
        disk.makeRoom()
        try await eventually("the store takes writes again") { store.health == .takingWrites }
        try await requireThrows(.checkFailed(index: 0)) {
            try await store.commit(
                Batch(
                    checks: [.unchanged([1], since: read[0]?.version)], writes: [.set([1], [2])], readAsOf: read.asOf
                ))
        }
        let again = try await store.put([1], [3])
        try require(read.values.allSatisfy { ($0?.version ?? .zero) < again.version }, "the failed version came again")
    }

    private static func touches(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        let asOf = try await store.get([[1]], .forAnswer).asOf
        disk.hold()
        let task = try await Self.accept(store, [1], [1], Batch(writes: [.set([1], [1])]))
        try require(!store.isUntouched([1], since: asOf), "the key is touched before the disk has the commit")
        disk.release()
        _ = try await task.value
    }

    private static func tokens(_ subject: StoreUnderTest) async throws {
        guard let disk = subject.disk else { return }
        let store = subject.store
        let batch = Batch(
            checks: [.absent([1])], writes: [.set([1], [1])], token: IdempotencyToken(id: [7], fingerprint: [7])
        )
        disk.hold()
        let first = try await Self.accept(store, [1], [1], batch)
        let releases = disk.releaseCount
        // Awaited below.
        let second = Task {
            let receipt = try await store.commit(batch)
            return (receipt, disk.releaseCount)
        }
        for _ in 0..<2000 { await Task.yield() }
        disk.release()
        let (receipt, releasesThen) = try await second.value
        try require(releasesThen > releases, "the retry did not wait")
        try require(receipt.isReplay, "the retry is a replay")
        try requireEqual(receipt.version, try await first.value.version, "the version of the retry")
    }
}
