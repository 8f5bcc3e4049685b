internal import Primitives
internal import Synchronization
internal import Telemetry

/// The consumption and the limits of one table and its global indexes, in memory.
///
/// A request within the limits costs one lock, and neither a lookup nor an allocation.
final class TableMeter: Sendable {
    /// The consumption by requests of one kind, of a table or an index, since the last collection.
    struct Count: Sendable {
        /// One sample for each request.
        var consumed = StatisticSet()
        var throttledByProvision = 0
        var throttledByMaximum = 0
    }

    /// The table itself with its local indexes, or a global index.
    struct Part: Sendable {
        /// nil for the table.
        var index: IndexDescriptor?
        var read = Count()
        var write = Count()
        var readBucket: TokenBucket?
        var writeBucket: TokenBucket?

        fileprivate mutating func bucket(_ kind: CapacityKind, _ work: (inout TokenBucket?) -> Void) {
            if kind == .read { work(&self.readBucket) } else { work(&self.writeBucket) }
        }

        fileprivate mutating func count(_ kind: CapacityKind, _ work: (inout Count) -> Void) {
            if kind == .read { work(&self.read) } else { work(&self.write) }
        }
    }

    fileprivate struct State {
        var whole = Part()
        /// Global indexes that were used.
        var indexes: [Part] = []
    }

    let table: TableReference
    private let state = Mutex(State())

    init(_ table: TableReference) {
        self.table = table
    }

    /// Whether a request is admitted; if so, `charge` must follow.
    func admits(
        _ kind: CapacityKind, _ limit: ThroughputLimit, _ index: IndexDescriptor?, now: Timestamp
    ) -> Bool {
        self.state.withLock { state in
            state.withPart(index) { part in
                var isAdmitted = true
                part.bucket(kind) { bucket in
                    var filled = bucket ?? TokenBucket(rate: limit.rate, now: now)
                    filled.refill(rate: limit.rate, now: now)
                    isAdmitted = filled.admit()
                    bucket = filled
                }
                guard !isAdmitted else { return true }
                part.count(kind) { count in
                    switch limit.source {
                    case .provisioned: count.throttledByProvision += 1
                    case .onDemandMaximum: count.throttledByMaximum += 1
                    }
                }
                return false
            }
        }
    }

    /// Records the consumption of a request.
    func charge(_ kind: CapacityKind, _ units: Double, _ index: IndexDescriptor?) {
        self.state.withLock { state in
            state.withPart(index) { part in
                part.count(kind) { $0.consumed.add(units) }
                part.bucket(kind) { $0?.settle(units) }
            }
        }
    }

    /// The consumption since the last call: of the table, then of its indexes.
    func takeCounts() -> [Part] {
        self.state.withLock { state in
            let parts = [state.whole] + state.indexes
            state.whole.read = Count()
            state.whole.write = Count()
            for place in state.indexes.indices {
                state.indexes[place].read = Count()
                state.indexes[place].write = Count()
            }
            return parts
        }
    }

    /// Removes indexes that the table no longer has.
    func keepIndexes(_ numbers: Set<UInt16>) {
        self.state.withLock { state in
            state.indexes.removeAll { part in part.index.map { !numbers.contains($0.number) } ?? true }
        }
    }
}

extension TableMeter.State {
    /// The part of an index; a local index shares its table's.
    mutating func withPart<Answer>(
        _ index: IndexDescriptor?, _ work: (inout TableMeter.Part) -> Answer
    ) -> Answer {
        guard let index, index.isGlobal else { return work(&self.whole) }
        if let place = self.indexes.firstIndex(where: { $0.index?.number == index.number }) {
            return work(&self.indexes[place])
        }
        self.indexes.append(TableMeter.Part(index: index))
        return work(&self.indexes[self.indexes.count - 1])
    }
}
