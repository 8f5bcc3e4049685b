internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import WireProtocols

/// Exports: looking up, and doing them step by step.
extension DynamoDBService {
    /// Compressed bytes of one data file; one file at a time is in memory.
    private static let fileBytesMax = 8 << 20

    /// The export with this ARN.
    func export(_ arn: String, _ context: RequestContext) async throws(ServiceError) -> ExportDescriptor {
        guard let reference = try CopyReference(arn, .export, context) else {
            throw DynamoDBError.exportNotFound(message: "Export not found: Invalid export arn")
        }
        guard let export = try await self.export(at: reference.key)?.export else {
            throw DynamoDBError.exportNotFound(message: "Export not found: Export not found: \(arn)")
        }
        return export
    }

    func export(at key: [UInt8]) async throws(ServiceError) -> (export: ExportDescriptor, version: CommitVersion)? {
        let read = try await storing { () throws(StorageError) in try await self.store.get([key], .forAnswer) }
        guard let record = read[0] else { return nil }
        guard let export = ExportDescriptor.decode(record.value) else { throw ServiceError(.corrupt("export")) }
        return (export, record.version)
    }

    /// One step of an export: reads a part of the log, or writes a file.
    /// - Returns: whether the export has ended.
    func exportStep(_ key: [UInt8]) async throws(ServiceError) -> Bool {
        guard let found = try await self.export(at: key), found.export.state == .inProgress else { return true }
        CrashPoint.reach("dynamodb.export.step")
        var export = found.export
        do throws(ServiceError) {
            if export.version == nil, try await !self.hasBucket(export.bucket) {
                try await self.fail(export, ObjectFailure.noBucket)
                return true
            }
            guard !export.isWhole else { return try await self.finish(export) }
            let writes = try await self.advance(&export, found.version)
            let batch = Batch(
                checks: [.unchanged(key, since: found.version)], writes: writes + [.set(key, export.encoded)])
            try await storing { () throws(StorageError) in _ = try await self.store.commit(batch) }
            return false
        } catch  where error.code == ObjectFailure.code {
            try await self.fail(export, ("S3InternalError", error.message))
            return true
        }
    }

    /// - Returns: the writes to commit together with the export's record.
    private func advance(
        _ export: inout ExportDescriptor, _ found: CommitVersion
    ) async throws(ServiceError) -> [Write] {
        guard let version = export.version else {
            // The record's version is still that of the commit that started the export.
            export.version = found
            try await self.put([], "_started", of: export)
            return []
        }
        if case .incremental(let from, let to, _) = export.extent, !export.hasReadLog {
            let window = WindowReader(store: self.store, export: export, from: from, to: to)
            export.hasReadLog = try await storing { () throws(StorageError) in try await window.readLog() }
            return []
        }
        return [try await self.writeFile(&export, startedBy: version)]
    }

    // Files

    /// Writes the next data file.
    /// - Returns: the write of its manifest line.
    private func writeFile(
        _ export: inout ExportDescriptor, startedBy version: CommitVersion
    ) async throws(ServiceError) -> Write {
        guard let deflater = GzipDeflater() else { throw ServiceError(.unavailable("no memory to compress")) }
        let filter = try validating { [export] () throws(ValidationFailure) in
            try export.filter?.compiled(export.table)
        }
        var file: [UInt8] = []
        var itemCount = 0
        repeat {
            var text: [UInt8] = []
            let slice = try await self.lines(&export, version, filter, to: &text)
            itemCount += slice.itemCount
            export.next = slice.next ?? []
            export.isWhole = slice.next == nil
            deflater.deflate(text, appendingTo: &file)
            await Task.yield()
        } while !export.isWhole && file.count < Self.fileBytesMax
        deflater.finish(appendingTo: &file)
        export.itemCount += itemCount
        let key = export.dataKey("\(Self.fileName(export.id, export.fileCount)).\(export.isIon ? "ion" : "json").gz")
        try await self.put(file, at: key, of: export)
        let line = ExportManifest.file(key: key, itemCount: itemCount, md5: ContentMD5.digest(file))
        defer { export.fileCount += 1 }
        return .set(BackupKeys.file(export.copy, export.fileCount), line)
    }

