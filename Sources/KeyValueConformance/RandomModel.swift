internal import KeyValue
internal import Primitives

/// Runs one random sequence of operations against several stores and against a sorted array, and compares every answer.
///
/// Versions differ between stores, so the array remembers the number of the commit, and each store's receipts say
/// which version that is.
package struct RandomModel {
    private struct Record {
        var value: [UInt8]
        /// 1-based; 0 stands for "never".
        var commit: Int
    }

    private var stores: [StoreUnderTest]
    private let random: SeededRandomSource
    /// In the order of keys.
    private var entries: [(key: [UInt8], record: Record)] = []
    private var log: [(commit: Int, index: UInt32, payload: [UInt8])] = []
    /// For each store the version of each commit.
    private var versions: [[CommitVersion]]
    private var commitCount = 0
    private var tokens: [UInt8: (commit: Int, batch: PlannedBatch)] = [:]

    private static let logID = LogID(3)

    /// What a batch says before it is put in a store's versions.
    private struct PlannedBatch {
        var checks: [(key: [UInt8], commit: Int)] = []
        var writes: [Write] = []
        var payloads: [[UInt8]] = []
    }

    package init(stores: [StoreUnderTest], seed: UInt64) {
        self.stores = stores
        self.random = SeededRandomSource(seed: seed)
        self.versions = Array(repeating: [.zero], count: stores.count)
    }

    /// - Throws: `ConformanceFailure` at the first difference.
    package mutating func run(operationCount: Int) async throws {
        for operation in 0..<operationCount {
            switch self.below(100) {
            case ..<40: try await self.commit()
            case ..<58: try await self.read()
            case ..<76: try await self.scan()
            case ..<82: try await self.rangeCheck()
            case ..<88: try await self.readLog()
            case ..<90: try await self.trim()
            case ..<92: try await self.discard()
            case ..<97: try await self.retry()
            default:
                if operation % 10 == 0 { try await self.reopen() }
            }
        }
    }

    private func below(_ bound: Int) -> Int {
        Int(self.random.next() % UInt64(bound))
    }

    /// Few enough that keys meet again, odd enough to be prefixes and neighbours of each other.
    private func key() -> [UInt8] {
        let alphabet: [UInt8] = [0, 1, 97, 254, 255]
        return (0..<1 + self.below(3)).map { _ in alphabet[self.below(alphabet.count)] }
    }

    private func range() -> KeyRange {
        switch self.below(4) {
        case 0: KeyRange.all
        case 1: KeyRange(prefix: self.key())
        case 2: KeyRange(start: self.key(), end: nil)
        default: KeyRange(start: self.key(), end: self.key())
        }
    }

    private func bytes() -> [UInt8] {
        self.random.bytes(self.below(8) == 0 ? 5000 : self.below(40))
    }
}

extension RandomModel {
    private func record(_ key: [UInt8]) -> Record? {
        self.entries.first { $0.key == key }?.record
    }

    private mutating func apply(_ batch: PlannedBatch) {
        self.commitCount += 1
        for write in batch.writes {
            self.entries.removeAll { $0.key == write.key }
            guard case .set(let key, let value, _) = write else { continue }
            let index = self.entries.firstIndex { key.lexicographicallyPrecedes($0.key) } ?? self.entries.count
            self.entries.insert((key, Record(value: value, commit: self.commitCount)), at: index)
        }
        for (index, payload) in batch.payloads.enumerated() {
            self.log.append((self.commitCount, UInt32(index), payload))
        }
    }

    private func plan() -> PlannedBatch {
        var batch = PlannedBatch()
        for _ in 0..<self.below(3) {
            let key = self.key()
            let present = self.record(key)?.commit ?? 0
            // Mostly true, sometimes an old version, sometimes absence.
            let wrong = self.below(2) == 0 ? 0 : self.below(self.commitCount + 1)
            batch.checks.append((key, self.below(8) == 0 ? wrong : present))
        }
        for _ in 0..<self.below(5) {
            let key = self.key()
            batch.writes.append(self.below(4) == 0 ? .delete(key) : .set(key, self.bytes()))
        }
        for _ in 0..<self.below(2) { batch.payloads.append(self.bytes()) }
        return batch
    }

    private func batch(_ planned: PlannedBatch, store: Int, token: IdempotencyToken? = nil) -> Batch {
        Batch(
            checks: planned.checks.map { key, commit in
                .unchanged(key, since: commit == 0 ? nil : self.versions[store][commit])
            },
            writes: planned.writes, logAppends: planned.payloads.map { LogAppend(log: Self.logID, payload: $0) },
            token: token
        )
    }

    private mutating func commit() async throws {
        let planned = self.plan()
        let failing = planned.checks.firstIndex { key, commit in (self.record(key)?.commit ?? 0) != commit }
        let id = UInt8(self.below(256))
        let usesToken = self.tokens[id] == nil && self.below(10) == 0
        let token = usesToken ? IdempotencyToken(id: [id], fingerprint: [id, 1]) : nil
        var receipts: [CommitVersion] = []
        for (index, subject) in self.stores.enumerated() {
            let batch = self.batch(planned, store: index, token: token)
            if let failing {
                try await requireThrows(.checkFailed(index: failing)) { try await subject.store.commit(batch) }
            } else {
                let receipt = try await subject.store.commit(batch)
                try require(!receipt.isReplay, "a new commit is a replay in store \(index)")
                receipts.append(receipt.version)
            }
        }
        guard failing == nil else { return }
        guard !planned.writes.isEmpty || !planned.payloads.isEmpty || usesToken else { return }
        self.apply(planned)
        for index in self.stores.indices { self.versions[index].append(receipts[index]) }
        if usesToken { self.tokens[id] = (self.commitCount, planned) }
    }

