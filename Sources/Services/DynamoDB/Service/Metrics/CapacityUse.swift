internal import Primitives
internal import Synchronization
internal import Telemetry

/// The use of accounts' provisioned capacity since the last report.
final class CapacityUse: Sendable {
    /// A table, or a global index by its number; 0 means the table itself.
    fileprivate struct Resource: Sendable, Hashable {
        let table: UInt64
        let index: UInt16
    }

    private struct State {
        var start: Timestamp
        /// One entry for each table with a meter, and for each used index.
        var consumed: [Resource: (read: Double, write: Double)] = [:]
    }

    private let state: Mutex<State>

    init(start: Timestamp) {
        self.state = Mutex(State(start: start))
    }

    /// Adds the consumption of a table or an index.
    func add(_ part: TableMeter.Part, of table: UInt64) {
        let resource = Resource(table: table, index: part.index?.number ?? 0)
        self.state.withLock { state in
            state.consumed[resource, default: (0, 0)].read += part.read.consumed.sum
            state.consumed[resource, default: (0, 0)].write += part.write.consumed.sum
        }
    }

    /// The consumption of a period, before it is compared with the provisioned capacity.
    struct Period: Sendable {
        fileprivate let seconds: Double
        fileprivate let consumed: [Resource: (read: Double, write: Double)]
        fileprivate var accounts: [OperationMeter.Caller: (read: Sum, write: Sum)] = [:]
    }

    /// The sums of one account.
    fileprivate struct Sum: Sendable {
        /// Units per second.
        var consumed = 0.0
        var provisioned = 0.0
        /// The highest utilization of a single table or index, in percent.
        var highest = 0.0

        mutating func add(_ consumed: Double, of provisioned: Int) {
            self.consumed += consumed
            self.provisioned += Double(provisioned)
            self.highest = max(self.highest, 100 * consumed / Double(provisioned))
        }
    }

    /// Starts a new period, and returns the previous one; nil if it had no duration, or the clock was set back in it.
    func take(now: Timestamp) -> Period? {
        self.state.withLock { state in
            let milliseconds = now.millisecondsSinceEpoch - state.start.millisecondsSinceEpoch
            guard milliseconds != 0 else { return nil }
            defer { state = State(start: now) }
            return milliseconds < 0
                ? nil
                : Period(seconds: Double(milliseconds) / 1000, consumed: state.consumed)
        }
    }
}

extension CapacityUse.Period {
    /// Adds a table, or one of its global indexes.
    mutating func add(_ table: TableDescriptor, _ index: IndexDescriptor?) {
        let caller = OperationMeter.Caller(account: table.account, region: table.region)
        let resource = CapacityUse.Resource(table: table.number, index: index?.number ?? 0)
        let units = self.consumed[resource] ?? (0, 0)
        for kind in CapacityKind.allCases {
            guard let limit = table.limit(kind, index), limit.source == .provisioned else { continue }
            if kind == .read {
                self.accounts[caller, default: (.init(), .init())].read.add(units.read / self.seconds, of: limit.rate)
            } else {
                self.accounts[caller, default: (.init(), .init())].write.add(units.write / self.seconds, of: limit.rate)
            }
        }
    }

    /// The metrics of each account with provisioned capacity, in percent.
    var metrics: [(caller: OperationMeter.Caller, name: String, percent: Double)] {
        self.accounts.flatMap { caller, sums in
            [("Read", sums.read), ("Write", sums.write)].flatMap { word, sum in
                [
                    (
                        caller, "AccountProvisioned\(word)CapacityUtilization",
                        sum.provisioned > 0 ? 100 * sum.consumed / sum.provisioned : 0
                    ),
                    (caller, "MaxProvisionedTable\(word)CapacityUtilization", sum.highest),
                ]
            }
        }
    }
}
