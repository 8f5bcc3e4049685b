package import DynamoDBModel
internal import KeyValue
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    /// The default number of exports or imports in one answer.
    /// - Source: as of `listExports`.
    static let listedTransfersMax = 10

    package func access(_ input: ListExportsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListExports", resource: "*")]
    }

    /// "In reverse alphanumeric order of ExportArn", of the last 90 days, whatever their status. For a table's ARN,
    /// lists the exports of the current table, not those of a deleted one.
    /// - Source: for the filter by table, answers recorded on AWS in October 2026 by a laboratory of the AWS
    ///   Controllers for Kubernetes.
    package func listExports(
        _ input: ListExportsInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListExportsOutput {
        var tableID: String?
        if let arn = input.tableARN {
            let table = try await self.catalog.snapshot(try TableReference(arn, context))
            tableID = table?.descriptor.tableID ?? ""
        }
        let (records, next) = try await self.transfers(
            .export, input.tableARN, after: input.nextToken, limit: input.maxResults ?? Self.listedTransfersMax, context
        ) { record in
            tableID.map { $0 == ExportDescriptor.decode(record)?.table.tableID } ?? true
        }
        var summaries: [ExportSummary] = []
        for record in records {
            guard let export = ExportDescriptor.decode(record) else { throw ServiceError(.corrupt("export")) }
            summaries.append(export.summary)
        }
        return ListExportsOutput(exportSummaries: summaries, nextToken: next)
    }

    /// Records of exports or imports in reverse order, and the token of the next page.
    func transfers(
        _ kind: BackupKeys.Kind, _ tableARN: String?, after token: String?, limit: Int, _ context: RequestContext,
        where isListed: ([UInt8]) -> Bool = { _ in true }
    ) async throws(ServiceError) -> (records: [[UInt8]], next: String?) {
        var range = BackupKeys.all(kind, context.account, context.region)
        if let tableARN { range = BackupKeys.all(kind, of: try TableReference(tableARN, context)) }
        if let token {
            let all = BackupKeys.all(kind, context.account, context.region)
            guard let key = TransferToken.key(token), all.contains(key) else {
                throw .validation("Invalid Request: Provided nextToken is invalid: \(token)")
            }
            // A token of another table yields an empty answer.
            guard range.contains(key) else { return ([], nil) }
            range = range.continued(from: key, reverse: true)
        }
        let oldest = self.clock.now().millisecondsSinceEpoch - ExportDescriptor.keptMilliseconds
        var records: [[UInt8]] = []
        var last: [UInt8] = []
        while !range.isEmpty {
            let rest = range
            let page = try await storing { () throws(StorageError) in
                try await self.store.scan(rest, limit: limit + 1, byteLimit: TableCatalog.sliceBytesMax, reverse: true)
            }
            for entry in page.entries where entry.record.time.millisecondsSinceEpoch >= oldest {
                guard isListed(entry.record.value) else { continue }
                guard records.count < limit else { return (records, TransferToken.text(last)) }
                records.append(entry.record.value)
                last = entry.key
            }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: true)
            // The pages may come from memory, without suspension: this lets other tasks run between them.
            await Task.yield()
        }
        return (records, nil)
    }
}

/// The position of a listing in the form that the model requires of `ImportNextToken`: at least 112 hexadecimal digits,
/// in groups of 16.
private enum TransferToken {
    private static let digitsMin = 112
    private static let group = 8

    static func text(_ key: [UInt8]) -> String {
        var bytes: [UInt8] = []
        BigEndian.append(UInt16(clamping: key.count), to: &bytes)
        bytes += key
        while bytes.count < self.digitsMin / 2 || !bytes.count.isMultiple(of: self.group) { bytes.append(0) }
        return Hex.encode(bytes)
    }

    /// - Returns: nil when the text is not such a token.
    static func key(_ text: String) -> [UInt8]? {
        guard let bytes = Hex.decode(text), let count = BigEndian.read(UInt16.self, from: bytes),
            bytes.count >= 2 + Int(count)
        else { return nil }
        return Array(bytes[2..<(2 + Int(count))])
    }
}
