internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// Backfills one index with the items that are older than it, or empties one that was deleted.
///
/// From the commit that makes an index CREATING, every write of an item maintains it. So an item that is written during
/// the backfill needs nothing more: it is dropped from the job's commit, which checks that each item is unchanged.
struct IndexWorker: Sendable {
    /// Items that one commit adds, and their bytes.
    static let sliceCountMax = 100
    static let sliceBytesMax = 256 << 10
    /// Consecutive failures of the store after which the work waits for the next start, or until the store takes writes
    /// again, and the pause after each.
    static let failuresMax = 60
    static let pauseMilliseconds = 500

    let items: ItemStore
    let clock: any WallClock
    let tableNumber: UInt64
    let indexNumber: UInt16

    private enum Step {
        case more
        case done
        /// Nothing can be done for this time.
        case pause(milliseconds: Int64)
    }

    /// Either kind of index.
    private enum Index {
        case secondary(IndexDescriptor)
        case vector(VectorIndexDescriptor)

        var state: IndexState {
            switch self {
            case .secondary(let index): index.state
            case .vector(let index): index.state
            }
        }
    }

    private var markKey: [UInt8] { CatalogKeys.indexWork(self.tableNumber, self.indexNumber) }

    /// Works until the index is complete or deleted, or the task is cancelled; the rest is resumed after the next
    /// start.
    func run() async {
        var failureCount = 0
        while !Task.isCancelled, failureCount < Self.failuresMax {
            do throws(ServiceError) {
                switch try await self.step() {
                case .more: await Task.yield()
                case .done: return
                // Sleep throws only on cancellation, which the loop's condition sees.
                case .pause(let milliseconds): try? await Task.sleep(for: .milliseconds(milliseconds))
                }
                failureCount = 0
            } catch {
                failureCount += 1
                // As above.
                try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
            }
        }
    }

    private func step() async throws(ServiceError) -> Step {
        guard let record = try await self.items.get([self.markKey], .forAnswer)[0] else { return .done }
        guard let work = IndexWork(record.value) else { throw ServiceError(.corrupt("index work")) }
        guard let table = try await self.items.catalog.snapshot(work.table),
            table.descriptor.number == self.tableNumber, let index = self.index(table.descriptor),
            index.state != .active
        else {
            try await self.forget(record.version)
            return .done
        }
        if let transition = table.descriptor.transition, transition.kind == .updating {
            let wait = transition.end.millisecondsSinceEpoch - self.clock.now().millisecondsSinceEpoch
            if wait > 0 { return .pause(milliseconds: wait) }
        }
        if index.state == .creating { return try await self.fill(index, table, work, record.version) }
        try await self.empty(table.descriptor, work)
        return .done
    }

    private func index(_ table: TableDescriptor) -> Index? {
        if let index = table.indexes.first(where: { $0.number == self.indexNumber }) { return .secondary(index) }
        return table.vectorIndexes.first { $0.number == self.indexNumber }.map(Index.vector)
    }

    // Backfilling

    /// Adds the entries of the next items; makes the index ACTIVE when there are no more.
    private func fill(
        _ index: Index, _ table: TableCatalog.Snapshot, _ work: IndexWork, _ markVersion: CommitVersion
    ) async throws(ServiceError) -> Step {
        let whole = KeyRange(prefix: table.descriptor.space.prefix)
        let range = KeyRange(start: work.position ?? whole.start, end: whole.end)
        let page = try await self.items.scan(
            range, limit: Self.sliceCountMax, byteLimit: Self.sliceBytesMax, reverse: false)
        var entries: [(check: Check, writes: [Write])] = []
        for entry in page.entries {
            guard let item = try ItemStore.item(entry.record) else { continue }
            let writes = self.writes(index, item, at: entry.key, table.descriptor)
            if !writes.isEmpty { entries.append((.unchanged(entry.key, since: entry.record.version), writes)) }
        }
        guard let continuation = page.continuation else {
            guard try await self.commit(entries, table, work, markVersion) else { return .more }
            try await self.finish(work)
            return .done
        }
        var moved = work
        moved.position = continuation
        _ = try await self.commit(entries, table, moved, markVersion)
        return .more
    }

