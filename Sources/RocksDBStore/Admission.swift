internal import KeyValue
internal import Primitives

/// The order of commits, as a value: decides whether a batch may be committed, assigns its version and queues it. It
/// does no I/O; the store holds it behind one lock, whose holders never wait.
///
/// Stripes: 4,096 slots by key hash, each with the version of the last commit that touched one of its keys. A check
/// whose stripe has not changed since the caller's read holds without another look. There is one lock over all stripes
/// rather than one for each: the work under it takes less time than acquiring several locks, and order, versions and
/// range checks need one order over all stripes anyway. As many slots by `KeyLead` do the same for ranges.
struct Admission {
    static let stripeCount = 4096

    /// The version of the newest accepted commit.
    private(set) var lastVersion: UInt64
    /// Every commit up to here is durable, or has failed and was reported as failed.
    private(set) var settledVersion: UInt64
    private var lastTime: Timestamp
    private var stripes: [UInt64]
    private var leadStripes: [UInt64]
    /// A lower bound for the version of every stripe; raised when something happened that the stripes do not show.
    private var floor: UInt64
    private(set) var overlay = Overlay()
    private var recent: RecentWrites
    private var queue = CommitQueue()
    /// The last version of the group that is being written.
    private var writingVersion: UInt64 = 0
    /// Waiters that write nothing and wait for the group that is being written.
    private var writingBarriers: [QueuedItem] = []
    /// Why writes are refused; nil while they are accepted.
    private(set) var refusal: StorageError?
    /// Whether writes may be accepted again without a restart.
    private(set) var isResumable = true
    private(set) var isClosed = false
    private var groupStart = GroupStart()

    init(recoveredVersion version: UInt64, time: Timestamp) {
        self.lastVersion = version
        self.settledVersion = version
        self.lastTime = time
        self.stripes = Array(repeating: 0, count: Self.stripeCount)
        self.leadStripes = Array(repeating: 0, count: KeyLead.stripeCount)
        self.floor = version
        self.recent = RecentWrites(coveredAfter: version)
    }

    /// Whether every accepted commit is settled.
    var isSettled: Bool { self.settledVersion == self.lastVersion }

    /// The version of the last commit that may have touched `key`.
    func stripeVersion(_ key: HashedKey) -> UInt64 {
        max(self.floor, self.stripes[Self.stripe(key)])
    }

    /// The version of the last commit that may have touched a range within `lead`.
    func leadVersion(_ lead: KeyLead) -> UInt64 {
        max(self.floor, self.leadStripes[lead.stripe])
    }

    private static func stripe(_ key: HashedKey) -> Int {
        key.hash & (Self.stripeCount - 1)
    }

    /// Does everything of a commit except the writing.
    ///
    /// - Returns: nil when `waiter` was queued and will be resumed later; else the outcome to report now.
    mutating func admit(
        _ commit: PreparedCommit, _ observed: Observations, now: Timestamp, waiter: Waiter<CommitOutcome>
    ) -> CommitOutcome? {
        guard !self.isClosed else { return .failed(.unavailable(RocksDBStore.closedReason)) }
        var needs: [ReadNeed] = []
        if let outcome = self.tokenOutcome(commit, observed, now: now, needs: &needs) {
            return self.settle(outcome.0, restingOn: outcome.1, waiter)
        }
        var restingOn: UInt64 = 0
        for index in commit.batch.checks.indices {
            switch self.verdict(index, commit, observed, restingOn: &restingOn) {
            case .holds:
                continue
            case .fails:
                guard needs.isEmpty else { return .needsReads(needs) }
                return self.settle(.failed(.checkFailed(index: index)), restingOn: restingOn, waiter)
            case .needs(let need):
                needs.append(need)
            }
        }
        guard needs.isEmpty else { return .needsReads(needs) }
        if commit.batch.isChecksOnly {
            let receipt = CommitReceipt(version: CommitVersion(self.lastVersion), time: max(self.lastTime, now))
            return self.settle(.done(receipt), restingOn: restingOn, waiter)
        }
        if let refusal { return .failed(refusal) }
        guard self.queue.hasRoom(for: commit.bytes) else { return .failed(.overloaded) }
        self.accept(commit, now: now, waiter: waiter)
        return nil
    }

