internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel

extension BulkDescriptor {
    /// A report with enough waiting entries to fill a file.
    var fullReport: BulkReport? {
        BulkReport.allCases.first { self.reports[$0].waitingBytes >= DynamoDBService.reportBytesMax }
    }

    /// A report with any waiting entries.
    fileprivate var waitingReport: BulkReport? {
        BulkReport.allCases.first { self.reports[$0].waiting < self.reports[$0].next }
    }
}

/// Bulk operations: the reports and the end.
extension DynamoDBService {
    /// The approximate size of a report's file in bytes, and of the waiting entries that the store holds at most.
    static let reportBytesMax = 8 << 20

    /// Writes the waiting entries to a file.
    ///
    /// If that was interrupted, the file is written again under the same name, beginning with the same entries.
    /// - Returns: nil when the operation's record was changed concurrently.
    func writeReport(_ report: BulkReport, _ found: StoredBulk) async throws(ServiceError) -> StoredBulk? {
        var own = found.own
        var progress = own.reports[report]
        var file: [UInt8] = []
        var writes: [Write] = []
        let first = progress.waiting
        while progress.waiting < progress.next, file.count < Self.reportBytesMax {
            let number = progress.waiting
            let keys = (0..<3).map { BulkKeys.entry(own.copy, report, number, part: UInt8($0)) }
            let read = try await storing { () throws(StorageError) in try await self.store.get(keys, .forAnswer) }
            guard let said = read[0],
                let entry = BulkEntry(said.value, item: read[1]?.value, existing: read[2]?.value)
            else { throw ServiceError(.corrupt("entry of a report")) }
            file += entry.line(report)
            for (key, value) in zip(keys, read.values) where value != nil { writes.append(.delete(key)) }
            progress.waiting += 1
            progress.waitingBytes = max(0, progress.waitingBytes - entry.bytes)
        }
        let key = own.objectKey("\(report.folder)/\(progress.fileCount + 1).json")
        try await self.put(file, at: key, of: own)
        let line = BulkManifest.file(report, key: key, itemCount: progress.waiting - first, file)
        writes.append(.set(BulkKeys.file(own.copy, report, progress.fileCount), line))
        progress.fileCount += 1
        own.reports[report] = progress
        return try await self.commit(own, found, writes)
    }

    /// Writes the rest of the reports, then the manifests, the summary last, and ends the operation.
    /// - Returns: whether it has ended.
    func endBulk(_ found: StoredBulk) async throws(ServiceError) -> Bool {
        if let report = found.own.waitingReport {
            _ = try await self.writeReport(report, found)
            return false
        }
        var own = found.own
        own.end = self.clock.now()
        if own.state == .cancelling {
            own.state = .cancelled
            own.failureCode = "OperationCancelled"
            own.failureMessage = "The bulk operation was cancelled by a request."
        } else {
            own.state = own.failedCount == 0 ? .completed : .completedWithErrors
        }
        let lines = try await self.lines(BulkKeys.files(own.copy))
        try await self.put(lines, at: own.objectKey("manifest-files.json"), of: own)
        try await self.put(BulkManifest.summary(own), at: own.objectKey("manifest-summary.json"), of: own)
        return try await self.end(own, found)
    }

    /// Ends an operation that cannot continue; the items that it put stay.
    func failBulk(_ key: [UInt8], _ code: String, _ message: String) async throws(ServiceError) -> Bool {
        guard let found = try await self.bulk(at: key), found.own.state.isUnderWay else { return true }
        var own = found.own
        own.end = self.clock.now()
        own.state = own.state == .cancelling ? .cancelled : .failed
        own.failureCode = code
        own.failureMessage = message
        return try await self.end(own, found)
    }

    private func end(_ own: BulkDescriptor, _ found: StoredBulk) async throws(ServiceError) -> Bool {
        let writes: [Write] = [
            .delete(BackupKeys.work(.bulk, own.key)), .set(CatalogKeys.deletedTable(own.copy), []),
        ]
        guard try await self.commit(own, found, writes) != nil else { return false }
        self.startDiscarding()
        return true
    }

    private func put(_ bytes: [UInt8], at key: String, of own: BulkDescriptor) async throws(ServiceError) {
        guard let location = ObjectLocation(bucket: own.output.bucket, key: key) else {
            throw ObjectFailure.error("The bucket or the prefix is not one of S3's")
        }
        try await transferring { () throws(ObjectError) in try await self.objects.put(bytes, at: location) }
    }
}