    /// The name is the same each time a file is written, so that an interrupted write is replaced.
    private static func fileName(_ id: String, _ index: Int) -> String {
        var digest = RequestDigest()
        digest.add(id)
        digest.add("\(index)")
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        return String(decoding: digest.bytes.prefix(26).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
    }

    /// Appends the lines of a slice.
    private func lines(
        _ export: inout ExportDescriptor, _ version: CommitVersion, _ filter: ExportFilter.Compiled?,
        to text: inout [UInt8]
    ) async throws(ServiceError) -> (itemCount: Int, next: [UInt8]?) {
        let place = export.next
        var itemCount = 0
        switch export.extent {
        case .full(let moment):
            let source = CopySource(
                contents: export.table.number,
                schema: export.table.schema,
                history: .init(
                    log: export.table.log,
                    moment: moment.map { .time($0) } ?? .version(version),
                    number: export.copy
                )
            )
            let reader = CopyReader(store: self.store, source: source)
            let slice = try await storing { () throws(StorageError) in try await reader.slice(from: place) }
            for (_, item) in slice.items {
                export.billedBytes += item.itemBytes
                guard let shown = filter.map({ $0.apply(item) }) ?? item else { continue }
                if export.isIon { ExportLines.ion(shown, to: &text) } else { ExportLines.full(shown, to: &text) }
                itemCount += 1
            }
            return (itemCount, slice.next)
        case .incremental(let from, let to, let withOldImages):
            let window = WindowReader(store: self.store, export: export, from: from, to: to)
            let slice = try await storing { () throws(StorageError) in try await window.slice(from: place) }
            for change in slice.changes {
                export.billedBytes += (change.old?.itemBytes ?? 0) + (change.new?.itemBytes ?? 0)
                guard let shown = filter.map({ $0.apply(change) }) ?? change else { continue }
                let line = export.isIon ? ExportLines.ionChanged : ExportLines.changed
                let keys = (change.new ?? change.old)?.filter { export.table.schema.contains($0) }
                line(shown, keys ?? AttributeMap(), withOldImages, &text)
                itemCount += 1
            }
            return (itemCount, slice.next)
        }
    }

    // The end

    /// Writes the manifests, the summary last: once it exists, everything exists.
    private func finish(_ export: ExportDescriptor) async throws(ServiceError) -> Bool {
        let files = try await self.lines(BackupKeys.files(export.copy))
        let end = self.clock.now()
        let summary = ExportManifest.summary(export, end: end)
        for (name, bytes) in [("manifest-files", files), ("manifest-summary", summary)] {
            try await self.put(Array(Base64.encode(ContentMD5.digest(bytes)).utf8), "\(name).md5", of: export)
            try await self.put(bytes, "\(name).json", of: export)
        }
        var done = export
        done.end(at: end)
        try await self.end(done)
        return true
    }

    private func fail(
        _ export: ExportDescriptor, _ failure: (code: String, message: String)
    ) async throws(ServiceError) {
        var failed = export
        failed.end(at: self.clock.now(), failure)
        try await self.end(failed)
    }

    private func end(_ export: ExportDescriptor) async throws(ServiceError) {
        let writes: [Write] = [
            .set(export.key, export.encoded), .delete(BackupKeys.work(.export, export.key)),
            .set(CatalogKeys.deletedTable(export.copy), []),
        ]
        try await self.endCopy(export.copy, of: export.table, writes)
    }

    // Objects

    private func put(_ bytes: [UInt8], _ name: String, of export: ExportDescriptor) async throws(ServiceError) {
        try await self.put(bytes, at: export.objectKey(name), of: export)
    }

    private func put(_ bytes: [UInt8], at key: String, of export: ExportDescriptor) async throws(ServiceError) {
        guard let location = ObjectLocation(bucket: export.bucket, key: key) else {
            throw ObjectFailure.error("The bucket or the prefix is not one of S3's")
        }
        try await transferring { () throws(ObjectError) in try await self.objects.put(bytes, at: location) }
    }
}
