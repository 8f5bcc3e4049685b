internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// Reads, decides and commits items of tables with their index entries, in the same way for every operation.
final class ItemStore: Sendable {
    /// How often a decision is repeated because of concurrent writers.
    static let attemptsMax = 64

    let store: any OrderedStore
    let catalog: TableCatalog
    let meters: Meters
    let insights = KeyInsights()
    let replicationSignal = ReplicationSignal()
    let tokensInUse = TokensInUse()

    init(store: any OrderedStore, catalog: TableCatalog, meters: Meters) {
        self.store = store
        self.catalog = catalog
        self.meters = meters
    }

    /// An item, with its table from the same snapshot.
    struct Found: Sendable {
        let table: TableDescriptor
        let item: AttributeMap?
    }

    // Reading

    // The path of a single item consists of short functions that never wait, and of an asynchronous one that only
    // combines them: everything that lives in an asynchronous function is allocated for each request, including
    // temporary values of inlined code.

    /// The durable item under a key. The read's consistency only affects its price.
    func read(
        _ reference: TableReference, key: AttributeMap, _ consistency: CapacityUnits.ReadConsistency
    ) async throws(ServiceError) -> Found {
        for _ in 0..<Self.attemptsMax {
            let table = try await self.table(reference)
            let itemKey = try self.keyToRead(key, table.descriptor)
            if let read = try self.getAtOnce([itemKey], of: table, .forAnswer) {
                return try self.found(read, key, consistency, table.descriptor)
            }
            let waited = try await self.get([itemKey], of: table, reference, .forAnswer, .fromDisk)
            guard let read = waited else { continue }
            return try self.found(read, key, consistency, table.descriptor)
        }
        throw ServiceError(.conflict)
    }

    @inline(never)
    private func keyToRead(_ key: AttributeMap, _ table: TableDescriptor) throws(ServiceError) -> [UInt8] {
        try validating { () throws(ValidationFailure) in try KeyCheck.key(key, table.schema) }
        let itemKey = KeyEncoder.tableKey(table.space, table.schema, key)
        try self.admit(.read, key, table)
        return itemKey
    }

    @inline(never)
    private func found(
        _ read: ReadResult, _ key: AttributeMap, _ consistency: CapacityUnits.ReadConsistency, _ table: TableDescriptor
    ) throws(ServiceError) -> Found {
        let item = try Self.item(read[0])
        self.chargeRead(CapacityUnits.read(item, consistency), key, table)
        return Found(table: table, item: item)
    }

    /// Items under several keys of a table, from one snapshot; nil for an absent item.
    ///
    /// Not metered: the caller knows which of them it answers.
    func read(
        _ reference: TableReference, keys: [AttributeMap]
    ) async throws(ServiceError) -> (table: TableDescriptor, items: [AttributeMap?]) {
        for _ in 0..<Self.attemptsMax {
            let table = try await self.table(reference)
            var wanted: [[UInt8]] = []
            for key in keys {
                try validating { () throws(ValidationFailure) in try KeyCheck.key(key, table.descriptor.schema) }
                wanted.append(KeyEncoder.tableKey(table.descriptor.space, table.descriptor.schema, key))
            }
            guard Set(wanted).count == wanted.count else {
                throw .validation("Provided list of item keys contains duplicates")
            }
            guard let read = try await self.get(wanted, of: table, reference, .forAnswer) else { continue }
            var items: [AttributeMap?] = []
            for value in read.values { items.append(try Self.item(value)) }
            return (table.descriptor, items)
        }
        throw ServiceError(.conflict)
    }

    // Writing

    /// The change of one item, decided from its present state.
    enum Change: Sendable {
        case put(AttributeMap)
        case delete
        /// The item does not change; the answer still waits until the state that it is based on is durable.
        case none

        /// The item after the change.
        var item: AttributeMap? {
            if case .put(let item) = self { item } else { nil }
        }
    }

