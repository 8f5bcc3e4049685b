internal import KeyValue
internal import ServiceModel

extension DynamoDBService {
    /// The values of a range of records, each as one line of a manifest.
    func lines(_ records: KeyRange) async throws(ServiceError) -> [UInt8] {
        var lines: [UInt8] = []
        var range = records
        while !range.isEmpty {
            let rest = range
            let page = try await storing { () throws(StorageError) in
                try await self.store.scan(
                    rest, limit: TableCatalog.sliceCountMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
            }
            for entry in page.entries { lines += entry.record.value + [UInt8(ascii: "\n")] }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        return lines
    }
}
