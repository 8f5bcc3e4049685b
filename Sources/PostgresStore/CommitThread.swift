internal import KeyValue
internal import Primitives
internal import Synchronization

/// The committing thread: performs waiting commits as one group, in one round trip, and reports the outcomes.
final class CommitThread: Sendable {
    private struct State {
        var queue = CommitQueue()
        var isStopping = false
        /// Whether a read has found the server away.
        var isSuspicious = false
    }

    private let options: PostgresOptions
    private let beacon: HealthBeacon
    private let state = Mutex(State())
    private let waker = PollWaker()

    /// How often an idle thread looks for expired tokens.
    private static let idleMilliseconds: Int32 = 30_000
    /// How long writes are refused after the server reported a full disk.
    private static let fullDiskMilliseconds: Int32 = 1_000

    init(_ options: PostgresOptions, beacon: HealthBeacon) {
        self.options = options
        self.beacon = beacon
    }

    /// Starts the thread.
    ///
    /// - Parameter whenStopped: called on the thread at its end.
    func start(_ whenStopped: @escaping @Sendable () -> Void) {
        BlockingThread.start("pg-commit") {
            self.serve()
            whenStopped()
        }
    }

    /// Ends the thread after the waiting commits.
    func stop() {
        self.state.withLock { $0.isStopping = true }
        self.waker.wake()
    }

    func submit(_ commit: QueuedCommit) -> StorageError? {
        let refusal: StorageError? = self.state.withLock { state in
            guard !state.isStopping else { return .unavailable(PostgresStore.closedReason) }
            return state.queue.append(commit) ? nil : .overloaded
        }
        if refusal == nil { self.waker.wake() }
        return refusal
    }

    /// Makes an idle thread find out whether the server answers. Health is this thread's to report, and without commits
    /// it would learn of an outage only with its next sweep.
    func checkServer() {
        self.state.withLock { $0.isSuspicious = true }
        self.waker.wake()
    }

    private func serve() {
        let writer = Writer(self.options)
        while true {
            guard writer.isConnected || self.connect(writer, resolving: []) else { return }
            let (group, isStopping) = self.state.withLock { ($0.queue.takeGroup(), $0.isStopping) }
            if !group.commits.isEmpty {
                self.perform(group.commits, writer)
            } else if isStopping {
                return
            } else {
                if self.waker.wait(watching: writer.socket, milliseconds: Self.idleMilliseconds) {
                    writer.dropIfClosed()
                }
                let isSuspicious = self.state.withLock { state in
                    defer { state.isSuspicious = false }
                    return state.isSuspicious
                }
                do throws(ConnectionFailure) {
                    if isSuspicious { try writer.ping() }
                    try writer.sweep()
                } catch {
                    writer.disconnect()
                }
            }
        }
    }
}

extension CommitThread {
    /// Performs a group, again if the server asks for that, and reports the outcomes.
    private func perform(_ commits: [QueuedCommit], _ writer: Writer) {
        var backoff = Backoff(first: 2, atMost: 200, random: self.options.random)
        var attempt = 0
        while true {
            attempt += 1
            do throws(ConnectionFailure) {
                return self.answer(commits, try writer.perform(commits))
            } catch {
                let refusal = error.refusal
                guard refusal == .again, attempt < self.options.attemptsMax else {
                    return self.settle(commits, writer, refusal, error.sentence)
                }
                BlockingThread.sleep(milliseconds: backoff.next())
            }
        }
    }

    /// Reports the outcomes of a group that failed, or puts its commits back.
    private func settle(_ commits: [QueuedCommit], _ writer: Writer, _ refusal: Refusal?, _ sentence: String) {
        switch refusal {
        case nil:
            writer.disconnect()
            _ = self.connect(writer, resolving: commits)
        case .again: Self.fail(commits, .conflict)
        case .turnTaken: Self.fail(commits, .unavailable("another node keeps its turn to commit: \(sentence)"))
        case .otherEpoch:
            // Another process has taken over this writer's row, or it was removed: register again.
            writer.disconnect()
            self.state.withLock { $0.queue.putBack(commits) }
        case .noSpace: self.pause(commits, "PostgreSQL has no space left: \(sentence)")
        case .other: self.divide(commits, writer, sentence)
        }
    }