    /// Reads the item under a key, lets `decide` choose its change, and commits that durably.
    ///
    /// `key` extracts the key attributes from the request; it gets the table, so that the request can be checked first.
    /// `decide` must be pure: it is called again after a concurrent write. What it throws is reported once the state
    /// that it is based on is durable.
    func write<Answer: Sendable>(
        _ reference: TableReference,
        key: (TableDescriptor) throws(ServiceError) -> AttributeMap,
        decide: (TableDescriptor, AttributeMap?) throws(ServiceError) -> (Change, Answer)
    ) async throws(ServiceError) -> Answer {
        for attempt in 0..<Self.attemptsMax {
            let table = try await self.table(reference)
            let place = try self.place(key, table.descriptor, isMetered: attempt == 0)
            let step: WriteStep<Answer>
            if let read = try self.getAtOnce([place.key], of: table, .forDecision) {
                // A condition may look through a large item 150 times: the loop's other connections get their turn.
                // Nothing is held meanwhile, and the commit checks that what was read still stands.
                if read[0]?.value.count ?? 0 > PageRequest.sliceBytesMax { await Task.yield() }
                step = try self.step(decide, place, read, table)
            } else if let read = try await self.get([place.key], of: table, reference, .forDecision, .fromDisk) {
                step = try self.step(decide, place, read, table)
            } else {
                continue
            }
            if let batch = step.batch {
                guard try await self.commit(batch) else { continue }
            }
            return try self.conclude(step, place)
        }
        throw ServiceError(.conflict)
    }

    /// The location of a write's item.
    private struct WritePlace {
        /// Contains its key attributes.
        let item: AttributeMap
        let key: [UInt8]
    }

    /// What a write commits, and answers afterwards.
    private final class WriteStep<Answer: Sendable>: Sendable {
        /// nil when nothing needs to become durable first.
        let batch: Batch?
        let units: WriteUnits
        /// The item that is charged for, besides the key.
        let item: AttributeMap?
        let table: TableDescriptor
        let outcome: Result<Answer, ServiceError>

        init(
            _ batch: Batch?, _ units: WriteUnits, of item: AttributeMap?, _ table: TableDescriptor,
            _ outcome: Result<Answer, ServiceError>
        ) {
            self.batch = batch
            self.units = units
            self.item = item
            self.table = table
            self.outcome = outcome
        }
    }

    @inline(never)
    private func place(
        _ key: (TableDescriptor) throws(ServiceError) -> AttributeMap, _ table: TableDescriptor, isMetered: Bool
    ) throws(ServiceError) -> WritePlace {
        let item = try key(table)
        let place = WritePlace(item: item, key: KeyEncoder.tableKey(table.space, table.schema, item))
        if isMetered { try self.admit(.write, item, table) }
        return place
    }

    @inline(never)
    private func step<Answer: Sendable>(
        _ decide: (TableDescriptor, AttributeMap?) throws(ServiceError) -> (Change, Answer),
        _ place: WritePlace, _ read: ReadResult, _ table: TableCatalog.Snapshot
    ) throws(ServiceError) -> WriteStep<Answer> {
        let record = read[0]
        let existing = try Self.item(record)
        let itemCheck = Check.unchanged(place.key, since: record?.version)
        let change: Change
        let answer: Answer
        do throws(ServiceError) {
            (change, answer) = try decide(table.descriptor, existing)
        } catch {
            // The state that the refusal is based on must be durable before the client is told. A write whose condition
            // fails is charged for the existing item, or for the one that was to be put.
            return WriteStep(
                read.undurable.map { _ in Batch(checks: [itemCheck], readAsOf: read.asOf) },
                WriteUnits(existing, place.item), of: nil, table.descriptor, .failure(error))
        }
        let effects = Self.effects(change, at: place.key, existing, table.descriptor)
        try self.meters.admit(effects.units, table.descriptor)
        var batch: Batch?
        if !effects.writes.isEmpty || read.undurable != nil {
            batch = Batch(
                checks: [.unchanged(table.key, since: table.version), itemCheck], writes: effects.writes,
                logAppends: effects.logAppends, readAsOf: read.asOf)
        }
        return WriteStep(batch, effects.units, of: change.item ?? existing, table.descriptor, .success(answer))
    }