    private func writes(
        _ index: Index, _ item: AttributeMap, at itemKey: [UInt8], _ table: TableDescriptor
    ) -> [Write] {
        switch index {
        case .secondary(let index):
            let key = KeyEncoder.indexKey(table.space(of: index), index.schema, item, baseKey: itemKey)
            guard let key, key.count <= self.items.store.limits.keyBytesMax else { return [] }
            return [.set(key, index.projected(item, table.schema).measured.bytes)]
        case .vector(let index):
            return index.writes(nil, item, at: itemKey, table)
        }
    }

    /// - Returns: false when the table or the mark has changed, so that the step must be repeated.
    private func commit(
        _ entries: [(check: Check, writes: [Write])], _ table: TableCatalog.Snapshot, _ work: IndexWork,
        _ markVersion: CommitVersion
    ) async throws(ServiceError) -> Bool {
        let own: [Check] = [
            .unchanged(table.key, since: table.version), .unchanged(self.markKey, since: markVersion),
        ]
        var entries = entries
        while true {
            let batch = Batch(
                checks: own + entries.map(\.check),
                writes: entries.flatMap(\.writes) + [.set(self.markKey, work.encoded)])
            do throws(StorageError) {
                try await self.items.store.commit(batch)
                CrashPoint.reach("index.slice")
                return true
            } catch .checkFailed(let place) where place >= own.count {
                // The writer of the item has maintained the index. Each iteration drops one entry, so the loop ends.
                entries.remove(at: place - own.count)
            } catch .checkFailed, .conflict {
                return false
            } catch {
                throw ServiceError(error)
            }
        }
    }

    private func finish(_ work: IndexWork) async throws(ServiceError) {
        try await self.items.catalog.update(work.table, isByJob: true) { (table, writes) throws(ServiceError) in
            guard table.number == self.tableNumber else { return }
            if let place = table.indexes.firstIndex(where: { $0.number == self.indexNumber }) {
                // An index that has become DELETING is emptied next, with the same mark.
                guard table.indexes[place].state == .creating else { return }
                table.indexes[place].state = .active
            } else if let place = table.vectorIndexes.firstIndex(where: { $0.number == self.indexNumber }) {
                guard table.vectorIndexes[place].state == .creating else { return }
                table.vectorIndexes[place].state = .active
            }
            writes.append(.delete(self.markKey))
        }
    }

    // Emptying

    private func empty(_ table: TableDescriptor, _ work: IndexWork) async throws(ServiceError) {
        do throws(StorageError) {
            let space = KeySpace(table: self.tableNumber, index: self.indexNumber)
            try await self.items.store.discard(KeyRange(prefix: space.prefix))
        } catch {
            throw ServiceError(error)
        }
        try await self.items.catalog.update(work.table, isByJob: true) { (table, writes) throws(ServiceError) in
            guard table.number == self.tableNumber else { return }
            for index in table.indexes where index.number == self.indexNumber { table.insights[index.name] = nil }
            table.indexes.removeAll { $0.number == self.indexNumber }
            table.vectorIndexes.removeAll { $0.number == self.indexNumber }
            if self.indexNumber < VectorIndexDescriptor.numberMin {
                table.retiredIndexNumber = max(table.retiredIndexNumber, self.indexNumber)
            } else {
                table.retiredVectorIndexNumber = max(table.retiredVectorIndexNumber, self.indexNumber)
            }
            writes.append(.delete(self.markKey))
        }
    }

    private func forget(_ version: CommitVersion) async throws(ServiceError) {
        do throws(StorageError) {
            try await self.items.store.commit(
                Batch(checks: [.unchanged(self.markKey, since: version)], writes: [.delete(self.markKey)]))
        } catch .checkFailed {
            return
        } catch {
            throw ServiceError(error)
        }
    }
}
