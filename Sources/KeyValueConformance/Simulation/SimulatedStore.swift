package import KeyValue
package import Primitives
internal import Synchronization

/// A store whose commits become durable some time after they were accepted, whose calls take turns by a seed, and which
/// can be made to end at any of them: a store on a disk, with every order of events that such a store allows.
///
/// Use it in tasks of its `SeededExecutor`. After the end each call throws, as nothing returns from a process that was
/// killed; a new store on the same disk is what a restart finds.
package final class SimulatedStore: OrderedStore {
    private struct State {
        /// Accepted and not yet durable.
        var queue: [Pending] = []
        /// What the queue changes; a nil value stands for a key that goes.
        var overlay: [[UInt8]: Recent] = [:]
        /// By key, the last commit that touched it since the start.
        var touched: [[UInt8]: CommitVersion] = [:]
        var startVersion = CommitVersion.zero
        var version: UInt64 = 0
        var durable: UInt64 = 0
        var time = Timestamp(millisecondsSinceEpoch: 0)
        /// Calls until the end; nil while none was ordered.
        var callsLeft: Int?
        var isDown = false
    }

    private struct Pending {
        let batch: Batch
        let receipt: CommitReceipt
    }

    private struct Recent {
        let value: Versioned?
        let version: CommitVersion
    }

    /// The outcome of a commit, to be reported once everything up to a version is durable.
    private struct Admission {
        let outcome: Result<CommitReceipt, StorageError>
        let restingOn: UInt64

        static func told(_ outcome: Result<CommitReceipt, StorageError>, restingOn version: UInt64) -> Admission {
            Admission(outcome: outcome, restingOn: version)
        }
    }

    /// Keys that one step of `discard` removes.
    private static let discardedCountMax = 16

    package let limits = StoreLimits.embedded
    private let disk: SimulatedDisk
    private let clock: any WallClock
    private let executor: SeededExecutor
    private let random: SeededRandomSource
    private let beacon = HealthBeacon(.takingWrites)
    private let state = Mutex(State())

    package init(_ disk: SimulatedDisk, clock: any WallClock, executor: SeededExecutor, seed: UInt64) {
        self.disk = disk
        self.clock = clock
        self.executor = executor
        self.random = SeededRandomSource(seed: seed)
        let version = Self.version(of: disk)
        self.state.withLock { state in
            state.version = version
            state.durable = version
            state.startVersion = CommitVersion(version)
        }
    }

    private static func version(of disk: SimulatedDisk) -> UInt64 {
        do throws(StorageError) {
            return try disk.store.getCached([], .forAnswer)?.asOf.rawValue ?? 0
        } catch {
            preconditionFailure("the disk of a simulation can be read: \(error)")
        }
    }

    // The end

    /// Ends the store at the call after so many.
    package func end(afterCalls count: Int) {
        self.state.withLock { $0.callsLeft = count }
    }

    /// Ends the store now: of what is not durable, some may become so, and the rest is lost.
    package func end() {
        self.state.withLock { self.end(&$0) }
    }

    package var hasEnded: Bool { self.state.withLock { $0.isDown } }

    private func end(_ state: inout State) {
        guard !state.isDown else { return }
        state.isDown = true
        self.flush(&state, count: Int(self.random.next() % UInt64(state.queue.count + 1)))
        for lost in state.queue { self.disk.skipVersion(time: lost.receipt.time) }
        state.queue = []
        self.beacon.set(.closed)
    }

    private static let ended = StorageError.unavailable("the process of the simulation has ended")

    /// A place at which the store may end.
    private func reach() throws(StorageError) {
        let isDown = self.state.withLock { state in
            if let left = state.callsLeft {
                state.callsLeft = left - 1
                if left <= 0 { self.end(&state) }
            }
            return state.isDown
        }
        if isDown { throw Self.ended }
    }

    /// A place at which others may go first, or the store end.
    private func pause() async throws(StorageError) {
        for _ in 0..<(self.random.next() % 3) { await self.executor.turn() }
        try self.reach()
    }

    // Durability

    /// Makes the oldest of the queue durable.
    private func flush(_ state: inout State, count: Int) {
        for pending in state.queue.prefix(count) {
            let receipt = self.disk.write(pending.batch, time: pending.receipt.time)
            precondition(receipt.version == pending.receipt.version, "disk and queue count the same versions")
            state.durable = receipt.version.rawValue
        }
        state.queue.removeFirst(min(count, state.queue.count))
        let durable = CommitVersion(state.durable)
        state.overlay = state.overlay.filter { $0.value.version > durable }
    }

    /// Waits until everything up to a version is durable.
    private func durable(_ version: UInt64) async throws(StorageError) {
        while true {
            try self.reach()
            let isDurable = self.state.withLock { state in
                if state.durable >= version { return true }
                if self.random.next() % 3 == 0 {
                    self.flush(&state, count: 1 + Int(self.random.next() % UInt64(max(1, state.queue.count))))
                }
                return state.durable >= version
            }
            if isDurable { return }
            await self.executor.turn()
        }
    }

    // Reading

    package var health: StoreHealth { self.beacon.health }

    package func healthUpdates() -> AsyncStream<StoreHealth> { self.beacon.updates() }

    package func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.reach()
        return self.random.next() % 2 == 0 ? nil : try self.read(keys, mode)
    }

    package func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.pause()
        let result = try self.read(keys, mode)
        try await self.pause()
        return result
    }

    private func read(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult {
        let result: Result<ReadResult, StorageError> = self.state.withLock { state in
            guard mode == .forDecision else { return Self.durableValues(keys, self.disk) }
            return Self.durableValues(keys, self.disk).map { known in
                let recent = keys.map { state.overlay[$0] }
                let values = zip(recent, known.values).map { recent, known in recent.map(\.value) ?? known }
                return ReadResult(
                    values: values, asOf: CommitVersion(state.version),
                    undurable: recent.compactMap { $0?.version }.max())
            }
        }
        return try result.get()
    }

    private static func durableValues(_ keys: [[UInt8]], _ disk: SimulatedDisk) -> Result<ReadResult, StorageError> {
        Result { () throws(StorageError) in
            guard let result = try disk.store.getCached(keys, .forAnswer) else { throw self.ended }
            return result
        }
    }

    package func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool {
        guard self.random.next() % 4 > 0 else { return false }
        return self.state.withLock { max($0.touched[key] ?? .zero, $0.startVersion) <= version }
    }

    package func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? {
        try self.reach()
        guard self.random.next() % 2 == 0 else { return nil }
        return try self.disk.store.scanCached(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    package func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        try await self.pause()
        let page = try await self.disk.store.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
        try await self.pause()
        return page
    }

    package func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        try await self.pause()
        let page = try await self.disk.store.readLog(log, after: position, limit: limit, byteLimit: byteLimit)
        try await self.pause()
        return page
    }

    // Writing

    @discardableResult
    package func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        try await self.pause()
        _ = try self.limits.checkedBytes(of: batch)
        let now = self.clock.now()
        let admission = self.state.withLock { self.admit(batch, now: now, &$0) }
        try await self.durable(admission.restingOn)
        // It is done now, and its caller may never hear of it.
        try await self.pause()
        return try admission.outcome.get()
    }

    private func admit(_ batch: Batch, now: Timestamp, _ state: inout State) -> Admission {
        if let token = batch.token {
            if let outcome = self.disk.replay(token, now: now) { return .told(outcome, restingOn: 0) }
            if let first = state.queue.first(where: { $0.batch.token?.id == token.id }) {
                let isSame = first.batch.token?.fingerprint == token.fingerprint
                let receipt = CommitReceipt(version: first.receipt.version, time: first.receipt.time, isReplay: true)
                return .told(
                    isSame ? .success(receipt) : .failure(.tokenMismatch), restingOn: first.receipt.version.rawValue)
            }
        }
        for (index, check) in batch.checks.enumerated() where !self.holds(check, state) {
            return .told(.failure(.checkFailed(index: index)), restingOn: state.version)
        }
        state.time = max(state.time, now)
        if batch.isChecksOnly {
            let receipt = CommitReceipt(version: CommitVersion(state.version), time: state.time)
            return .told(.success(receipt), restingOn: state.version)
        }
        state.version += 1
        let receipt = CommitReceipt(version: CommitVersion(state.version), time: state.time)
        for write in batch.writes {
            state.touched[write.key] = receipt.version
            switch write {
            case .set(let key, let value, let stamp):
                let record = Versioned(value: value, version: receipt.version, time: receipt.time, stamp: stamp)
                state.overlay[key] = Recent(value: record, version: receipt.version)
            case .delete(let key):
                state.overlay[key] = Recent(value: nil, version: receipt.version)
            }
        }
        state.queue.append(Pending(batch: batch, receipt: receipt))
        return .told(.success(receipt), restingOn: state.version)
    }

    private func holds(_ check: Check, _ state: State) -> Bool {
        switch check {
        case .unchanged(let key, let since):
            if let recent = state.overlay[key] { return recent.value?.version == since }
            return (try? Self.durableValues([key], self.disk).get())?[0]?.version == since
        case .rangeUnchanged(let range, let since, let count):
            let page = try? self.disk.store.scanCached(range, limit: count + 1, byteLimit: .max, reverse: false)
            guard let page, page.entries.count == count else { return false }
            return page.entries.allSatisfy { $0.record.version <= since }
                && !state.overlay.keys.contains { range.contains($0) }
        }
    }

    package func discard(_ range: KeyRange) async throws(StorageError) {
        try await self.pause()
        let moment = self.state.withLock { CommitVersion($0.version) }
        try await self.durable(moment.rawValue)
        var rest = range
        while !rest.isEmpty {
            let page = try await self.disk.store.scan(
                rest, limit: Self.discardedCountMax, byteLimit: .max, reverse: false)
            // What was written meanwhile stays.
            let doomed = page.entries.filter { $0.record.version <= moment }
            let checks = doomed.map { Check.unchanged($0.key, since: $0.record.version) }
            let batch = Batch(checks: checks, writes: doomed.map { .delete($0.key) })
            do throws(StorageError) {
                if !doomed.isEmpty { try await self.commit(batch) }
            } catch .checkFailed {
                continue
            }
            guard let continuation = page.continuation else { return }
            rest = rest.continued(from: continuation, reverse: false)
        }
    }

    package func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        try await self.pause()
        try await self.disk.store.trimLog(log, through: position)
    }

    package func close() async {
        self.end()
    }
}