    @inline(never)
    private func conclude<Answer: Sendable>(
        _ step: WriteStep<Answer>, _ place: WritePlace
    ) throws(ServiceError) -> Answer {
        self.charge(step.units, place.item, step.item, step.table)
        return try step.outcome.get()
    }

    /// The effects of one item's change on the store.
    struct Effects: Sendable {
        /// The item and its index entries.
        var writes: [Write] = []
        /// The change itself, if the table keeps its changes.
        var logAppends: [LogAppend] = []
        /// The units that it consumes.
        var units: WriteUnits
    }

    /// `stamp` is the original time of a change that comes from a replica.
    static func effects(
        _ change: Change, at itemKey: [UInt8], _ existing: AttributeMap?, _ table: TableDescriptor,
        by actor: ChangeRecord.Actor = .caller, stamp: ReplicationStamp? = nil
    ) -> Effects {
        let new: AttributeMap?
        switch change {
        case .put(let item): new = item
        case .delete: new = nil
        case .none: return Effects(units: WriteUnits(existing, nil))
        }
        var effects = Effects(units: WriteUnits(existing, new))
        if new == nil && existing == nil { return effects }
        if table.replication != nil {
            // A write that changes nothing is not replicated, so it must not look like a later write.
            if actor != .replication, Self.isSame(existing, new) { return effects }
            if new == nil { effects.writes.append(Tombstone.write(ofItem: itemKey, stamp)) }
        }
        effects.writes.append(new.map { .set(itemKey, $0.measured.bytes, stamp: stamp) } ?? .delete(itemKey))
        for (place, index) in table.indexes.enumerated() where index.state != .deleting {
            let space = table.space(of: index)
            let oldKey = existing.flatMap { KeyEncoder.indexKey(space, index.schema, $0, baseKey: itemKey) }
            let newKey = new.flatMap { KeyEncoder.indexKey(space, index.schema, $0, baseKey: itemKey) }
            if let oldKey, oldKey != newKey { effects.writes.append(.delete(oldKey)) }
            let entry = newKey == nil ? nil : new.map { index.projected($0, table.schema) }
            if let newKey, let entry { effects.writes.append(.set(newKey, entry.measured.bytes)) }
            effects.units.add(place, table, (oldKey, existing), (newKey, entry))
        }
        for index in table.vectorIndexes where index.state != .deleting {
            effects.writes += index.writes(existing, new, at: itemKey, table)
        }
        effects.writes += table.expiry.writes(existing, new, at: itemKey, table.number)
        if table.keepsChanges, !Self.isSame(existing, new) {
            let record = ChangeRecord(old: existing, new: new, actor: actor)
            effects.logAppends.append(LogAppend(log: table.log, payload: record.encoded))
        }
        return effects
    }

    /// Whether the effects of a put depend on the item that it replaces.
    static func dependsOnExisting(_ table: TableDescriptor) -> Bool {
        !table.indexes.isEmpty || !table.vectorIndexes.isEmpty || table.expiry.attribute != nil || table.keepsChanges
            || table.replication != nil
    }

    /// Whether a write changes nothing, so that it appears in no stream.
    private static func isSame(_ old: AttributeMap?, _ new: AttributeMap?) -> Bool {
        guard let old, let new else { return false }
        return old == new || old.isEqual(to: new)
    }

    // The store

    func table(_ reference: TableReference) async throws(ServiceError) -> TableCatalog.Snapshot {
        if let known = self.tableAtOnce(reference) { return known }
        return try await self.tableInStore(reference)
    }

    /// The descriptor of a table that was read before.
    private func tableAtOnce(_ reference: TableReference) -> TableCatalog.Snapshot? {
        guard let known = self.catalog.cached(reference), self.catalog.servesItems(known.descriptor) else { return nil }
        return known
    }

    @inline(never)
    private func tableInStore(_ reference: TableReference) async throws(ServiceError) -> TableCatalog.Snapshot {
        guard let table = try await self.catalog.snapshot(reference), self.catalog.servesItems(table.descriptor) else {
            throw .resourceNotFound
        }
        return table
    }

