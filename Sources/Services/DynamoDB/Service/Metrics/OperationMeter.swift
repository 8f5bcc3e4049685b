internal import Primitives
internal import ServiceModel
internal import Synchronization
internal import Telemetry

/// Adds up what became of requests, by table and operation, until it is asked: once a minute, and when somebody looks.
///
/// Each thread has a part of its own, so that those who count do not wait for each other: a request costs a lock that
/// is free and one look-up. It allocates where a table and an operation meet for the first time, and not again.
final class OperationMeter: Sendable {
    /// Parts; threads that share one count correctly, and may wait for each other.
    private static let partCount = 64
    /// Tables with an operation each in one part; what is beyond is not counted until the next minute.
    static let seriesCountMax = 2048
    /// Accounts with a region each in one part.
    static let callerCountMax = 100

    /// What is counted for itself.
    struct Key: Sendable {
        let table: TableReference
        let operation: MeteredOperation
        /// What the operation's `qualifierName` says; empty where it has none.
        var qualifier = ""
    }

    struct Counts: Sendable {
        /// Milliseconds of requests that were answered.
        var latency = StatisticSet()
        /// Items, or records of a stream, a sample a request.
        var returned = StatisticSet()
        var returnedBytes = StatisticSet()
        /// Requests.
        var throttled = 0
        var systemErrors = 0
        /// Items whose condition did not hold.
        var failedConditions = 0
        /// Items that other writers fought for, a sample a request.
        var conflicts = StatisticSet()
    }

    /// Whose errors are added up.
    struct Caller: Sendable, Hashable {
        let account: AccountID
        let region: Region
    }

    /// What was counted since `start`.
    struct Report: Sendable {
        var start: Timestamp
        var operations: [Key: Counts] = [:]
        /// Requests with an error of status 400 that has no metric of its own.
        var userErrors: [Caller: Int] = [:]
    }

    private struct State: Sendable {
        var operations: [Key: Counts] = [:]
        var userErrors: [Caller: Int] = [:]
    }

    /// A cache line and more for itself.
    private final class Part: Sendable {
        let state = Mutex(State())
        private let padding = (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    }

    private let parts: [Part]
    private let start: Mutex<Timestamp>

    init(start: Timestamp) {
        self.parts = (0..<Self.partCount).map { _ in Part() }
        self.start = Mutex(start)
    }

    private var part: Part { self.parts[ThreadShare.index(of: Self.partCount)] }

    // Counting

    func count(_ key: Key, _ change: (inout Counts) -> Void) {
        self.part.state.withLock { state in
            if let place = state.operations.index(forKey: key) {
                change(&state.operations.values[place])
            } else if state.operations.count < Self.seriesCountMax {
                change(&state.operations[key, default: Counts()])
            }
        }
    }

    func countUserError(_ context: RequestContext) {
        let caller = Caller(account: context.account, region: context.region)
        self.part.state.withLock { state in
            guard state.userErrors[caller] != nil || state.userErrors.count < Self.callerCountMax else { return }
            state.userErrors[caller, default: 0] += 1
        }
    }

    // Telling

    /// What was counted since the last call.
    func take(now: Timestamp) -> Report {
        let start = self.start.withLock { start in
            let before = start
            start = now
            return before
        }
        var report = Report(start: start)
        for part in self.parts {
            let taken = part.state.withLock { state in
                let taken = state
                state.operations.removeAll(keepingCapacity: true)
                state.userErrors.removeAll(keepingCapacity: true)
                return taken
            }
            for (key, counts) in taken.operations { report.operations[key, default: Counts()].add(counts) }
            for (caller, count) in taken.userErrors { report.userErrors[caller, default: 0] += count }
        }
        return report
    }
}

extension OperationMeter.Key: Hashable {
    /// Tables of one name in several accounts are rare enough to be told apart by comparing.
    func hash(into hasher: inout Hasher) {
        hasher.combine(self.table.name)
        hasher.combine(self.operation.rawValue)
    }
}

extension OperationMeter.Counts {
    mutating func add(_ other: OperationMeter.Counts) {
        self.latency.add(other.latency)
        self.returned.add(other.returned)
        self.returnedBytes.add(other.returnedBytes)
        self.throttled += other.throttled
        self.systemErrors += other.systemErrors
        self.failedConditions += other.failedConditions
        self.conflicts.add(other.conflicts)
    }
}
