internal import KeyValue
internal import Primitives
internal import Synchronization

/// Change logs are in commit order and without gaps.
enum ChangeLogRules {
    static let all = [
        ConformanceRule("a log gives back what was appended, in order, each log its own", Self.appends),
        ConformanceRule("log pages cover a log exactly once", Self.pages),
        ConformanceRule("a reader that follows the log misses nothing and sees nothing late", Self.following),
        ConformanceRule("a trimmed log begins behind the cut", Self.trimming),
        ConformanceRule("a commit that failed its checks logs nothing", Self.failed),
    ]

    private static let log = LogID(5)

    private final class Written: Sendable {
        let payloads = Mutex<[CommitVersion: [UInt8]]>([:])
    }

    private static func entries(
        _ store: any OrderedStore, _ log: LogID = Self.log, after position: LogPosition? = nil
    ) async throws -> [LogEntry] {
        try await store.readLog(log, after: position, limit: .max, byteLimit: .max).entries
    }

    private static func appends(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let other = LogID(6)
        let first = try await store.commit(
            Batch(logAppends: [
                LogAppend(log: Self.log, payload: [1]), LogAppend(log: other, payload: [2]),
                LogAppend(log: Self.log, payload: []),
            ]))
        subject.clock.advance(milliseconds: 5)
        let second = try await store.commit(
            Batch(
                writes: [.set([1], [1])], logAppends: [LogAppend(log: Self.log, payload: [3])]
            ))
        let found = try await Self.entries(store)
        try requireEqual(found.map(\.payload), [[1], [], [3]], "the payloads")
        try requireEqual(found.map(\.position.version), [first.version, first.version, second.version], "versions")
        try requireEqual(found.map(\.time), [first.time, first.time, second.time], "times")
        try require(found[0].position < found[1].position, "positions grow within a commit")
        try requireEqual(try await Self.entries(store, other).map(\.payload), [[2]], "the other log")
        try requireEqual(try await Self.entries(store, LogID(4)), [], "a log that nobody wrote")
        try requireEqual(
            try await Self.entries(store, after: .end(of: first.version)).map(\.payload), [[3]], "after a commit"
        )
        try requireEqual(try await store.keys(), [[1]], "the keys: a log is not among them")
    }

    private static func pages(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        for index in 0..<10 as Range<UInt8> {
            let append = LogAppend(log: Self.log, payload: [UInt8](repeating: index, count: 100))
            try await store.commit(Batch(logAppends: [append, append]))
        }
        for (limit, byteLimit) in [(1, Int.max), (3, .max), (7, .max), (20, .max), (21, .max), (100, 250), (100, 1)] {
            var found: [LogEntry] = []
            var hasMore = true
            while hasMore {
                let page = try await store.readLog(
                    Self.log, after: found.last?.position, limit: limit, byteLimit: byteLimit
                )
                try require(page.entries.count <= limit, "a page of \(page.entries.count) by \(limit)")
                found += page.entries
                hasMore = page.hasMore
            }
            try requireEqual(found, try await Self.entries(store), "all pages by \(limit) and \(byteLimit)")
            try requireEqual(found.count, 20, "entries")
        }
    }

    private static func following(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let (writerCount, roundCount) = (8, 50)
        let written = Written()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writerCount {
                group.addTask {
                    for round in 0..<roundCount {
                        let payload = IsolationRules.bytes(writer * 1000 + round)
                        let receipt = try await store.commit(
                            Batch(
                                writes: [.set(payload, [1])], logAppends: [LogAppend(log: Self.log, payload: payload)]
                            ))
                        written.payloads.withLock { $0[receipt.version] = payload }
                    }
                }
            }
            group.addTask {
                var last: LogPosition?
                var watermark = CommitVersion.zero
                var count = 0
                while count < writerCount * roundCount {
                    let page = try await store.readLog(Self.log, after: last, limit: 7, byteLimit: .max)
                    for entry in page.entries {
                        try require(last.map { $0 < entry.position } ?? true, "positions grow")
                        try require(entry.position.version > watermark, "an entry came late, below the watermark")
                        last = entry.position
                    }
                    count += page.entries.count
                    if !page.hasMore { watermark = page.watermark }
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        let found = try await Self.entries(store)
        try requireEqual(
            Dictionary(found.map { ($0.position.version, $0.payload) }, uniquingKeysWith: { first, _ in first }),
            written.payloads.withLock { $0 }, "what was logged"
        )
    }

    private static func trimming(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        var receipts: [CommitReceipt] = []
        for index in 0..<6 as Range<UInt8> {
            let append = LogAppend(log: Self.log, payload: [index])
            receipts.append(try await store.commit(Batch(logAppends: [append, append])))
        }
        let keptLog = LogID(6)
        try await store.commit(Batch(logAppends: [LogAppend(log: keptLog, payload: [9])]))
        for _ in 0..<2 {
            try await store.trimLog(Self.log, through: LogPosition(version: receipts[1].version, index: 0))
            try requireEqual(
                try await Self.entries(store).map(\.payload), [[1], [2], [2], [3], [3], [4], [4], [5], [5]], "the rest"
            )
        }
        try await store.trimLog(Self.log, through: .end(of: receipts[3].version))
        try requireEqual(try await Self.entries(store).map(\.payload), [[4], [4], [5], [5]], "the rest")
        try await store.trimLog(Self.log, through: .end(of: CommitVersion(.max)))
        try requireEqual(try await Self.entries(store), [], "the rest")
        let later = try await store.commit(Batch(logAppends: [LogAppend(log: Self.log, payload: [7])]))
        try requireEqual(try await Self.entries(store).map(\.position.version), [later.version], "what came later")
        try requireEqual(try await Self.entries(store, keptLog).map(\.payload), [[9]], "the other log")
    }

    private static func failed(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        try await store.put([1], [1])
        try await requireThrows(.checkFailed(index: 0)) {
            try await store.commit(
                Batch(
                    checks: [.absent([1])], logAppends: [LogAppend(log: Self.log, payload: [1])]
                ))
        }
        try requireEqual(try await Self.entries(store), [], "the log")
    }
}
