internal import KeyValue
internal import Primitives

/// The committing connection. After it was lost, the outcome of its last group can be found out. Confined to the
/// committing thread.
///
/// Each writer has a row in the table `writer`. A group stores its number there, in its own transaction, so that after
/// a lost connection the row tells whether the group was done. A writer that registers again first raises the row's
/// epoch, which voids whatever the lost connection may still have in progress.
final class Writer {
    /// The outcome of one group.
    struct GroupOutcome {
        /// One for each commit; nil for one that must be requested again.
        var results: [Result<CommitReceipt, StorageError>?]
    }

    private let options: PostgresOptions
    private let id: Int64
    private var connection: Connection?
    private var epoch: Int64 = 0
    private var groupNumber: Int64 = 0
    private var nextSweepMilliseconds: Int64 = 0
    /// Consecutive groups that lost their connection.
    private(set) var lostCount = 0

    /// How many expired tokens one sweep removes.
    private static let sweepCountMax: Int64 = 1000
    private static let sweepMilliseconds: Int64 = 30_000
    /// Nodes' clocks differ, so a token is kept somewhat longer than it is valid.
    private static let sweepMarginMilliseconds: Int64 = 60_000

    init(_ options: PostgresOptions) {
        self.options = options
        self.id = Int64(bitPattern: options.random.next())
    }

    /// The descriptor to watch while idle.
    var socket: Int32? { self.connection?.socket }

    var isConnected: Bool { self.connection != nil }

    func disconnect() {
        self.connection = nil
    }

    func dropIfClosed() {
        if self.connection?.isLostWhileIdle() ?? false { self.connection = nil }
    }

    /// Connects and registers.
    ///
    /// - Returns: the outcome of `pending`, the group whose outcome is unknown; nil when nothing of it was done.
    func connect(resolving pending: [QueuedCommit]) throws(ConnectionFailure) -> GroupOutcome? {
        let connection = try Connection(self.options)
        guard try ExclusiveUse.allows(connection, self.options) else { throw .lost("the store is being copied") }
        try connection.prepare(Statement.writing, schema: self.options.schema)
        var register = Request(statement: .register)
        register.parameters.add(self.id)
        let transaction = [
            Request(statement: .begin), Request(statement: .takeTurn), register, Request(statement: .commit),
        ]
        let rows = try connection.run([transaction])[0].get()[2]
        self.epoch = rows.number(0, 0)
        self.connection = connection
        guard !pending.isEmpty, rows.number(0, 1) == self.groupNumber else { return nil }
        let base = rows.number(0, 2)
        let time = Timestamp(millisecondsSinceEpoch: rows.number(0, 3))
        let refused = Set(rows.smallNumbers(0, 4))
        return GroupOutcome(
            results: pending.indices.map { index in
                // Nothing was done for a refused commit: it is requested again, to learn why.
                refused.contains(Int32(index + 1)) ? nil : .success(Self.receipt(pending[index], index, base, time))
            })
    }

    /// Performs one group. After `lost` its outcome is unknown; after `refused` nothing was written.
    func perform(_ commits: [QueuedCommit]) throws(ConnectionFailure) -> GroupOutcome {
        guard let connection = self.connection else { throw .lost("there is no connection") }
        self.groupNumber += 1
        let now = self.options.clock.now()
        let request = GroupRequest(commits, now: now, limits: self.options.limits)
        let parameters = request.parameters(
            writer: self.id, epoch: self.epoch, number: self.groupNumber, count: commits.count)
        let transaction = [
            Request(statement: .begin), Request(statement: .takeTurn),
            Request(statement: .commitGroup, parameters: parameters), Request(statement: .commit),
        ]
        CrashPoint.reach("postgres.group.beforeSend")
        self.lostCount += 1
        let answer = try connection.run([transaction])[0]
        self.lostCount = 0
        CrashPoint.reach("postgres.group.afterCommit")
        switch answer {
        case .success(let rows):
            return Self.outcome(commits, rows[2])
        case .failure(let failure):
            // The failed transaction stays open until it is ended.
            try connection.execute("ROLLBACK")
            throw failure
        }
    }

    /// Finds out whether the server still answers.
    func ping() throws(ConnectionFailure) {
        try self.connection?.execute("SELECT 1", millisecondsMax: self.options.outageMillisecondsMax)
    }

    /// From time to time, removes some tokens that expired long ago.
    func sweep() throws(ConnectionFailure) {
        let now = self.options.clock.now().millisecondsSinceEpoch
        guard now >= self.nextSweepMilliseconds, let connection = self.connection else { return }
        self.nextSweepMilliseconds = now + Self.sweepMilliseconds
        var request = Request(statement: .sweepTokens)
        request.parameters.add(now - Self.sweepMarginMilliseconds)
        request.parameters.add(Self.sweepCountMax)
        // If this fails, the next sweep removes them.
        _ = try connection.run([[request]])
    }

    private static func outcome(_ commits: [QueuedCommit], _ rows: Rows) -> GroupOutcome {
        let head = (0..<rows.count).first { rows.number($0, 0) == 0 } ?? 0
        let (base, time) = (rows.number(head, 2), Timestamp(millisecondsSinceEpoch: rows.number(head, 3)))
        var results: [Result<CommitReceipt, StorageError>?] = commits.indices.map { index in
            .success(self.receipt(commits[index], index, base, time))
        }
        // By kind: what a token says takes precedence over a failed check.
        for kind in 1...3 as ClosedRange<Int64> {
            for row in 0..<rows.count where rows.number(row, 0) == kind {
                let index = Int(rows.number(row, 1)) - 1
                guard results.indices.contains(index) else { continue }
                switch kind {
                case 1: results[index] = .failure(.checkFailed(index: Int(rows.number(row, 2))))
                case 2:
                    let first = CommitVersion(UInt64(rows.number(row, 2)))
                    let firstTime = Timestamp(millisecondsSinceEpoch: rows.number(row, 3))
                    results[index] = .success(CommitReceipt(version: first, time: firstTime, isReplay: true))
                default: results[index] = .failure(.tokenMismatch)
                }
            }
        }
        return GroupOutcome(results: results)
    }

    /// A batch of checks only held by the state before the group.
    private static func receipt(
        _ commit: QueuedCommit, _ index: Int, _ base: Int64, _ time: Timestamp
    ) -> CommitReceipt {
        let version = commit.batch.isChecksOnly ? base : base + Int64(index) + 1
        return CommitReceipt(version: CommitVersion(UInt64(version)), time: time)
    }
}
