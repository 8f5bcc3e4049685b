internal import KeyValue

/// Commits that run together behave as if they ran one after the other.
enum IsolationRules {
    static let all = [
        ConformanceRule("no update is lost", Self.lostUpdate),
        ConformanceRule("two commits that check each other's key do not both happen (write skew)", Self.writeSkew),
        ConformanceRule("of two commits that check each other's absence one happens", Self.crossedAbsence),
        ConformanceRule("a checked range takes no phantom", Self.phantoms),
        ConformanceRule("a range check sees replaced, deleted and added keys, and only those", Self.rangeChecks),
        ConformanceRule("a get of several keys sees one moment", Self.snapshotGet),
        ConformanceRule("a page sees one moment", Self.snapshotScan),
        ConformanceRule("what a commit returned for is seen by every later read", Self.readYourWrites),
    ]

    private static let taskCount = 8

    /// Decides again until the commit goes through, as a service does.
    static func retrying(_ attempt: @Sendable () async throws -> Void) async throws {
        for _ in 0..<100_000 {
            do {
                return try await attempt()
            } catch StorageError.checkFailed, StorageError.conflict {
                await Task.yield()
            }
        }
        throw StorageError.conflict
    }

    private static func lostUpdate(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let roundCount = 40
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<Self.taskCount {
                group.addTask {
                    for _ in 0..<roundCount {
                        try await Self.retrying {
                            let read = try await store.get([[1]], .forDecision)
                            let sum = Self.number(read[0]?.value) + 1
                            try await store.commit(
                                Batch(
                                    checks: [.unchanged([1], since: read[0]?.version)],
                                    writes: [.set([1], Self.bytes(sum))], readAsOf: task % 2 == 0 ? read.asOf : nil
                                ))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try requireEqual(Self.number(try await store.value([1])), Self.taskCount * roundCount, "the sum")
    }

    private static func writeSkew(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        for round in 0..<30 as Range<UInt8> {
            let keys: [[UInt8]] = [[round, 1], [round, 2]]
            try await store.commit(Batch(writes: keys.map { .set($0, [1]) }))
            // Each may take its own away as long as the other's is still there: one must stay.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for own in 0..<2 {
                    group.addTask {
                        try await Self.retrying {
                            let read = try await store.get(keys, .forDecision)
                            guard read[0]?.value == [1], read[1]?.value == [1] else { return }
                            try await store.commit(
                                Batch(
                                    checks: [
                                        .unchanged(keys[0], since: read[0]?.version),
                                        .unchanged(keys[1], since: read[1]?.version),
                                    ], writes: [.set(keys[own], [0])], readAsOf: round % 2 == 0 ? read.asOf : nil
                                ))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let read = try await store.get(keys, .forAnswer)
            let left = read.values.reduce(0) { $0 + Int($1?.value.first ?? 0) }
            try requireEqual(left, 1, "how many stayed in round \(round)")
        }
    }

    private static func crossedAbsence(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        for round in 0..<30 as Range<UInt8> {
            let keys: [[UInt8]] = [[round, 1], [round, 2]]
            let done = try await withThrowingTaskGroup(of: Int.self) { group in
                for own in 0..<2 {
                    group.addTask {
                        do {
                            try await store.commit(
                                Batch(
                                    checks: [.absent(keys[1 - own])], writes: [.set(keys[own], [1])]
                                ))
                            return 1
                        } catch StorageError.checkFailed {
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            try requireEqual(done, 1, "commits in round \(round)")
            try requireEqual(try await store.keys(in: KeyRange(prefix: [round])).count, 1, "keys in round \(round)")
        }
    }

    private static func phantoms(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        for round in 0..<20 as Range<UInt8> {
            let range = KeyRange(prefix: [round])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<UInt8(Self.taskCount) {
                    group.addTask {
                        try await Self.retrying {
                            let page = try await store.scan(range, limit: 100, byteLimit: .max, reverse: false)
                            guard page.entries.isEmpty else { return }
                            try await store.commit(
                                Batch(
                                    checks: [.rangeUnchanged(range, since: page.asOf, count: 0)],
                                    writes: [.set([round, task], [task])]
                                ))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try requireEqual(try await store.keys(in: range).count, 1, "keys in round \(round)")
        }
    }

    private static func rangeChecks(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        let range = KeyRange(start: [10], end: [20])
        // Old versions, so that an engine's memory of recent commits does not reach back to them.
        for key in 5..<25 as Range<UInt8> { try await store.put([key], [0]) }
        for _ in 0..<2 {
            try await Self.writeElsewhere(store)
            let page = try await store.scan(range, limit: 100, byteLimit: .max, reverse: false)
            let check = Check.rangeUnchanged(range, since: page.asOf, count: page.entries.count)
            try await store.commit(Batch(checks: [check], writes: [.set([9], [1])]))
            try await store.commit(Batch(checks: [check], writes: [.set([20], [1])]))
            try await Self.writeElsewhere(store)
            try await store.commit(Batch(checks: [check], writes: [.set([15], [1])]))
            try await requireThrows(.checkFailed(index: 0)) { try await store.commit(Batch(checks: [check])) }
            for write in [Write.delete([12]), .set([10, 0], [1])] {
                let page = try await store.scan(range, limit: 100, byteLimit: .max, reverse: false)
                let check = Check.rangeUnchanged(range, since: page.asOf, count: page.entries.count)
                try await store.commit(Batch(writes: [write]))
                try await requireThrows(.checkFailed(index: 0)) { try await store.commit(Batch(checks: [check])) }
                try await Self.writeElsewhere(store)
                try await requireThrows(.checkFailed(index: 0)) { try await store.commit(Batch(checks: [check])) }
            }
            try await store.commit(Batch(writes: [.set([12], [1]), .delete([10, 0])]))
        }
    }

    /// More keys and more commits than an engine keeps in mind, all behind the ranges of the rules.
    private static func writeElsewhere(_ store: any OrderedStore) async throws {
        let writes = (0..<9000).map { Write.set([30, UInt8($0 >> 8), UInt8($0 & 255)], []) }
        for _ in 0..<2 { try await store.commit(Batch(writes: writes)) }
    }

    private static func snapshotGet(_ subject: StoreUnderTest) async throws {
        let keys = (0..<10 as Range<UInt8>).map { [$0] }
        try await Self.whileWriting(subject.store, keys) { store in
            for mode in [ReadMode.forAnswer, .forDecision] {
                let read = try await store.get(keys, mode)
                let values = Set(read.values.map { $0?.value })
                try requireEqual(values.count, 1, "different values in one get \(mode)")
            }
        }
    }

    private static func snapshotScan(_ subject: StoreUnderTest) async throws {
        let keys = (0..<10 as Range<UInt8>).map { [$0] }
        try await Self.whileWriting(subject.store, keys) { store in
            let page = try await store.scan(.all, limit: 100, byteLimit: .max, reverse: false)
            try requireEqual(Set(page.entries.map(\.record.value)).count, 1, "different values in one page")
            try requireEqual(page.entries.count, keys.count, "entries")
        }
    }

    /// Runs `read` again and again while all `keys` are set to one number after the other, each time in one commit.
    private static func whileWriting(
        _ store: any OrderedStore, _ keys: [[UInt8]],
        _ read: @escaping @Sendable (any OrderedStore) async throws -> Void
    ) async throws {
        try await store.commit(Batch(writes: keys.map { .set($0, Self.bytes(0)) }))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for round in 0..<100 {
                        let value = Self.bytes(writer * 1000 + round)
                        try await store.commit(Batch(writes: keys.map { .set($0, value) }))
                    }
                }
            }
            for _ in 0..<3 {
                group.addTask { for _ in 0..<200 { try await read(store) } }
            }
            try await group.waitForAll()
        }
    }

    private static func readYourWrites(_ subject: StoreUnderTest) async throws {
        let store = subject.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<UInt8(Self.taskCount) {
                group.addTask {
                    for round in 0..<100 {
                        let receipt = try await store.put([task], Self.bytes(round))
                        let read = try await store.get([[task]], round % 2 == 0 ? .forAnswer : .forDecision)
                        try requireEqual(read[0]?.version, receipt.version, "the version just committed")
                        try require(read.asOf >= receipt.version, "the read is as of the commit or later")
                        try requireEqual(read.undurable, nil, "what is not durable")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    static func bytes(_ number: Int) -> [UInt8] { Array(String(number).utf8) }

    static func number(_ bytes: [UInt8]?) -> Int {
        guard let bytes else { return 0 }
        return Int(String(decoding: bytes, as: UTF8.self)) ?? Int(bytes.first ?? 0)
    }
}
