internal import KeyValue
internal import Primitives
internal import Synchronization

/// The state of the committer's thread between groups.
private struct CommitterState {
    let writer = GroupWriter()
    /// A write of the engine failed; it accepts no more until it is reopened.
    var mustReopen = false
    /// Attempts to reopen it that have failed one after another, and the checks until the next attempt: each takes
    /// the engine from the readers, and leaves a file of RocksDB's own log.
    var failedReopens = 0
    var checksToReopen = 0
    /// Groups until the next log mark.
    var groupsToMark = 1
    var nextSweep = Timestamp(millisecondsSinceEpoch: 0)
}

extension RocksDBStore {
    private static let tokenSweepMilliseconds: Int64 = 10_000
    private static let tokenSweepCountMax = 256
    /// With `spaceCheckMilliseconds`, reopening is attempted about once a minute in the end.
    private static let failedReopensMax = 6

    /// The body of the committer's thread: joins waiting commits into groups until the store is closed.
    ///
    /// - Parameter mustReopen: whether the engine was opened for reads only.
    func runCommitter(mustReopen: Bool) {
        var state = CommitterState()
        state.mustReopen = mustReopen
        while true {
            switch self.admission.withLock({ $0.next() }) {
            case .write(let group):
                self.write(group, &state)
            case .wait:
                let isRefusing = !self.beacon.health.isTakingWrites
                self.wakeup.wait(milliseconds: isRefusing ? self.options.spaceCheckMilliseconds : nil)
                if isRefusing { self.takeWritesAgain(&state) }
            case .stop:
                self.finishClosing()
                return
            }
        }
    }

    private func write(_ group: [QueuedItem], _ state: inout CommitterState) {
        if let obstacle = self.obstacle(hysteresis: 0) {
            let reason = obstacle.reason
            return self.fail(group, with: .unavailable(reason), reason: reason, isResumable: obstacle.mayPass)
        }
        guard let engine = self.engine else { preconditionFailure("writes are refused while there is no engine") }
        do throws(EngineFailure) {
            try self.put(group, engine, &state)
        } catch {
            state.mustReopen = true
            var isResumable = false
            if case .noSpace = error { isResumable = true }
            return self.fail(group, with: .unknownOutcome, reason: Self.reason(error), isResumable: isResumable)
        }
        CrashPoint.reach("store.group.afterWrite")
        let barriers = self.admission.withLock { admission in
            defer { self.publish(admission) }
            return admission.groupIsDurable(group)
        }
        for item in group {
            if case .commit(let commit, _) = item.work { self.recordCache.update(commit, item.receipt) }
        }
        self.options.groupObserver?.groupResumes()
        for item in group { item.waiter.resume(item.outcome) }
        for item in barriers { item.waiter.resume(item.outcome) }
        self.options.groupObserver?.groupResumed(commitCount: group.count + barriers.count)
    }

    /// Makes the group durable.
    private func put(
        _ group: [QueuedItem], _ engine: Engine, _ state: inout CommitterState
    ) throws(EngineFailure) {
        var lastReceipt: CommitReceipt?
        state.writer.clear()
        try self.sweepTokens(engine, &state)
        for item in group {
            if case .barrier = item.work { continue }
            lastReceipt = item.receipt
            Self.add(item, to: state.writer, on: engine)
        }
        if let sentence = self.options.gate?.beforeWrite(commitCount: group.count) {
            throw EngineFailure(sentence: sentence)
        }
        guard let lastReceipt else { return }
        state.writer.put(
            .meta, StoreLayout.lastCommitKey,
            StoreLayout.lastCommitValue(version: lastReceipt.version.rawValue, time: lastReceipt.time), on: engine
        )
        CrashPoint.reach("store.group.beforeWrite")
        try engine.write(state.writer, isSynced: self.options.durability == .durable)
        self.markLog(&state)
        if let sentence = self.options.gate?.afterWrite(commitCount: group.count) {
            throw EngineFailure(sentence: sentence)
        }
    }

    private func markLog(_ state: inout CommitterState) {
        guard self.options.durability == .durable else { return }
        state.groupsToMark -= 1
        guard state.groupsToMark <= 0 else { return }
        LogMark.note(in: self.directory)
        state.groupsToMark = LogMark.groupCountBetween
    }

    private static func add(_ item: QueuedItem, to writer: GroupWriter, on engine: Engine) {
        switch item.work {
        case .barrier:
            break
        case .trim(let keys):
            for key in keys { writer.delete(.log, key, on: engine) }
        case .commit(let commit, let remembered):
            for write in commit.batch.writes {
                switch write {
                case .set(let key, let value, let stamp):
                    writer.set(key, value, version: item.version, time: item.receipt.time, stamp: stamp, on: engine)
                case .delete(let key):
                    writer.delete(.items, key, on: engine)
                }
            }
            for (index, append) in commit.batch.logAppends.enumerated() {
                let position = LogPosition(version: item.receipt.version, index: UInt32(index))
                let value = StoreLayout.logValue(time: item.receipt.time, payload: append.payload)
                writer.put(.log, StoreLayout.logKey(append.log, position), value, on: engine)
            }
            if let token = commit.batch.token, let remembered {
                writer.put(.tokens, StoreLayout.tokenKey(token.id), remembered.stored, on: engine)
                writer.put(.tokens, StoreLayout.tokenExpiryKey(remembered.expires, token.id), [], on: engine)
            }
        }
    }

