internal import Primitives

extension MemoryStore.State {
    /// Applies a batch: token, checks, writes and log, in that order.
    mutating func commit(_ batch: Batch, now: Timestamp, health: StoreHealth) -> Result<CommitReceipt, StorageError> {
        if let token = batch.token, let remembered = self.tokens[token.id], now < remembered.expires {
            guard remembered.fingerprint == token.fingerprint else { return .failure(.tokenMismatch) }
            let first = remembered.receipt
            return .success(CommitReceipt(version: first.version, time: first.time, isReplay: true))
        }
        for (index, check) in batch.checks.enumerated() where !self.holds(check) {
            return .failure(.checkFailed(index: index))
        }
        if batch.isChecksOnly {
            return .success(CommitReceipt(version: CommitVersion(self.version), time: max(self.time, now)))
        }
        if case .readOnly(let reason) = health { return .failure(.unavailable(reason)) }
        self.version += 1
        self.time = max(self.time, now)
        let receipt = CommitReceipt(version: CommitVersion(self.version), time: self.time)
        self.apply(batch, receipt)
        if let token = batch.token { self.remember(token, receipt, now: now) }
        return .success(receipt)
    }

    private func holds(_ check: Check) -> Bool {
        switch check {
        case .unchanged(let key, let since):
            return self.entries[key]?.version == since
        case .rangeUnchanged(let range, let since, let count):
            var seenCount = 0
            var isUnchanged = true
            self.entries.forEach(in: range, reverse: false) { entry in
                seenCount += 1
                isUnchanged = entry.record.version <= since && seenCount <= count
                return isUnchanged
            }
            return isUnchanged && seenCount == count
        }
    }

    private mutating func apply(_ batch: Batch, _ receipt: CommitReceipt) {
        for write in batch.writes {
            switch write {
            case .set(let key, let value, let stamp):
                let record = Versioned(value: value, version: receipt.version, time: receipt.time, stamp: stamp)
                self.entries.set(key, record)
            case .delete(let key):
                self.entries.remove(key)
            }
        }
        for (index, append) in batch.logAppends.enumerated() {
            let position = LogPosition(version: receipt.version, index: UInt32(index))
            let entry = LogEntry(position: position, time: receipt.time, payload: append.payload)
            self.logs[append.log, default: []].append(entry)
        }
    }

    private mutating func remember(_ token: IdempotencyToken, _ receipt: CommitReceipt, now: Timestamp) {
        if self.tokens.count >= self.tokenSweepCount {
            self.tokens = self.tokens.filter { now < $0.value.expires }
            self.tokenSweepCount = max(MemoryStore.tokenSweepCountMin, 2 * self.tokens.count)
        }
        let expires = Timestamp(millisecondsSinceEpoch: now.millisecondsSinceEpoch + token.rememberedMilliseconds)
        self.tokens[token.id] = MemoryStore.RememberedToken(
            fingerprint: token.fingerprint, expires: expires, receipt: receipt
        )
    }
}
