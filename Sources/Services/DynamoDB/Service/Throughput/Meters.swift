internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// Meters the consumption of every table and, if throughput is enforced, refuses requests beyond it.
///
/// In memory only: after a start every table has its full burst capacity.
final class Meters: Sendable {
    /// Tables that are tracked; when one more comes, the oldest is forgotten, and has its full burst capacity again.
    static let tableCountMax = 10_000

    private let clock: any WallClock
    private let isEnforcing: Atomic<Bool>
    /// By table number, which is never reused.
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
            // Not the first in the dictionary's order: in the long run that would be the one that came last.
            if meters.count >= Self.tableCountMax, let oldest = meters.keys.min() { meters[oldest] = nil }
            let made = TableMeter(table.reference)
            meters[number] = made
            return made
        }
    }

    /// Admits a request, or throttles it in AWS's words. An admitted request must be charged; one that comes to nothing
    /// has cost one unit.
    func admit(
        _ kind: CapacityKind, _ table: TableDescriptor, _ index: IndexDescriptor? = nil
    ) throws(ServiceError) {
        if let throttled = self.refusal(kind, table, index) { throw throttled.error }
    }

    /// - Returns: nil when the request is admitted.
    func refusal(_ kind: CapacityKind, _ table: TableDescriptor, _ index: IndexDescriptor? = nil) -> Throttled? {
        guard self.isEnforcing.load(ordering: .relaxed), let limit = table.limit(kind, index) else { return nil }
        if self.meter(table).admits(kind, limit, index, now: self.clock.now()) { return nil }
        return Throttled(limit, kind, table, index)
    }

    /// Admits a write as far as the indexes that it changes are concerned.
    func admit(_ units: WriteUnits, _ table: TableDescriptor) throws(ServiceError) {
        for entry in units.indexes where table.indexes[entry.index].isGlobal {
            try self.admit(.write, table, table.indexes[entry.index])
        }
    }

    // What was done

    /// Charges a read of the table, or of an index.
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

    /// Charges a page of a Query or Scan. Attributes that a local index does not project are read from the table, whose
    /// capacity it shares.
    func charge(_ page: PageAnswer, _ request: PageRequest) {
        self.chargeRead(Self.units(page, request), request.table, request.index)
    }

    static func units(_ page: PageAnswer, _ request: PageRequest) -> Double {
        let consistency: CapacityUnits.ReadConsistency = request.isConsistent ? .strong : .eventual
        return page.fetchedBytes.reduce(CapacityUnits.read(bytes: page.evaluatedBytes, consistency)) {
            $0 + CapacityUnits.read(bytes: $1, consistency)
        }
    }

    /// All meters, with their tables' numbers.
    var all: [(number: UInt64, meter: TableMeter)] {
        self.meters.withLock { $0.map { ($0.key, $0.value) } }
    }

    /// Removes the meters of deleted tables.
    func forget(_ numbers: [UInt64]) {
        self.meters.withLock { meters in
            for number in numbers { meters[number] = nil }
        }
    }
}
