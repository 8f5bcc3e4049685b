package import KeyValue
internal import Primitives
internal import Synchronization

/// The shared engine: PostgreSQL, which any number of processes can use at once.
///
/// - Waiting commits of one process are done in groups, each in one transaction and one round trip
///   (`Statement.commitGroup`). Transactions of all processes are serialised: that gives commits their order and makes
///   the change log gap-free, as `OrderedStore` promises, and groups make up for the cost.
/// - A read is one statement, that is, one snapshot, and sees every commit that any process was told about.
/// - Nothing is cached between calls, because another process may change it: `getCached` always returns nil.
/// - `close` must be called; until then the store's threads keep it alive.
package final class PostgresStore: OrderedStore {
    /// The oldest supported server version, in libpq's form.
    static let serverVersionMin = 140_000
    static let closedReason = "the store is closed"

    package let limits: StoreLimits
    let options: PostgresOptions
    let beacon = HealthBeacon(.takingWrites)
    let reads: ReadThreads
    private let commits: CommitThread
    /// The recent average size of an entry, which estimates how many entries a page limited by bytes will hold.
    let entryBytes = Atomic<Int>(256)
    private let closing = Mutex(Closing())

    private struct Closing {
        var isClosing = false
        /// Running parts: the commit thread, and the read threads as one.
        var runningCount = 2
        var waiters: [Waiter<Void>] = []
    }

    /// Opens the store, creating or migrating its tables if necessary.
    ///
    /// Blocks until the server has answered: call it at start, not on an event loop.
    package init(_ options: PostgresOptions) throws(PostgresOpenError) {
        guard Connection.understands(options.url) else { throw .url }
        self.options = options
        self.limits = options.limits
        try Self.prepareTables(options)
        let commits = CommitThread(options, beacon: self.beacon)
        self.commits = commits
        self.reads = ReadThreads(options, beacon: self.beacon) { commits.checkServer() }
        self.reads.start { self.threadsEnded() }
        self.commits.start { self.threadsEnded() }
    }

    private static func prepareTables(_ options: PostgresOptions) throws(PostgresOpenError) {
        let connection: Connection
        do throws(ConnectionFailure) {
            connection = try Connection(options)
        } catch {
            throw PostgresOpenError(connecting: error)
        }
        guard connection.serverVersion >= Self.serverVersionMin else { throw .version(connection.serverVersion) }
        let isAllowed: Bool
        do throws(ConnectionFailure) {
            isAllowed = try ExclusiveUse.allows(connection, options)
        } catch {
            throw .schema(error.sentence)
        }
        guard isAllowed else { throw .isBeingCopied }
        defer { ExclusiveUse.giveUp(connection) }
        try Schema.migrate(connection, schema: options.schema)
        do throws(ConnectionFailure) {
            try connection.prepare(Statement.allCases, schema: options.schema)
        } catch {
            throw .schema(error.sentence)
        }
    }

    package var health: StoreHealth { self.beacon.health }

    package func healthUpdates() -> AsyncStream<StoreHealth> { self.beacon.updates() }

    /// Another process may have changed it.
    package func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool { false }

    @discardableResult
    package func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        try self.requireOpen()
        let bytes = try self.limits.checkedBytes(of: batch)
        if batch.isChecksOnly, let receipt = try await self.verify(batch.checks) { return receipt }
        if case .readOnly(let reason) = self.health, !batch.isChecksOnly { throw .unavailable(reason) }
        let result: Result<CommitReceipt, StorageError> = await Waiter.wait { waiter in
            let refusal = self.commits.submit(QueuedCommit(batch: batch, bytes: bytes, waiter: waiter))
            if let refusal { waiter.resume(.failure(refusal)) }
        }
        return try result.get()
    }

    package func close() async {
        await Waiter.wait { (waiter: Waiter<Void>) in
            let (isFirst, isOver) = self.closing.withLock { closing in
                defer { closing.isClosing = true }
                if closing.runningCount > 0 { closing.waiters.append(waiter) }
                return (!closing.isClosing, closing.runningCount == 0)
            }
            if isOver { waiter.resume(()) }
            guard isFirst else { return }
            self.beacon.set(.closed)
            self.commits.stop()
            self.reads.stop()
        }
    }

    private func threadsEnded() {
        let waiters: [Waiter<Void>] = self.closing.withLock { closing in
            closing.runningCount -= 1
            guard closing.runningCount == 0 else { return [] }
            defer { closing.waiters = [] }
            return closing.waiters
        }
        for waiter in waiters { waiter.resume(()) }
    }

    func requireOpen() throws(StorageError) {
        guard self.health != .closed else { throw .unavailable(Self.closedReason) }
    }

    func requireTakingWrites() throws(StorageError) {
        try self.requireOpen()
        if case .readOnly(let reason) = self.health { throw .unavailable(reason) }
    }
}

extension PostgresOpenError {
    /// libpq has no code for a failed connection, only a message in the server's language.
    init(connecting failure: ConnectionFailure) {
        switch failure {
        case .lost(let sentence) where sentence.contains("FATAL:"): self = .refused(sentence)
        case .lost(let sentence): self = .unreachable(sentence)
        case .refused: self = .refused(failure.sentence)
        }
    }
}
