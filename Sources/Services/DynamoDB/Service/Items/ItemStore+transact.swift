internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

extension ItemStore {
    /// One item of a transaction, before and after.
    struct TransactRow: Sendable {
        let table: TableDescriptor
        let existing: AttributeMap?
        let new: AttributeMap?
        /// The units of its write; nil when there is none.
        var units: WriteUnits?
    }

    /// The outcome of a transaction.
    struct TransactOutcome: Sendable {
        let rows: [TransactRow]
        /// Whether it was done before, under the same token, so that nothing was done now.
        let isReplay: Bool
    }

    /// The limit for all items of one transaction together: "4 MB".
    static let transactBytesMax = 4 << 20

    private enum Attempt {
        case done(TransactOutcome)
        /// A concurrent writer won; the contested action, if known.
        case contested(Int?)
    }

    /// The keys of items in their tables, and the tables' descriptors by which they were computed.
    private struct Places {
        /// Each table once.
        let tables: [(reference: TableReference, snapshot: TableCatalog.Snapshot)]
        let descriptors: [TableDescriptor]
        let keys: [[UInt8]]
    }

    // Reading

    /// Reads items of several tables from one snapshot.
    func readTogether(
        _ wanted: [(reference: TableReference, key: AttributeMap)]
    ) async throws(ServiceError) -> [Found] {
        for _ in 0..<Self.attemptsMax {
            let places = try await self.places(wanted.map(\.reference), wanted.map(\.key)) {
                (index, table) throws(ValidationFailure) in try KeyCheck.key(wanted[index].key, table.schema)
            }
            try self.admit(.read, places, wanted.map(\.key))
            guard let read = try await self.get(places, .forAnswer) else { continue }
            var found: [Found] = []
            for (table, value) in zip(places.descriptors, read.values) {
                let item = try Self.item(value)
                self.chargeRead(CapacityUnits.read(item, .transactional), wanted[found.count].key, table)
                found.append(Found(table: table, item: item))
            }
            guard !Self.isTooLarge(found.map { ($0.item, nil) }) else { throw .transactionTooLarge }
            return found
        }
        throw Cancellation.conflict(at: nil, of: wanted.count)
    }

    // Writing

    /// Reads every item from one snapshot, decides, and commits all checks and writes in one batch.
    func transact(
        _ actions: [TransactAction], token: IdempotencyToken?
    ) async throws(ServiceError) -> TransactOutcome {
        if let token { try self.tokensInUse.begin(token) }
        defer { if let token { self.tokensInUse.end(token) } }
        var contested: Int?
        for attempt in 0..<Self.attemptsMax {
            switch try await self.attempt(actions, token, isFirst: attempt == 0) {
            case .done(let outcome): return outcome
            case .contested(let index): contested = index
            }
        }
        throw Cancellation.conflict(at: contested, of: actions.count)
    }

    private func attempt(
        _ actions: [TransactAction], _ token: IdempotencyToken?, isFirst: Bool
    ) async throws(ServiceError) -> Attempt {
        let places = try await self.places(actions.map(\.reference), actions.map(\.key)) {
            (index, table) throws(ValidationFailure) in try actions[index].check(table)
        }
        if isFirst { try self.admit(.write, places, actions.map(\.key)) }
        guard let read = try await self.get(places, .forDecision) else { return .contested(nil) }
        let tableChecks = places.tables.map { Check.unchanged($0.snapshot.key, since: $0.snapshot.version) }
        let itemChecks = zip(places.keys, read.values).map { Check.unchanged($0, since: $1?.version) }
        let checks = itemChecks + tableChecks
        var existing: [AttributeMap?] = []
        for value in read.values { existing.append(try Self.item(value)) }
        let decision = await Self.decide(actions, existing, places.descriptors)
        guard case .success(let decisions) = decision else {
            // The state that the refusal is based on must be durable before the client is told.
            if read.undurable != nil {
                let batch = Batch(checks: checks, readAsOf: read.asOf)
                if case .contested(let index) = try await self.commitTogether(batch, actions.count) {
                    return .contested(index)
                }
            }
            // A repetition may be refused because of its own first time: a condition that no longer holds.
            if let token, try await self.wasDone(token, places.keys[0]) {
                let rows = zip(places.descriptors, existing).map { TransactRow(table: $0, existing: $1, new: $1) }
                return self.done(rows, isReplay: true)
            }
            for (table, item) in zip(places.descriptors, existing) {
                self.chargeTransactional(WriteUnits(item, nil), item, nil, table)
            }
            _ = try decision.get()
            return .contested(nil)
        }
        var rows: [TransactRow] = []
        var (writes, logAppends): ([Write], [LogAppend]) = ([], [])
        var failures: [ServiceError?] = []
        for (index, decision) in decisions.enumerated() {
            let table = places.descriptors[index]
            // Each of up to 25 indexes may hold a copy of a large item: as in `decide`.
            if decision.new?.byteCount ?? 0 > PageRequest.sliceBytesMax { await Task.yield() }
            let own = Self.effects(decision.change, at: places.keys[index], existing[index], table)
            writes += own.writes
            logAppends += own.logAppends
            failures.append(self.refusal(own.units, table))
            rows.append(
                TransactRow(table: table, existing: existing[index], new: decision.new, units: own.units))
        }
        if let cancellation = Cancellation.error(failures) { throw cancellation }
        if writes.isEmpty && token == nil && read.undurable == nil { return self.done(rows, isReplay: false) }
        let batch = Batch(checks: checks, writes: writes, logAppends: logAppends, token: token, readAsOf: read.asOf)
        switch try await self.commitTogether(batch, actions.count) {
        case .contested(let index): return .contested(index)
        case .committed(let isReplay): return self.done(rows, isReplay: isReplay)
        }
    }

