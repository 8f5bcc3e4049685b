package import KeyValue
internal import Primitives
internal import Synchronization

extension RocksDBStore {
    @discardableResult
    package func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        let prepared = PreparedCommit(batch, bytes: try self.limits.checkedBytes(of: batch))
        var observed = Observations()
        for _ in 0..<Self.admissionRoundsMax {
            let observedSoFar = observed
            let outcome = await self.enqueue { state, now, waiter in
                state.admit(prepared, observedSoFar, now: now, waiter: waiter)
            }
            switch outcome {
            case .done(let receipt): return receipt
            case .failed(let error): throw error
            case .needsReads(let needs): observed = try await self.observe(needs, prepared, observed)
            }
        }
        throw .conflict
    }

    /// Submits to the admission under its lock, and waits for the outcome.
    func enqueue(
        _ ask: (inout Admission, Timestamp, Waiter<CommitOutcome>) -> CommitOutcome?
    ) async -> CommitOutcome {
        let now = self.options.clock.now()
        return await Waiter.wait { waiter in
            let round = self.options.rounds?.current()
            let (outcome, announcement) = self.admission.withLock { state in
                let outcome = ask(&state, now, waiter)
                guard outcome == nil else { return (outcome, GroupStart.Announcement()) }
                self.publish(state)
                return (nil, state.queued(in: round))
            }
            if let outcome { waiter.resume(outcome) }
            if announcement.mustWake { self.wakeup.signal() }
            if announcement.opensRound, let round {
                self.options.rounds?.afterCurrent {
                    if self.admission.withLock({ $0.roundIsOver(round) }) { self.wakeup.signal() }
                }
            }
        }
    }

    /// Does the reads that checks need, from memory if possible.
    private func observe(
        _ needs: [ReadNeed], _ commit: PreparedCommit, _ observed: Observations
    ) async throws(StorageError) -> Observations {
        let inMemory = try self.fromMemory { engine throws(EngineFailure) in
            try self.observations(needs, commit, observed, engine, tier: .memory)
        }
        if let inMemory { return inMemory }
        return try await self.fromDisk { engine throws(EngineFailure) in
            try self.observations(needs, commit, observed, engine, tier: .disk)
        }
    }

    private func observations(
        _ needs: [ReadNeed], _ commit: PreparedCommit, _ observedSoFar: Observations, _ engine: Engine,
        tier: Engine.ReadTier
    ) throws(EngineFailure) -> Observations {
        let view = Engine.View(tier: tier)
        var observed = observedSoFar
        for need in needs {
            switch need.subject {
            case .token:
                guard let key = commit.tokenKey else { continue }
                let stored = try engine.bytes(.tokens, key.bytes, view)
                let remembered = try stored.map { bytes throws(EngineFailure) in try RememberedToken(stored: bytes) }
                observed.token = .init(value: remembered, stripeVersion: need.stripeVersion)
            case .check(let index):
                switch commit.batch.checks[index] {
                case .unchanged(let key, _):
                    let version = try engine.version(key, view)
                    observed.versions[index] = .init(value: version, stripeVersion: need.stripeVersion)
                case .rangeUnchanged(let range, let since, let count):
                    let asOf = self.settledVersion.load(ordering: .acquiring)
                    if try Self.holds(range, since, count, engine, tier: tier) {
                        observed.rangesHoldAsOf[index] = asOf
                    } else {
                        observed.rangesFailed.insert(index)
                    }
                }
            }
        }
        return observed
    }

    /// The range has as many entries as expected and none newer than `since`: so nothing was set, deleted or replaced.
    private static func holds(
        _ range: KeyRange, _ since: CommitVersion, _ count: Int, _ engine: Engine, tier: Engine.ReadTier
    ) throws(EngineFailure) -> Bool {
        guard !range.isEmpty else { return count == 0 }
        var seenCount = 0
        var isUnchanged = true
        try unsafe engine.forEach(
            .items, from: range.start, to: range.end, tier: tier
        ) { _, value throws(EngineFailure) in
            guard value.count >= RecordCodec.headerBytes else {
                throw .corrupt("a record is shorter than its header")
            }
            seenCount += 1
            isUnchanged = unsafe RecordCodec.version(value) <= since.rawValue && seenCount <= count
            return isUnchanged
        }
        return isUnchanged && seenCount == count
    }
}
