internal import Primitives
internal import ServiceModel
internal import Synchronization
internal import Telemetry

/// Counts the outcomes of requests, by table and operation, until the next report: once a minute, and on demand.
///
/// Each thread has a part of its own, so that counting threads do not contend: a request costs an uncontended lock and
/// one lookup. Memory is allocated only for the first request of each table and operation.
final class OperationMeter: Sendable {
    /// Threads that share a part count correctly, but may contend.
    private static let partCount = 64
    /// Series, each of a table and an operation, in one part; beyond, requests are not counted until the next report.
    static let seriesCountMax = 2048
    /// Pairs of account and region in one part.
    static let callerCountMax = 100

    /// A series that is counted separately.
    struct Key: Sendable {
        let table: TableReference
        let operation: MeteredOperation
        /// The value of the dimension `qualifierName`; empty for operations without one.
        var qualifier = ""
    }

    struct Counts: Sendable {
        /// Latency of successful requests, in milliseconds.
        var latency = StatisticSet()
        /// Items or stream records; one sample per request.
        var returned = StatisticSet()
        var returnedBytes = StatisticSet()
        /// Number of requests.
        var throttled = 0
        var systemErrors = 0
        /// Number of items whose condition failed.
        var failedConditions = 0
        /// Number of items contested by other writers; one sample per request.
        var conflicts = StatisticSet()
    }

    /// The owner of client errors.
    struct Caller: Sendable, Hashable {
        let account: AccountID
        let region: Region
    }

    /// The counts since `start`.
    struct Report: Sendable {
        var start: Timestamp
        var operations: [Key: Counts] = [:]
        /// Requests that failed with status 400 and an error without a metric of its own.
        var userErrors: [Caller: Int] = [:]
    }

    private struct State: Sendable {
        var operations: [Key: Counts] = [:]
        var userErrors: [Caller: Int] = [:]
    }

    /// Padded, so that no two parts share a cache line.
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

    // Reporting

    /// The counts since the last call, which are reset.
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
    /// Tables of the same name in several accounts are rare, so that hash collisions between them do not matter.
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