    /// Charges the writes of a transaction; a repetition is charged as reads.
    private func done(_ rows: [TransactRow], isReplay: Bool) -> Attempt {
        for row in rows {
            if isReplay {
                self.meters.chargeRead(CapacityUnits.read(row.new, .transactional), row.table)
            } else {
                self.chargeTransactional(
                    row.units ?? WriteUnits(row.existing, row.new), row.existing, row.new, row.table)
            }
        }
        return .done(TransactOutcome(rows: rows, isReplay: isReplay))
    }

    /// Admits a transaction, or cancels it because of the items whose tables have no capacity left.
    private func admit(
        _ kind: CapacityKind, _ places: Places, _ keys: [AttributeMap]
    ) throws(ServiceError) {
        let failures = zip(places.descriptors, keys).map { self.refusal(kind, $1, $0)?.error }
        if let cancellation = Cancellation.error(failures) { throw cancellation }
    }

    /// Why the indexes that a write changes do not admit it; nil when they do.
    private func refusal(_ units: WriteUnits, _ table: TableDescriptor) -> ServiceError? {
        for entry in units.indexes where table.indexes[entry.index].isGlobal {
            if let throttled = self.meters.refusal(.write, table, table.indexes[entry.index]) { return throttled.error }
        }
        return nil
    }

    /// The decisions on all actions, or the reasons for cancelling.
    private static func decide(
        _ actions: [TransactAction], _ existing: [AttributeMap?], _ tables: [TableDescriptor]
    ) async -> Result<[TransactAction.Decision], ServiceError> {
        var decisions: [TransactAction.Decision] = []
        decisions.reserveCapacity(actions.count)
        var failures: [ServiceError?] = []
        for (index, action) in actions.enumerated() {
            // A condition may look through a large item 150 times: the loop's other connections get their turn. Nothing
            // is held meanwhile, and the commit checks that what was read still stands.
            if existing[index]?.byteCount ?? 0 > PageRequest.sliceBytesMax { await Task.yield() }
            do throws(ServiceError) {
                decisions.append(try action.decide(existing[index], tables[index]))
                failures.append(nil)
            } catch {
                failures.append(error)
            }
        }
        if let cancellation = Cancellation.error(failures) { return .failure(cancellation) }
        guard !self.isTooLarge(zip(existing, decisions.map(\.new))) else { return .failure(.transactionTooLarge) }
        return .success(decisions)
    }

    /// Whether the items, counting the larger of each pair, exceed the limit of a transaction. Small ones are not
    /// measured: the stored form has at least half the charged bytes.
    private static func isTooLarge(_ items: some Sequence<(AttributeMap?, AttributeMap?)>) -> Bool {
        let stored = items.reduce(0) { $0 + max($1.0?.byteCount ?? 0, $1.1?.byteCount ?? 0) }
        guard stored * 2 > self.transactBytesMax else { return false }
        return items.reduce(0) { $0 + max($1.0?.itemBytes ?? 0, $1.1?.itemBytes ?? 0) } > self.transactBytesMax
    }

