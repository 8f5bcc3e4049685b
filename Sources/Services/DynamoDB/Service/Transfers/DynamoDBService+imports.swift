internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Telemetry

/// Imports: looking up, and doing them object by object.
extension DynamoDBService {
    /// "Each import job can take up to 50,000 Amazon S3 objects."
    private static let objectCountMax = 50_000
    /// Bytes of an object read at once.
    private static let readBytes = 256 << 10
    /// Items of one commit.
    private static let batchCountMax = 100
    private static let batchBytesMax = 1 << 20
    /// The limit on errors of one object that are logged.
    private static let loggedErrorsMax = 100

    /// The import with this ARN.
    func tableImport(_ arn: String, _ context: RequestContext) async throws(ServiceError) -> ImportDescriptor {
        guard let reference = try CopyReference(arn, .import, context),
            let found = try await self.tableImport(at: reference.key)
        else { throw DynamoDBError.importNotFound(message: "Import not found: \(arn)") }
        return found.own
    }

    func tableImport(
        at key: [UInt8]
    ) async throws(ServiceError) -> (own: ImportDescriptor, version: CommitVersion)? {
        let read = try await storing { () throws(StorageError) in try await self.store.get([key], .forAnswer) }
        guard let record = read[0] else { return nil }
        guard let own = ImportDescriptor.decode(record.value) else { throw ServiceError(.corrupt("import")) }
        return (own, record.version)
    }

    /// One step of an import: one object. If it was interrupted, it is imported again, and its items overwrite
    /// themselves.
    /// - Returns: whether the import has ended.
    func importStep(_ key: [UInt8]) async throws(ServiceError) -> Bool {
        guard let found = try await self.tableImport(at: key), found.own.state == .inProgress else { return true }
        CrashPoint.reach("dynamodb.import.step")
        var own = found.own
        do throws(ServiceError) {
            guard let object = try await self.nextObject(of: own) else {
                try await self.finish(&own)
                return true
            }
            own.objectCount += 1
            guard own.objectCount <= Self.objectCountMax else {
                try await self.end(&own, failure: ("S3ObjectCountExceeded", "There are too many objects to import."))
                return true
            }
            own.lastKey = object.key
            own.counts = own.counts + (try await self.load(object, for: own))
        } catch  where error.code == ObjectFailure.code {
            try await self.end(&own, failure: ("S3InternalError", error.message))
            return true
        }
        let batch = Batch(checks: [.unchanged(key, since: found.version)], writes: [.set(key, own.encoded)])
        try await storing { () throws(StorageError) in _ = try await self.store.commit(batch) }
        return false
    }

    private func nextObject(of own: ImportDescriptor) async throws(ServiceError) -> ObjectLocation? {
        let keys = try await transferring { () throws(ObjectError) in
            try await self.objects.list(
                bucket: own.bucket, prefix: own.prefix ?? "", startAfter: own.lastKey, limit: 1)
        }
        return keys.first.flatMap { ObjectLocation(bucket: own.bucket, key: $0) }
    }

    // One object

    /// Imports the items of an object.
    private func load(
        _ object: ObjectLocation, for own: ImportDescriptor
    ) async throws(ServiceError) -> ImportCounts {
        var load = ImportLoad(own)
        var offset = 0
        reading: while !load.isOver {
            let start = offset
            let piece = try await transferring { () throws(ObjectError) in
                try await self.objects.get(object, from: start, count: Self.readBytes)
            }
            offset += piece.count
            if piece.isEmpty {
                load.finish()
                try await self.put(&load, own)
                break
            }
            let step = load.text.stepBytes(of: piece.count)
            for place in stride(from: 0, to: piece.count, by: step) {
                let text = load.inflated(Array(piece[place..<min(place + step, piece.count)]))
                let partBytes = ObjectCompression.textBytes
                for first in stride(from: 0, to: text.count, by: partBytes) where !load.isOver {
                    load.take(Array(text[first..<min(first + partBytes, text.count)]))
                    if load.items.count >= Self.batchCountMax || load.itemBytes >= Self.batchBytesMax {
                        try await self.put(&load, own)
                    }
                }
                if load.isOver {
                    try await self.put(&load, own)
                    break reading
                }
                // Objects may come from memory, without suspension: this lets other tasks run between the pieces.
                await Task.yield()
            }
        }
        for error in load.errors.prefix(Self.loggedErrorsMax) {
            self.log.write(
                LogRecord(
                    time: self.clock.now(), level: .warning, message: "import of a table: \(error)",
                    members: [.init("importArn", .string(own.arn)), .init("object", .string(object.key))]
                )
            )
        }
        return load.counts
    }

    /// Writes the buffered items.
    private func put(_ load: inout ImportLoad, _ own: ImportDescriptor) async throws(ServiceError) {
        var batch: [AttributeMap] = []
        var bytes = 0
        for item in load.items {
            batch.append(item)
            bytes += item.byteCount
            guard batch.count >= Self.batchCountMax || bytes >= Self.batchBytesMax else { continue }
            try await self.put(batch, own)
            (batch, bytes) = ([], 0)
        }
        if !batch.isEmpty { try await self.put(batch, own) }
        load.clear()
    }

