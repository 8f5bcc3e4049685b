internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// Bulk operations: putting the items of one object.
extension DynamoDBService {
    /// Bytes of an object read at once.
    private static let readBytes = 256 << 10
    /// Records of one commit; after each, progress is stored and a cancellation takes effect.
    private static let batchCountMax = 100
    private static let batchBytesMax = 1 << 20

    /// Puts the items of an object, resuming where an earlier step stopped.
    ///
    /// Returns early when the operation's record was changed concurrently, or the server stops.
    func load(_ object: BulkObject, _ found: StoredBulk) async throws(ServiceError) {
        var held = found
        if held.own.place == nil {
            held.own.place = .init(key: object.location.key, offset: 0, recordCount: 0)
        }
        var load = BulkLoad(held.own)
        guard object.bytes <= Self.bulkObjectBytesMax else {
            load.give("The object is larger than \(Self.bulkObjectBytesMax) bytes")
            _ = try await self.put(&load, &held, object)
            return
        }
        var offset = 0
        // An uncompressed object need not be read from its start again.
        if held.own.input.form == nil { offset = held.own.place?.offset ?? 0 }
        while !load.isOver {
            let start = offset
            let piece = try await transferring { () throws(ObjectError) in
                try await self.objects.get(object.location, from: start, count: Self.readBytes)
            }
            offset += piece.count
            held.own.placeBytes = max(held.own.placeBytes, offset)
            if piece.isEmpty {
                load.finish()
                _ = try await self.put(&load, &held, object)
                return
            }
            let step = load.text.stepBytes(of: piece.count)
            for place in stride(from: 0, to: piece.count, by: step) where !load.isOver {
                let text = load.inflated(Array(piece[place..<min(place + step, piece.count)]))
                let partBytes = ObjectCompression.textBytes
                for first in stride(from: 0, to: text.count, by: partBytes) where !load.isOver {
                    load.take(Array(text[first..<min(first + partBytes, text.count)]))
                    guard try await self.put(&load, &held, object) else { return }
                }
                // What ended the object without a text.
                guard try await self.put(&load, &held, object) else { return }
                // Objects may come from memory, without suspension: this lets other tasks run between the pieces.
                await Task.yield()
            }
        }
    }

    /// Commits the buffered records as far as they fill commits; all of them when the object is over.
    /// - Returns: false when reading must stop for now.
    private func put(
        _ load: inout BulkLoad, _ held: inout StoredBulk, _ object: BulkObject
    ) async throws(ServiceError) -> Bool {
        while let batch = load.nextBatch(countMax: Self.batchCountMax, bytesMax: Self.batchBytesMax) {
            let ends = load.isOver && load.records.isEmpty
            guard try await self.put(batch, &held, endedBytes: ends ? object.bytes : nil) else { return false }
        }
        return true
    }

    /// Commits the results of some records, in order; `endedBytes` is the size of the object that they end.
    private func put(
        _ records: [BulkRecord], _ held: inout StoredBulk, endedBytes: Int?
    ) async throws(ServiceError) -> Bool {
        var rest = records[...]
        var countMax = max(1, records.count)
        var failureCount = 0
        while true {
            guard !Task.isCancelled else { return false }
            CrashPoint.reach("dynamodb.bulk.batch")
            let part = rest.prefix(countMax)
            let ended = part.count == rest.count ? endedBytes : nil
            switch try await self.attempt(part, held, endedBytes: ended) {
            case .done(let stored, let count, let units):
                held = stored
                rest = rest.dropFirst(count)
                failureCount = 0
                guard try await self.writeFullReports(&held) else { return false }
                await self.pause(units, held.own)
                if rest.isEmpty { return true }
            case .contested:
                // Smaller commits conflict with fewer writers.
                countMax = max(1, countMax / 2)
                failureCount += 1
                guard failureCount < ItemStore.attemptsMax else { throw ServiceError(.conflict) }
            case .superseded: return false
            }
        }
    }

    /// Waits as long as the written units take at the rate that the request sets.
    private func pause(_ units: Double, _ own: BulkDescriptor) async {
        guard let rate = own.unitsMax, units > 0 else { return }
        // Sleep throws only when the server stops, which is seen before the next commit.
        try? await Task.sleep(for: .seconds(units / Double(rate)))
    }

    /// - Returns: false when the operation's record was changed concurrently.
    private func writeFullReports(_ held: inout StoredBulk) async throws(ServiceError) -> Bool {
        while let report = held.own.fullReport {
            guard let stored = try await self.writeReport(report, held) else { return false }
            held = stored
        }
        return true
    }

    private enum Attempt {
        /// The new record, and how many of the records are done.
        case done(StoredBulk, count: Int, units: Double)
        /// A concurrent writer of an item, or of the table, won.
        case contested
        /// The operation's record was changed.
        case superseded
    }