    // The store

    /// Computes the items' keys, after `check` has checked each against its table.
    private func places(
        _ references: [TableReference], _ keys: [AttributeMap],
        check: (Int, TableDescriptor) throws(ValidationFailure) -> Void
    ) async throws(ServiceError) -> Places {
        // Searched linearly from the end: nearly all transactions have one or two tables, and none has more than a
        // hundred.
        var tables: [(reference: TableReference, snapshot: TableCatalog.Snapshot)] = []
        var tableIndexes: [Int] = []
        for reference in references {
            if let known = tables.lastIndex(where: { $0.reference == reference }) {
                tableIndexes.append(known)
            } else {
                tableIndexes.append(tables.count)
                tables.append((reference, try await self.table(reference)))
            }
        }
        var descriptors: [TableDescriptor] = []
        var itemKeys: [[UInt8]] = []
        var failures: [ServiceError?] = []
        for (index, tableIndex) in tableIndexes.enumerated() {
            let table = tables[tableIndex].snapshot.descriptor
            // Not a reason of one action: AWS refuses the request as a whole.
            try validating { () throws(ValidationFailure) in try ItemCheck.contents(keys[index], table) }
            do throws(ValidationFailure) {
                try check(index, table)
                descriptors.append(table)
                itemKeys.append(KeyEncoder.tableKey(table.space, table.schema, keys[index]))
                failures.append(nil)
            } catch {
                failures.append(.validation(error))
            }
        }
        guard !Self.hasRepetition(itemKeys) else {
            throw .validation("Transaction request cannot include multiple operations on one item")
        }
        if let cancellation = Cancellation.error(failures) { throw cancellation }
        return Places(tables: tables, descriptors: descriptors, keys: itemKeys)
    }

    /// Most transactions have few keys, and comparing those costs less than hashing.
    private static func hasRepetition(_ keys: [[UInt8]]) -> Bool {
        guard keys.count <= self.comparedCountMax else { return Set(keys).count < keys.count }
        return keys.indices.contains { index in keys[..<index].contains(keys[index]) }
    }

    private static let comparedCountMax = 8

    /// - Returns: nil when a table has changed, so that the keys must be computed again.
    private func get(_ places: Places, _ mode: ReadMode) async throws(ServiceError) -> ReadResult? {
        let read = try await self.get(places.tables.map(\.snapshot.key) + places.keys, mode)
        for (index, table) in places.tables.enumerated() {
            guard try await self.catalog.isCurrent(table.snapshot, table.reference, in: read, at: index) else {
                return nil
            }
        }
        let items = Array(read.values.dropFirst(places.tables.count))
        return ReadResult(values: items, asOf: read.asOf, undurable: read.undurable)
    }

    private enum Commit {
        case committed(isReplay: Bool)
        case contested(Int?)
    }

    /// The first `count` checks of the batch are those of the items.
    private func commitTogether(_ batch: Batch, _ count: Int) async throws(ServiceError) -> Commit {
        do throws(StorageError) {
            let isReplay = try await self.store.commit(batch).isReplay
            if !batch.logAppends.isEmpty { self.replicationSignal.notify(batch.logAppends) }
            return .committed(isReplay: isReplay)
        } catch .checkFailed(let index) {
            return .contested(index < count ? index : nil)
        } catch .conflict {
            return .contested(nil)
        } catch .tokenMismatch {
            throw .idempotentParameterMismatch
        } catch {
            throw ServiceError(error)
        }
    }

    /// Whether the store remembers the token.
    ///
    /// The token is looked up before the checks, so a commit with a check that can never hold tests for it and does
    /// nothing.
    private func wasDone(_ token: IdempotencyToken, _ key: [UInt8]) async throws(ServiceError) -> Bool {
        let batch = Batch(checks: [.unchanged(key, since: .zero)], token: token)
        guard case .committed = try await self.commitTogether(batch, 0) else { return false }
        return true
    }
}

extension ServiceError {
    fileprivate static let transactionTooLarge = ServiceError.validation(
        "Collection size of items exceeded, which can also be caused by the aggregate size of the items in the "
            + "transaction exceeding the 4MB limit"
    )

    static var idempotentParameterMismatch: ServiceError {
        DynamoDBError.idempotentParameterMismatch(
            message: "DynamoDB rejected the request because you retried a request with a different payload but with "
                + "an idempotent token that was already used."
        )
    }
}
