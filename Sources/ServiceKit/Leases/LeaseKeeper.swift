package import KeyValue
package import Primitives
internal import Synchronization

/// Takes a lease when it is free, keeps it, and gives it back.
package final class LeaseKeeper: Sendable {
    /// How long a process that ended without giving its lease back keeps the others waiting.
    package static let millisecondsDefault: Int64 = 10_000

    /// What this process may do after a look at the lease.
    package enum Standing: Hashable, Sendable {
        case leads(LeaseTerm)
        case follows
    }

    private struct Own {
        var state: LeaseState
        var term: LeaseTerm?
        /// Until when nobody else can have taken it, by this process's clock.
        var until = Timestamp(millisecondsSinceEpoch: 0)
        /// Of the record that this process wrote last.
        var version: CommitVersion?
    }

    private let store: any OrderedStore
    private let key: [UInt8]
    private let termKey: [UInt8]
    private let clock: any WallClock
    private let milliseconds: Int64
    private let own: Mutex<Own>

    /// A lease whose record is under `key` and whose term under the same with a zero behind it; it holds for
    /// `milliseconds` without a sign of life.
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
        // 0 stands for nobody.
        let state = LeaseState(holder: random.next() | 1, milliseconds: milliseconds)
        self.own = Mutex(Own(state: state))
    }

    /// Looks at the lease, and takes or renews it. One call at a time.
    package func look() async -> Standing {
        let now = self.clock.now()
        do throws(StorageError) {
            let read = try await self.store.get([self.key, self.termKey], .forAnswer)
            switch self.own.withLock({ $0.state.decide(read[0], now: now) }) {
            case .wait: return self.follow()
            case .take: return try await self.take(read, now)
            case .renew(let signs): return try await self.renew(read, signs: signs, now)
            }
        } catch .checkFailed, .conflict {
            // Somebody was faster.
            return self.follow()
        } catch {
            // The store does not answer: the lease holds as long as nobody can have taken it.
            return self.own.withLock { own in
                guard let term = own.term, self.clock.now() < own.until else {
                    own.term = nil
                    return .follows
                }
                return .leads(term)
            }
        }
    }

    private func follow() -> Standing {
        self.own.withLock { $0.term = nil }
        return .follows
    }

    private func take(_ read: ReadResult, _ now: Timestamp) async throws(StorageError) -> Standing {
        let record = LeaseRecord(holder: self.own.withLock { $0.state.holder }, signs: 0)
        let receipt = try await self.store.commit(
            Batch(
                checks: [
                    .unchanged(self.key, since: read[0]?.version), .unchanged(self.termKey, since: read[1]?.version),
                ],
                writes: [.set(self.key, record.encoded), .set(self.termKey, record.encoded)]))
        return self.hold(term: receipt.version, record: receipt.version, now)
    }

    private func renew(_ read: ReadResult, signs: UInt64, _ now: Timestamp) async throws(StorageError) -> Standing {
        guard let term = read[1]?.version else { return self.follow() }
        let record = LeaseRecord(holder: self.own.withLock { $0.state.holder }, signs: signs)
        let receipt = try await self.store.commit(
            Batch(
                checks: [.unchanged(self.key, since: read[0]?.version), .unchanged(self.termKey, since: term)],
                writes: [.set(self.key, record.encoded)]))
        return self.hold(term: term, record: receipt.version, now)
    }

    private func hold(term: CommitVersion, record: CommitVersion, _ now: Timestamp) -> Standing {
        self.own.withLock { own in
            let term = LeaseTerm(check: .unchanged(self.termKey, since: term))
            own.term = term
            own.until = now.advanced(byMilliseconds: self.milliseconds)
            own.version = record
            return .leads(term)
        }
    }

    /// Gives the lease back, so that nobody waits for it.
    package func release() async {
        let version = self.own.withLock { own in
            defer { (own.term, own.version) = (nil, nil) }
            return own.term == nil ? nil : own.version
        }
        guard let version else { return }
        let record = LeaseRecord(holder: 0, signs: 0)
        // Where it does not go through, the others take the lease when its time is over.
        _ = try? await self.store.commit(
            Batch(checks: [.unchanged(self.key, since: version)], writes: [.set(self.key, record.encoded)]))
    }

    /// Leads whenever the lease is this process's, until the task is cancelled; then gives it back.
    ///
    /// - Parameter lead: cancelled when the lease is lost; the next one begins after it has ended.
    package func run(_ lead: @escaping @Sendable (LeaseTerm) async -> Void) async {
        var leading: (term: LeaseTerm, task: Task<Void, Never>)?
        while !Task.isCancelled {
            let standing = await self.look()
            if let present = leading, standing != .leads(present.term) {
                present.task.cancel()
                await present.task.value
                leading = nil
            }
            if leading == nil, case .leads(let term) = standing {
                // Awaited above or below.
                leading = (term, Task { await lead(term) })
            }
            // Ended early by the cancellation only, which the loop's condition sees.
            try? await Task.sleep(for: .milliseconds(self.milliseconds / 4))
        }
        leading?.task.cancel()
        await leading?.task.value
        await self.release()
    }
}