    /// Performs the commits of a group one by one, so that only those fail that the server refuses.
    private func divide(_ commits: [QueuedCommit], _ writer: Writer, _ message: String) {
        guard commits.count > 1 else { return Self.fail(commits, .unavailable("PostgreSQL refused: \(message)")) }
        for (index, commit) in commits.enumerated() {
            guard writer.isConnected else { return self.state.withLock { $0.queue.putBack(Array(commits[index...])) } }
            self.perform([commit], writer)
        }
    }

    /// Refuses writes for a moment; then the next commit tries again.
    private func pause(_ commits: [QueuedCommit], _ reason: String) {
        self.beacon.set(.readOnly(reason: reason))
        Self.fail(commits + self.state.withLock { $0.queue.takeAll() }, .unavailable(reason))
        _ = self.waker.wait(watching: nil, milliseconds: Self.fullDiskMilliseconds)
        self.beacon.set(.takingWrites)
    }

    private func answer(_ commits: [QueuedCommit], _ outcome: Writer.GroupOutcome) {
        var again: [QueuedCommit] = []
        for (commit, result) in zip(commits, outcome.results) {
            if let result { commit.waiter.resume(result) } else { again.append(commit) }
        }
        if !again.isEmpty { self.state.withLock { $0.queue.putBack(again) } }
    }

    private static func fail(_ commits: [QueuedCommit], _ error: StorageError) {
        for commit in commits { commit.waiter.resume(.failure(error)) }
    }

    /// Connects, however long it takes, and finds out what became of `pending`.
    ///
    /// - Returns: false when the store is closed meanwhile; all waiting commits have then failed.
    private func connect(_ writer: Writer, resolving pending: [QueuedCommit]) -> Bool {
        var pending = pending
        var backoff = Backoff(first: 20, atMost: 1000, random: self.options.random)
        let start = ContinuousClock.now
        while true {
            do throws(ConnectionFailure) {
                let outcome = try writer.connect(resolving: pending)
                let again = GroupOutcome(results: pending.map { _ in nil })
                if outcome == nil, writer.lostCount >= self.options.attemptsMax {
                    // These very commits may be what crashes the server.
                    Self.fail(pending, .unavailable("PostgreSQL went away each time it was asked for this"))
                } else {
                    self.answer(pending, outcome ?? again)
                }
                self.beacon.set(.takingWrites)
                return true
            } catch {
                let elapsed = ContinuousClock.now - start
                let isStopping = self.state.withLock { $0.isStopping }
                if isStopping || elapsed >= .milliseconds(self.options.outageMillisecondsMax) {
                    let reason = "PostgreSQL does not answer: \(error.sentence)"
                    self.beacon.set(.readOnly(reason: reason))
                    Self.fail(self.state.withLock { $0.queue.takeAll() }, .unavailable(reason))
                }
                if isStopping || elapsed >= .milliseconds(self.options.resolveMillisecondsMax) {
                    Self.fail(pending, .unknownOutcome)
                    pending = []
                }
                if isStopping { return false }
                BlockingThread.sleep(milliseconds: backoff.next())
            }
        }
    }

    private typealias GroupOutcome = Writer.GroupOutcome
}

/// The meaning of a refused transaction, by its SQLSTATE.
enum Refusal {
    /// Serialisation failure or deadlock: worth another attempt.
    case again
    /// The timeout of the lock or of the statement has expired.
    case turnTaken
    /// The division by zero of `Statement.commitGroup`.
    case otherEpoch
    case noSpace
    case other

    fileprivate init(_ state: String) {
        switch state {
        case "40001", "40P01": self = .again
        case "55P03", "57014": self = .turnTaken
        case "22012": self = .otherEpoch
        case "53100": self = .noSpace
        default: self = .other
        }
    }
}

extension ConnectionFailure {
    /// nil when the connection was lost.
    var refusal: Refusal? {
        switch self {
        case .lost: nil
        case .refused(let state, _): Refusal(state)
        }
    }
}