    /// Reads items whose keys were encoded with a table's descriptor, at a moment at which the descriptor was current.
    ///
    /// The descriptor is read along with the items only if a commit may have changed it since it was last read. A store
    /// that other processes write to cannot tell, so there it is always read.
    /// - Returns: nil when the descriptor has changed; the keys must then be encoded again.
    @inline(never)
    func get(
        _ keys: [[UInt8]], of table: TableCatalog.Snapshot, _ reference: TableReference, _ mode: ReadMode,
        _ path: ReadPath = .memoryFirst
    ) async throws(ServiceError) -> ReadResult? {
        if !self.store.limits.isShared, self.store.isUntouched(table.key, since: table.currentAsOf) {
            let read = try await self.get(keys, mode, path)
            // Checked after the read, so that it holds for the moment of the read too.
            if self.store.isUntouched(table.key, since: table.currentAsOf) { return read }
        }
        let read = try await self.get([table.key] + keys, mode)
        guard try await self.catalog.isCurrent(table, reference, in: read) else { return nil }
        return ReadResult(values: Array(read.values.dropFirst()), asOf: read.asOf, undurable: read.undurable)
    }

    /// The same from memory only, and if the table is known to be unchanged.
    /// - Returns: nil when something would have to be waited for.
    @inline(never)
    private func getAtOnce(
        _ keys: [[UInt8]], of table: TableCatalog.Snapshot, _ mode: ReadMode
    ) throws(ServiceError) -> ReadResult? {
        guard !self.store.limits.isShared else { return nil }
        let read: ReadResult?
        do throws(StorageError) {
            read = try self.store.getCached(keys, mode)
        } catch {
            throw ServiceError(error)
        }
        // Checked after the read, so that it holds for the moment of the read too.
        return self.store.isUntouched(table.key, since: table.currentAsOf) ? read : nil
    }

    /// Where a read looks.
    enum ReadPath {
        case memoryFirst
        /// For callers that `getAtOnce` just had nothing for.
        case fromDisk
    }

    func get(
        _ keys: [[UInt8]], _ mode: ReadMode, _ path: ReadPath = .memoryFirst
    ) async throws(ServiceError) -> ReadResult {
        do throws(StorageError) {
            if path == .memoryFirst, let cached = try self.store.getCached(keys, mode) { return cached }
            return try await self.store.getFromDisk(keys, mode)
        } catch {
            throw ServiceError(error)
        }
    }

    /// - Returns: false when a check failed or a concurrent commit won, so that the caller must decide again.
    func commit(_ batch: Batch) async throws(ServiceError) -> Bool {
        do throws(StorageError) {
            try await self.store.commit(batch)
        } catch .checkFailed, .conflict {
            return false
        } catch {
            throw ServiceError(error)
        }
        if !batch.logAppends.isEmpty { self.replicationSignal.notify(batch.logAppends) }
        return true
    }

    func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(ServiceError) -> Page {
        do throws(StorageError) {
            if let page = try self.store.scanCached(range, limit: limit, byteLimit: byteLimit, reverse: reverse) {
                return page
            }
            return try await self.store.scanFromDisk(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
        } catch {
            throw ServiceError(error)
        }
    }

    /// The descriptor of a table, for reads of many items.
    func descriptor(_ reference: TableReference) async throws(ServiceError) -> TableDescriptor {
        guard let table = try await self.catalog.snapshot(reference), self.catalog.servesItems(table.descriptor) else {
            throw .resourceNotFound
        }
        return table.descriptor
    }

    static func item(_ record: Versioned?) throws(ServiceError) -> AttributeMap? {
        guard let record else { return nil }
        guard let item = AttributeMap(stored: record.value) else { throw ServiceError(.corrupt("item")) }
        return item
    }

    /// The item of one entry of a page, without copying it.
    static func item(_ entries: Page.Entries, at index: Int) throws(ServiceError) -> AttributeMap {
        guard let item = AttributeMap(stored: entries.bytes, in: entries.value(at: index)) else {
            throw ServiceError(.corrupt("item"))
        }
        return item
    }
}