    /// The table is CREATING, so only the import writes to it.
    private func put(_ items: [AttributeMap], _ own: ImportDescriptor) async throws(ServiceError) {
        guard let target = try await self.catalog.snapshot(own.table.reference),
            target.descriptor.number == own.table.number
        else { throw .tableNotFound(own.table.reference) }
        let table = target.descriptor
        var keys: [[UInt8]] = []
        var last: [[UInt8]: AttributeMap] = [:]
        for item in items {
            let key = KeyEncoder.tableKey(table.space, table.schema, item)
            if last.updateValue(item, forKey: key) == nil { keys.append(key) }
        }
        // The keys of an import are unordered: looking up each one in a large table takes longer than writing it.
        let existing = ItemStore.dependsOnExisting(table) ? try await self.existing(keys) : nil
        var writes: [Write] = []
        for (index, key) in keys.enumerated() {
            guard let item = last[key] else { continue }
            writes += ItemStore.effects(.put(item), at: key, try ItemStore.item(existing?[index]), table).writes
        }
        let batch = Batch(checks: [.unchanged(target.key, since: target.version)], writes: writes)
        try await storing { () throws(StorageError) in _ = try await self.store.commit(batch) }
    }

    private func existing(_ keys: [[UInt8]]) async throws(ServiceError) -> ReadResult {
        try await storing { () throws(StorageError) in try await self.store.get(keys, .forAnswer) }
    }

    // The end

    private func finish(_ own: inout ImportDescriptor) async throws(ServiceError) {
        if own.objectCount == 0, try await !self.hasBucket(own.bucket) {
            try await self.removeTable(of: own)
            return try await self.end(&own, failure: ObjectFailure.noBucket)
        }
        guard own.counts.errors == 0 else {
            let message =
                "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs "
                + "for more details."
            return try await self.end(&own, failure: ("ItemValidationError", message))
        }
        try await self.end(&own, failure: nil)
    }

    /// Deletes the table of an import whose bucket does not exist: on AWS no table is created then.
    private func removeTable(of own: ImportDescriptor) async throws(ServiceError) {
        for _ in 0..<TableCatalog.attemptsMax {
            guard let table = try await self.catalog.snapshot(own.table.reference),
                table.descriptor.number == own.table.number
            else { return }
            guard try await self.catalog.delete(own.table.reference, table) else { continue }
            return self.startDiscarding()
        }
        throw TableCatalog.tooManyChanges
    }

    /// Makes the table ACTIVE with the imported items, in the commit that ends the import.
    private func end(
        _ own: inout ImportDescriptor, failure: (code: String, message: String)?
    ) async throws(ServiceError) {
        own.end(at: self.clock.now(), failure)
        let number = own.table.number
        let end: [Write] = [.set(own.key, own.encoded), .delete(BackupKeys.work(.import, own.key))]
        do throws(ServiceError) {
            try await self.catalog.update(own.table.reference) { (table, writes) in
                if table.number == number { table.isBeingFilled = false }
                writes += end
            }
        } catch  where error.code == "ResourceNotFoundException" {
            try await storing { () throws(StorageError) in _ = try await self.store.commit(Batch(writes: end)) }
        }
    }
}

/// The state of importing one object.
private struct ImportLoad {
    /// Items not written yet, and their bytes.
    private(set) var items: [AttributeMap] = []
    private(set) var itemBytes = 0
    private(set) var counts = ImportCounts()
    private(set) var errors: [String] = []
    /// Whether the rest of the object is not read.
    private(set) var isOver = false
    /// The splitter of the text into records: exactly one of the two is set.
    private var json: JSONRecords?
    private var csv: ImportRecords?
    private var parser: ImportParser
    let text: ObjectText
    private var isAtStart = true

    init(_ own: ImportDescriptor) {
        switch own.format {
        case .json: self.json = JSONRecords()
        case .ion: self.json = JSONRecords(isIon: true)
        case .csv: self.csv = ImportRecords()
        }
        self.parser = ImportParser(own.table, own.format)
        self.text = ObjectText(own.compression)
    }

    /// Empties the buffer after its items were written.
    mutating func clear() {
        self.items = []
        self.itemBytes = 0
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
    mutating func take(_ part: [UInt8]) {
        var text = part
        self.counts.processedBytes += text.count
        if self.isAtStart, !text.isEmpty {
            self.isAtStart = false
            // A byte order mark is not part of the text.
            if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
        }
        var objects: [JSONRecords.Record] = []
        var found: [[UInt8]] = []
        let isLawful = self.json?.take(text, to: &objects) ?? self.csv?.take(text, to: &found) ?? true
        self.parse(objects.map(\.bytes) + found)
        if !isLawful, !self.isOver { self.give("A record is longer than \(ImportRecords.recordBytesMax) bytes") }
    }

    /// Ends the object.
    mutating func finish() {
        do throws(ObjectFault) {
            try self.text.finish()
        } catch {
            return self.give(error.reason)
        }
        var objects: [JSONRecords.Record] = []
        var found: [[UInt8]] = []
        self.json?.finish(&objects)
        self.csv?.finish(&found)
        self.parse(objects.map(\.bytes) + found)
    }

    private mutating func parse(_ found: [[UInt8]]) {
        for record in found where !self.isOver {
            switch self.parser.parse(record) {
            case .item(let item):
                self.counts.processedItems += 1
                self.counts.importedItems += 1
                self.items.append(item)
                self.itemBytes += item.byteCount
            case .refused(let reason):
                self.counts.processedItems += 1
                self.note(reason)
            case .malformed(let reason):
                self.counts.processedItems += 1
                self.give(reason)
            case .header: break
            }
        }
    }

    /// Adds an error after which the rest of the object is not read.
    private mutating func give(_ reason: String) {
        self.note(reason)
        self.isOver = true
    }

    private mutating func note(_ reason: String) {
        self.counts.errors += 1
        if self.errors.count < Self.keptErrorsMax { self.errors.append(reason) }
    }

    private static let keptErrorsMax = 100
}