    /// Queues the removal of entries of a change log. Nothing checks or reads them again, so no version is needed.
    ///
    /// - Returns: as `admit`.
    mutating func admitTrim(
        _ keys: [[UInt8]], bytes: Int, now: Timestamp, waiter: Waiter<CommitOutcome>
    ) -> CommitOutcome? {
        guard !self.isClosed else { return .failed(.unavailable(RocksDBStore.closedReason)) }
        if let refusal { return .failed(refusal) }
        guard self.queue.hasRoom(for: bytes) else { return .failed(.overloaded) }
        let receipt = self.nextReceipt(now)
        self.queue.append(
            QueuedItem(
                version: receipt.version.rawValue, work: .trim(keys), bytes: bytes, waiter: waiter,
                outcome: .done(receipt), receipt: receipt
            ))
        return nil
    }

    private mutating func accept(_ commit: PreparedCommit, now: Timestamp, waiter: Waiter<CommitOutcome>) {
        let receipt = self.nextReceipt(now)
        let version = receipt.version.rawValue
        for key in commit.writeKeys {
            self.stripes[Self.stripe(key)] = version
            if let lead = KeyLead(key.bytes) { self.leadStripes[lead.stripe] = version }
        }
        self.overlay.add(commit, receipt: receipt)
        self.recent.add(commit.writeKeys, version: version)
        var remembered: RememberedToken?
        if let token = commit.batch.token, let tokenKey = commit.tokenKey {
            let expires = Timestamp(millisecondsSinceEpoch: now.millisecondsSinceEpoch + token.rememberedMilliseconds)
            let record = RememberedToken(
                fingerprint: token.fingerprint, version: version, time: receipt.time, expires: expires
            )
            self.stripes[Self.stripe(tokenKey)] = version
            self.overlay.add(token: tokenKey, record)
            remembered = record
        }
        self.queue.append(
            QueuedItem(
                version: version, work: .commit(commit, remembered: remembered), bytes: commit.bytes, waiter: waiter,
                outcome: .done(receipt), receipt: receipt
            ))
    }

    private mutating func nextReceipt(_ now: Timestamp) -> CommitReceipt {
        self.lastVersion += 1
        self.lastTime = max(self.lastTime, now)
        return CommitReceipt(version: CommitVersion(self.lastVersion), time: self.lastTime)
    }

    /// Reports an outcome now, or once everything up to `version` is durable.
    private mutating func settle(
        _ outcome: CommitOutcome, restingOn version: UInt64, _ waiter: Waiter<CommitOutcome>
    ) -> CommitOutcome? {
        guard version > self.settledVersion else { return outcome }
        let receipt = CommitReceipt(version: CommitVersion(version), time: self.lastTime)
        let barrier = QueuedItem(
            version: version, work: .barrier, bytes: 0, waiter: waiter, outcome: outcome, receipt: receipt
        )
        if version <= self.writingVersion {
            self.writingBarriers.append(barrier)
        } else {
            guard self.queue.hasRoom(for: 0) else { return .failed(.overloaded) }
            self.queue.append(barrier)
        }
        return nil
    }
}

extension Admission {
    private enum Verdict {
        case holds
        case fails
        case needs(ReadNeed)
    }

    /// Decides one check, and raises `restingOn` to the newest undurable version that the verdict may depend on.
    private func verdict(
        _ index: Int, _ commit: PreparedCommit, _ observed: Observations, restingOn: inout UInt64
    ) -> Verdict {
        switch commit.batch.checks[index] {
        case .unchanged(_, let since):
            let key = commit.checkKeys[index]
            let stripeVersion = self.stripeVersion(key)
            restingOn = max(restingOn, stripeVersion)
            if let readAsOf = commit.batch.readAsOf, stripeVersion <= readAsOf.rawValue { return .holds }
            if let entry = self.overlay.entry(key) {
                return entry.record?.version == since ? .holds : .fails
            }
            if let found = observed.versions[index], found.stripeVersion == stripeVersion {
                return found.value == since?.rawValue ? .holds : .fails
            }
            return .needs(ReadNeed(subject: .check(index: index), stripeVersion: stripeVersion))
        case .rangeUnchanged(let range, let since, _):
            guard !observed.rangesFailed.contains(index) else { return .fails }
            restingOn = max(restingOn, self.lastVersion)
            let knownAsOf = max(since.rawValue, observed.rangesHoldAsOf[index] ?? 0)
            switch self.recent.touched(range, after: knownAsOf) {
            case false: return .holds
            case true: return .fails
            case nil: return .needs(ReadNeed(subject: .check(index: index), stripeVersion: 0))
            }
        }
    }