    private func retry() async throws {
        let ids = self.tokens.keys.sorted()
        guard !ids.isEmpty else { return }
        let id = ids[self.below(ids.count)]
        guard let (commit, planned) = self.tokens[id] else { return }
        for (index, subject) in self.stores.enumerated() {
            let token = IdempotencyToken(id: [id], fingerprint: [id, 1])
            let receipt = try await subject.store.commit(self.batch(planned, store: index, token: token))
            try require(receipt.isReplay, "a retry is no replay in store \(index)")
            try requireEqual(receipt.version, self.versions[index][commit], "the version of a retry")
        }
    }

    private func read() async throws {
        let keys = (0..<1 + self.below(4)).map { _ in self.key() }
        for (index, subject) in self.stores.enumerated() {
            let read = try await subject.store.get(keys, self.below(2) == 0 ? .forAnswer : .forDecision)
            for (position, key) in keys.enumerated() {
                try self.requireSame(read[position], self.record(key), key, store: index)
            }
        }
    }

    private func requireSame(_ found: Versioned?, _ expected: Record?, _ key: [UInt8], store: Int) throws {
        try require(found?.value == expected?.value, "the value of \(key) in store \(store)")
        let version = expected.map { self.versions[store][$0.commit] }
        try requireEqual(found?.version, version, "the version of \(key) in store \(store)")
    }

    private func scan() async throws {
        let range = self.range()
        let reverse = self.below(2) == 0
        let limit = 1 + self.below(12)
        let byteLimit = self.below(2) == 0 ? Int.max : 1 + self.below(6000)
        var expected = self.entries.filter { range.contains($0.key) }
        if reverse { expected.reverse() }
        var bytes = 0
        let count = expected.prefix(limit).prefix { entry in
            defer { bytes += entry.key.count + entry.record.value.count }
            return bytes < byteLimit
        }.count
        for (index, subject) in self.stores.enumerated() {
            let page = try await subject.store.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
            try requireEqual(page.entries.map(\.key), expected[..<count].map(\.key), "the keys of \(range) in \(index)")
            for (entry, model) in zip(page.entries, expected) {
                try self.requireSame(entry.record, model.record, entry.key, store: index)
            }
            let rest = page.continuation.map { range.continued(from: $0, reverse: reverse) }
            let left = self.entries.filter { rest?.contains($0.key) ?? false }.map(\.key)
            try requireEqual(reverse ? left.reversed() : left, expected[count...].map(\.key), "the rest of \(range)")
        }
    }

    private mutating func rangeCheck() async throws {
        let range = self.range()
        let key = self.key()
        let intruder = self.below(2) == 0 ? nil : self.key()
        let fails = intruder.map(range.contains) ?? false
        var receipts: [[CommitVersion]] = []
        for subject in self.stores {
            let page = try await subject.store.scan(range, limit: .max, byteLimit: .max, reverse: false)
            var own: [CommitVersion] = []
            if let intruder { own.append(try await subject.store.put(intruder, [7]).version) }
            let batch = Batch(
                checks: [.rangeUnchanged(range, since: page.asOf, count: page.entries.count)], writes: [.set(key, [8])]
            )
            if fails {
                try await requireThrows(.checkFailed(index: 0)) { try await subject.store.commit(batch) }
            } else {
                own.append(try await subject.store.commit(batch).version)
            }
            receipts.append(own)
        }
        if let intruder { self.apply(PlannedBatch(writes: [.set(intruder, [7])])) }
        if !fails { self.apply(PlannedBatch(writes: [.set(key, [8])])) }
        for index in self.stores.indices { self.versions[index] += receipts[index] }
    }

    private func readLog() async throws {
        let after = self.below(self.commitCount + 1)
        let limit = 1 + self.below(10)
        let expected = self.log.filter { $0.commit > after }
        for (index, subject) in self.stores.enumerated() {
            let position = after == 0 ? nil : LogPosition.end(of: self.versions[index][after])
            let page = try await subject.store.readLog(Self.logID, after: position, limit: limit, byteLimit: .max)
            try requireEqual(page.entries.map(\.payload), expected.prefix(limit).map(\.payload), "the log of \(index)")
            let versions = expected.prefix(limit).map { self.versions[index][$0.commit] }
            try requireEqual(page.entries.map(\.position.version), versions, "the versions of the log of \(index)")
            try requireEqual(page.entries.map(\.position.index), expected.prefix(limit).map(\.index), "the indexes")
            try requireEqual(page.hasMore, expected.count > limit, "whether more follows")
        }
    }

    private mutating func trim() async throws {
        guard self.commitCount > 0 else { return }
        let commit = 1 + self.below(self.commitCount)
        for (index, subject) in self.stores.enumerated() {
            try await subject.store.trimLog(Self.logID, through: .end(of: self.versions[index][commit]))
        }
        self.log.removeAll { $0.commit <= commit }
    }

    private mutating func discard() async throws {
        let range = KeyRange(prefix: self.key())
        for subject in self.stores { try await subject.store.discard(range) }
        self.entries.removeAll { range.contains($0.key) }
    }

    private mutating func reopen() async throws {
        for (index, subject) in self.stores.enumerated() {
            guard let reopen = subject.reopen else { continue }
            self.stores[index] = StoreUnderTest(
                store: try await reopen(), clock: subject.clock, disk: subject.disk, reopen: reopen
            )
        }
    }
}