    /// Puts items into the table as PutItem does; all of them and the operation's progress in one commit.
    ///
    /// DEVIATION: it consumes none of the table's capacity: AWS charges bytes, and does not document that it counts
    /// units.
    private func attempt(
        _ records: ArraySlice<BulkRecord>, _ held: StoredBulk, endedBytes: Int?
    ) async throws(ServiceError) -> Attempt {
        let table = try await self.items.table(held.own.table)
        guard table.descriptor.number == held.own.tableNumber else { throw .resourceNotFound }
        let planned = BulkDecision.plan(records, table.descriptor)
        let keys = planned.compactMap(\.key)
        let key = held.own.key
        guard let read = try await self.items.get([key] + keys, of: table, held.own.table, .forDecision) else {
            return .contested
        }
        guard read[0]?.version == held.version else { return .superseded }
        var decision = BulkDecision(held.own, table.descriptor)
        var checks = [held.check, Check.unchanged(table.key, since: table.version)]
        var place = 1
        for record in planned {
            guard let key = record.key else {
                decision.take(record, nil)
                continue
            }
            checks.append(.unchanged(key, since: read[place]?.version))
            decision.take(record, try ItemStore.item(read[place]))
            place += 1
        }
        if let endedBytes, planned.count == records.count { decision.endObject(bytes: endedBytes) }
        let batch = Batch(
            checks: checks, writes: decision.writes + [.set(key, decision.own.encoded)],
            logAppends: decision.logAppends, readAsOf: read.asOf)
        do throws(StorageError) {
            let version = try await self.store.commit(batch).version
            self.items.replicationSignal.notify(batch.logAppends)
            let stored = StoredBulk(own: decision.own, version: version)
            return .done(stored, count: planned.count, units: decision.units)
        } catch .checkFailed(let index) {
            return index == 0 ? .superseded : .contested
        } catch .conflict {
            return .contested
        } catch {
            throw ServiceError(error)
        }
    }
}

/// The state of reading one object.
private struct BulkLoad {
    /// Records that are not committed yet.
    private(set) var records: ArraySlice<BulkRecord> = []
    /// Whether the rest of the object is not read.
    private(set) var isOver = false
    private var lines: JSONRecords
    private var recordCount: Int
    private var offset: Int
    private let isIon: Bool
    let text: ObjectText
    private var hasEnded = false

    init(_ own: BulkDescriptor) {
        self.offset = own.place?.offset ?? 0
        self.isIon = own.input.isIon
        self.lines = JSONRecords(from: self.offset, isIon: own.input.isIon)
        self.recordCount = own.place?.recordCount ?? 0
        self.text = ObjectText(own.input.form)
    }

    /// The text of the next bytes of the object; empty if they cannot be decompressed, which ends it.
    mutating func inflated(_ bytes: [UInt8]) -> [UInt8] {
        do throws(ObjectFault) {
            return try self.text.next(bytes)
        } catch {
            self.give(error.reason)
            return []
        }
    }

    /// Adds the next part of the text.
    mutating func take(_ text: [UInt8]) {
        var found: [JSONRecords.Record] = []
        let isLawful = self.lines.take(text, to: &found)
        self.add(found)
        if !isLawful, !self.isOver { self.give("A record is longer than \(ImportRecords.recordBytesMax) bytes") }
    }

    /// Ends the object.
    mutating func finish() {
        do throws(ObjectFault) {
            try self.text.finish()
        } catch {
            return self.give(error.reason)
        }
        var found: [JSONRecords.Record] = []
        self.lines.finish(&found)
        self.add(found)
        self.isOver = true
    }

    private mutating func add(_ found: [JSONRecords.Record]) {
        for line in found where !self.isOver {
            self.recordCount += 1
            let record = BulkRecord(line, number: self.recordCount, isIon: self.isIon)
            self.offset = record.end
            self.records.append(record)
            if case .malformed = record.outcome { self.isOver = true }
        }
    }

    /// Adds an error after which the rest of the object is not read.
    mutating func give(_ reason: String) {
        self.recordCount += 1
        self.records.append(BulkRecord(malformed: reason, number: self.recordCount, end: self.offset))
        self.isOver = true
    }

    /// Removes and returns the records of a commit, once they fill one or the object is over; an empty batch ends an
    /// object.
    mutating func nextBatch(countMax: Int, bytesMax: Int) -> [BulkRecord]? {
        var bytes = 0
        var count = 0
        for record in self.records {
            guard count < countMax, bytes < bytesMax else { break }
            count += 1
            if case .put(let item, _) = record.outcome { bytes += item.byteCount }
        }
        let isFull = count == countMax || bytes >= bytesMax
        guard isFull || (self.isOver && !self.hasEnded) else { return nil }
        let batch = Array(self.records.prefix(count))
        self.records = self.records.dropFirst(count)
        if self.isOver, self.records.isEmpty { self.hasEnded = true }
        return batch
    }
}
