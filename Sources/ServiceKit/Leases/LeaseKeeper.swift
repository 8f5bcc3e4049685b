package import KeyValue
package import Primitives
internal import Synchronization

/// Acquires a lease when it is free, renews it, and releases it.
package final class LeaseKeeper: Sendable {
    /// How long the other processes wait for a holder that ended without releasing the lease.
    package static let millisecondsDefault: Int64 = 10_000

    /// The role of this process after a call of `acquireOrRenew`.
    package enum Role: Equatable, Sendable {
        case leads(LeaseTerm)
        case follows
    }

    private struct OwnState {
        var state: LeaseState
        var term: LeaseTerm?
        /// Until then no other process can have acquired it, by this process's clock.
        var until = Timestamp(millisecondsSinceEpoch: 0)
        /// The version of the lease record that this process wrote last.
        var version: CommitVersion?
    }

    private let store: any OrderedStore
    private let key: [UInt8]
    private let termKey: [UInt8]
    private let clock: any WallClock
    private let milliseconds: Int64
    private let own: Mutex<OwnState>

    /// The lease record is stored under `key`, its term under `key` with a zero byte appended. A lease is free once it
    /// has not been renewed for `milliseconds`.
    package init(
        store: any OrderedStore, key: [UInt8], clock: any WallClock, random: any RandomSource,
        milliseconds: Int64 = LeaseKeeper.millisecondsDefault
    ) {
        precondition(milliseconds >= 4, "a lease is renewed several times while it holds")
        self.store = store
        self.key = key
        self.termKey = key + [0]
        self.clock = clock
        self.milliseconds = milliseconds
        // 0 means that nobody holds the lease.
        let state = LeaseState(holder: random.next() | 1, milliseconds: milliseconds)
        self.own = Mutex(OwnState(state: state))
    }

    /// Reads the lease, and acquires or renews it if possible. Not reentrant: one call at a time.
    package func acquireOrRenew() async -> Role {
        let now = self.clock.now()
        do throws(StorageError) {
            let read = try await self.store.get([self.key, self.termKey], .forAnswer)
            switch self.own.withLock({ $0.state.decide(read[0], now: now) }) {
            case .wait: return self.follow()
            case .take: return try await self.take(read, now)
            case .renew(let signs): return try await self.renew(read, signs: signs, now)
            }
        } catch .checkFailed, .conflict {
            // Another process committed first.
            return self.follow()
        } catch {
            // The store cannot be reached: this process leads as long as no other can have acquired the lease.
            return self.own.withLock { own in
                guard let term = own.term, self.clock.now() < own.until else {
                    own.term = nil
                    return .follows
                }
                return .leads(term)
            }
        }
    }

    private func follow() -> Role {
        self.own.withLock { $0.term = nil }
        return .follows
    }

    private func take(_ read: ReadResult, _ now: Timestamp) async throws(StorageError) -> Role {
        let record = LeaseRecord(holder: self.own.withLock { $0.state.holder }, signs: 0)
        let receipt = try await self.store.commit(
            Batch(
                checks: [
                    .unchanged(self.key, since: read[0]?.version), .unchanged(self.termKey, since: read[1]?.version),
                ],
                writes: [.set(self.key, record.encoded), .set(self.termKey, record.encoded)]))
        return self.hold(term: receipt.version, record: receipt.version, now)
    }

    private func renew(_ read: ReadResult, signs: UInt64, _ now: Timestamp) async throws(StorageError) -> Role {
        guard let term = read[1]?.version else { return self.follow() }
        let record = LeaseRecord(holder: self.own.withLock { $0.state.holder }, signs: signs)
        let receipt = try await self.store.commit(
            Batch(
                checks: [.unchanged(self.key, since: read[0]?.version), .unchanged(self.termKey, since: term)],
                writes: [.set(self.key, record.encoded)]))
        return self.hold(term: term, record: receipt.version, now)
    }

    private func hold(term: CommitVersion, record: CommitVersion, _ now: Timestamp) -> Role {
        self.own.withLock { own in
            let term = LeaseTerm(check: .unchanged(self.termKey, since: term))
            own.term = term
            own.until = now.advanced(byMilliseconds: self.milliseconds)
            own.version = record
            return .leads(term)
        }
    }

    /// Releases the lease, so that another process can take it at once.
    package func release() async {
        let version = self.own.withLock { own in
            defer { (own.term, own.version) = (nil, nil) }
            return own.term == nil ? nil : own.version
        }
        guard let version else { return }
        let record = LeaseRecord(holder: 0, signs: 0)
        // If this fails, the lease simply expires.
        _ = try? await self.store.commit(
            Batch(checks: [.unchanged(self.key, since: version)], writes: [.set(self.key, record.encoded)]))
    }

    /// Runs `lead` whenever this process holds the lease, until the task is cancelled; then releases the lease.
    ///
    /// - Parameter lead: cancelled and awaited when the lease is lost, before it is started again.
    package func run(_ lead: @escaping @Sendable (LeaseTerm) async -> Void) async {
        var leading: (term: LeaseTerm, task: Task<Void, Never>)?
        while !Task.isCancelled {
            let role = await self.acquireOrRenew()
            if let present = leading, role != .leads(present.term) {
                present.task.cancel()
                await present.task.value
                leading = nil
            }
            if leading == nil, case .leads(let term) = role {
                // Awaited by this loop, or after it.
                leading = (term, Task { await lead(term) })
            }
            // Sleep throws only on cancellation, which the loop's condition sees.
            try? await Task.sleep(for: .milliseconds(self.milliseconds / 4))
        }
        leading?.task.cancel()
        await leading?.task.value
        await self.release()
    }
}
