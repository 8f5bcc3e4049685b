internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// Counts what every table consumes and, where it is to be enforced, refuses what goes over its throughput.
///
/// In memory: after a start every table has its burst again.
final class Meters: Sendable {
    /// Tables at one time; when one more comes, those that were there are forgotten, and have their bursts again.
    static let tableCountMax = 10_000

    private let clock: any WallClock
    private let isEnforcing: Atomic<Bool>
    /// By the tables' numbers, which no other table has or will have.
    private let meters = Mutex<[UInt64: TableMeter]>([:])

    init(clock: any WallClock, isEnforcing: Bool) {
        self.clock = clock
        self.isEnforcing = Atomic(isEnforcing)
    }

    func setEnforcing(_ isEnforcing: Bool) {
        self.isEnforcing.store(isEnforcing, ordering: .relaxed)
    }

    private func meter(_ table: TableDescriptor) -> TableMeter {
        let number = table.number
        if let known = self.meters.withLock({ $0[number] }) { return known }
        return self.meters.withLock { meters in
            if let known = meters[number] { return known }
            if meters.count >= Self.tableCountMax { meters.removeAll() }
            let made = TableMeter(table.reference)
            meters[number] = made
            return made
        }
    }

    /// Lets a request in, or refuses it in AWS's words. What was let in must be charged; an attempt that comes to
    /// nothing has cost one unit.
    func admit(
        _ kind: CapacityKind, _ table: TableDescriptor, _ index: IndexDescriptor? = nil
    ) throws(ServiceError) {
        if let throttled = self.refusal(kind, table, index) { throw throttled.error }
    }

    /// - Returns: nil for what may go on.
    func refusal(_ kind: CapacityKind, _ table: TableDescriptor, _ index: IndexDescriptor? = nil) -> Throttled? {
        guard self.isEnforcing.load(ordering: .relaxed), let limit = table.limit(kind, index) else { return nil }
        if self.meter(table).admits(kind, limit, index, now: self.clock.now()) { return nil }
        return Throttled(limit, kind, table, index)
    }

    /// Lets a write in with regard to the indexes that it changes.
    func admit(_ units: WriteUnits, _ table: TableDescriptor) throws(ServiceError) {
        for entry in units.indexes where table.indexes[entry.index].isGlobal {
            try self.admit(.write, table, table.indexes[entry.index])
        }
    }

    // What was done

    /// A read of the table, or of an index.
    func chargeRead(_ units: Double, _ table: TableDescriptor, _ index: IndexDescriptor? = nil) {
        self.meter(table).charge(.read, units, index)
    }

    func charge(_ units: WriteUnits, _ table: TableDescriptor) {
        let meter = self.meter(table)
        meter.charge(.write, units.withLocalIndexes(table), nil)
        for entry in units.indexes where table.indexes[entry.index].isGlobal {
            meter.charge(.write, entry.units, table.indexes[entry.index])
        }
    }

    /// A page of a Query or Scan; what a local index does not hold is read from the table, whose capacity it shares.
    func charge(_ page: PageAnswer, _ request: PageRequest) {
        self.chargeRead(Self.units(page, request), request.table, request.index)
    }

    static func units(_ page: PageAnswer, _ request: PageRequest) -> Double {
        let consistency: CapacityUnits.ReadConsistency = request.isConsistent ? .strong : .eventual
        return page.fetchedBytes.reduce(CapacityUnits.read(bytes: page.evaluatedBytes, consistency)) {
            $0 + CapacityUnits.read(bytes: $1, consistency)
        }
    }

    /// The meters that there are, with their tables' numbers.
    var all: [(number: UInt64, meter: TableMeter)] {
        self.meters.withLock { $0.map { ($0.key, $0.value) } }
    }

    /// Forgets tables that are gone.
    func forget(_ numbers: [UInt64]) {
        self.meters.withLock { meters in
            for number in numbers { meters[number] = nil }
        }
    }
}