    /// The outcome of a commit whose token was used before; nil when the commit is to be done.
    private func tokenOutcome(
        _ commit: PreparedCommit, _ observed: Observations, now: Timestamp, needs: inout [ReadNeed]
    ) -> (CommitOutcome, restingOn: UInt64)? {
        guard let token = commit.batch.token, let key = commit.tokenKey else { return nil }
        let stripeVersion = self.stripeVersion(key)
        let remembered: RememberedToken
        if let waiting = self.overlay.token(key) {
            remembered = waiting
        } else if let found = observed.token, found.stripeVersion == stripeVersion {
            guard let value = found.value, now < value.expires else { return nil }
            remembered = value
        } else {
            needs.append(ReadNeed(subject: .token, stripeVersion: stripeVersion))
            return (.needsReads(needs), 0)
        }
        guard remembered.fingerprint == token.fingerprint else {
            return (.failed(.tokenMismatch), remembered.version)
        }
        let receipt = CommitReceipt(
            version: CommitVersion(remembered.version), time: remembered.time, isReplay: true
        )
        return (.done(receipt), remembered.version)
    }
}

extension Admission {
    /// The committer's next step.
    enum Next {
        case write([QueuedItem])
        case wait
        case stop
    }

    mutating func next() -> Next {
        if self.isClosed, self.queue.isEmpty { return .stop }
        guard self.groupStart.mayBegin(self.queue) || self.isClosed else { return .wait }
        let group = self.queue.takeGroup()
        self.groupStart.began(leaving: self.queue)
        self.writingVersion = group.reduce(self.writingVersion) { max($0, $1.version) }
        return .write(group)
    }

    /// Takes note of what was queued last, in a round of a loop or outside of one.
    mutating func queued(in round: ObjectIdentifier?) -> GroupStart.Announcement {
        self.groupStart.add(from: round, to: self.queue)
    }

    /// - Returns: whether the committer must be woken.
    mutating func roundIsOver(_ round: ObjectIdentifier) -> Bool {
        self.groupStart.roundIsOver(round, self.queue)
    }

    /// The group is durable: its waiters, and those returned here, may be resumed.
    mutating func groupIsDurable(_ group: [QueuedItem]) -> [QueuedItem] {
        for item in group {
            guard case .commit(let commit, _) = item.work else { continue }
            self.overlay.remove(commit, version: item.version)
        }
        self.settledVersion = max(self.settledVersion, self.writingVersion)
        defer { self.writingBarriers.removeAll() }
        return self.writingBarriers
    }

    /// The group was not written: everything that was built on it fails too, and whatever was read of it is invalid.
    ///
    /// - Returns: everything that waited behind the group.
    mutating func groupFailed(refusingWith refusal: StorageError, isResumable: Bool) -> [QueuedItem] {
        self.refuse(refusal, isResumable: isResumable)
        let waiting = self.writingBarriers + self.queue.takeAll()
        self.writingBarriers.removeAll()
        self.overlay.removeAll()
        self.voidReads()
        return waiting
    }

    /// Makes every later check read again, because the stripes no longer describe the state. Uses up one version.
    private mutating func voidReads() {
        self.lastVersion += 1
        self.settledVersion = self.lastVersion
        self.floor = self.lastVersion
        self.recent = RecentWrites(coveredAfter: self.lastVersion)
    }

    /// Refuses writes from now on; accepted ones continue.
    mutating func refuse(_ refusal: StorageError, isResumable: Bool) {
        guard self.isResumable else { return }
        self.refusal = refusal
        self.isResumable = isResumable
    }

    /// The engine was closed to be opened again: a group that seemed to fail may be in the next one.
    mutating func engineWasClosed() {
        self.voidReads()
    }

    /// Accepts writes again. The engine may have been reopened, and a group that seemed to fail may be in it.
    /// - Returns: false when a read has found in the meantime why writes are refused until a restart.
    mutating func takeWrites() -> Bool {
        guard self.isResumable else { return false }
        self.refusal = nil
        self.voidReads()
        return true
    }

    mutating func close() {
        self.isClosed = true
    }
}