    /// From time to time, adds the removal of some expired tokens to the group.
    private func sweepTokens(_ engine: Engine, _ state: inout CommitterState) throws(EngineFailure) {
        let now = self.options.clock.now()
        // A clock that was set back would else put the sweep off until it has caught up.
        let latest = now.advanced(byMilliseconds: Self.tokenSweepMilliseconds)
        guard now >= state.nextSweep || state.nextSweep > latest else { return }
        var expired: [[UInt8]] = []
        try unsafe engine.forEach(
            .tokens, from: [1], to: StoreLayout.tokenExpiryStart(now), tier: .disk
        ) { key, _ throws(EngineFailure) in
            unsafe expired.append(Array(key))
            return expired.count < Self.tokenSweepCountMax
        }
        for expiryKey in expired {
            state.writer.delete(.tokens, expiryKey, on: engine)
            let tokenKey = StoreLayout.tokenKey(Array(expiryKey.dropFirst(9)))
            // The token may have been used again since; its record then expires later.
            guard let stored = try engine.bytes(.tokens, tokenKey, Engine.View(tier: .disk)),
                try RememberedToken(stored: stored).expires <= now
            else { continue }
            state.writer.delete(.tokens, tokenKey, on: engine)
        }
        guard expired.count < Self.tokenSweepCountMax else { return }
        state.nextSweep = latest
    }

    /// Stops accepting writes; the group and everything that waits behind it fail.
    private func fail(_ group: [QueuedItem], with error: StorageError, reason: String, isResumable: Bool) {
        let refusal = StorageError.unavailable(reason)
        let waiting = self.admission.withLock { admission in
            defer { self.publish(admission) }
            return admission.groupFailed(refusingWith: refusal, isResumable: isResumable)
        }
        self.beacon.set(.readOnly(reason: reason))
        for item in group {
            if case .barrier = item.work {
                item.waiter.resume(.failed(refusal))
            } else {
                item.waiter.resume(.failed(error))
            }
        }
        for item in waiting { item.waiter.resume(.failed(refusal)) }
    }

    /// Checks whether the reason for refusing writes has passed.
    private func takeWritesAgain(_ state: inout CommitterState) {
        guard self.admission.withLock({ $0.isResumable && !$0.isClosed }) else { return }
        guard self.obstacle(hysteresis: self.options.freeBytesHysteresis) == nil else { return }
        if state.mustReopen { guard self.reopen(&state) else { return } }
        self.admission.withLock { admission in
            guard admission.takeWrites() else { return }
            self.publish(admission)
            // Under the lock: who refuses writes after it also says so after this.
            self.beacon.set(.takingWrites)
        }
    }

    /// - Returns: whether the engine takes writes again.
    private func reopen(_ state: inout CommitterState) -> Bool {
        guard state.checksToReopen == 0 else {
            state.checksToReopen -= 1
            return false
        }
        self.dropEngine()
        self.admission.withLock { admission in
            admission.engineWasClosed()
            self.publish(admission)
        }
        CrashPoint.reach("store.reopen")
        let path = self.directory.enginePath
        do throws(EngineFailure) {
            self.install(try Engine.open(path: path, options: self.options))
        } catch {
            // A quota or a limit of file sizes does not show in the free space. Opening for reads writes nothing, so
            // what keeps writes away need not keep reads away too.
            self.install(try? Engine.open(path: path, options: self.options, isReadOnly: true))
            state.failedReopens = min(state.failedReopens + 1, Self.failedReopensMax)
            state.checksToReopen = 1 << state.failedReopens
            self.beacon.set(.readOnly(reason: "the store cannot be opened again: \(error.sentence)"))
            return false
        }
        state.failedReopens = 0
        state.mustReopen = false
        return true
    }

    /// - Returns: the reason not to write, and whether it can pass without a restart; nil when there is none.
    private func obstacle(hysteresis: UInt64) -> (reason: String, mayPass: Bool)? {
        let neededBytes = self.options.freeBytesReserve + hysteresis
        // The files are still open, so writes would succeed, and be lost when this process ends.
        guard self.directory.isInPlace else { return (reason: self.directory.goneSentence, mayPass: false) }
        let path = self.directory.path
        guard let freeBytes = self.options.freeSpace.freeBytes(at: path), freeBytes < neededBytes else { return nil }
        return (reason: Self.shortage(path, freeBytes: freeBytes, neededBytes: neededBytes), mayPass: true)
    }

    private static func reason(_ failure: EngineFailure) -> String {
        switch failure {
        case .noSpace(let sentence):
            Self.fullDisk(sentence)
        case .sync(let sentence):
            "the disk failed to make a write durable (\(sentence)): check the disk, then restart"
        case .corrupt(let sentence):
            "damaged data was found (\(sentence)): restore the store from a backup"
        case .incomplete, .locked, .other:
            "the log cannot be written (\(failure.sentence)): remove the cause, then restart"
        }
    }
}
