internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// Number and size of the items of a table, or of the entries of an index.
///
/// Up to `countMax` items and `bytesMax` bytes they are counted. Beyond, they are extrapolated from the key at which
/// counting stopped: partitions are ordered by their hashes, so that the counted part is a known share of the whole.
/// (AWS's own numbers are up to six hours old.)
struct TableStatistics: Sendable, Equatable {
    static let countMax = 10_000
    static let bytesMax = 16 << 20
    /// With fewer partitions, an extrapolation would be meaningless; then the counted statistics are shown.
    static let estimatedPartitionsMin = 100

    var itemCount = 0
    var sizeBytes = 0

    /// Counts entries, in the order of their keys.
    struct Counter {
        private(set) var statistics = TableStatistics()
        private var partitionCount = 0
        private var lastPartition: ArraySlice<UInt8> = []

        /// - Returns: whether more entries may be counted.
        mutating func add(_ key: [UInt8], _ bytes: Int) -> Bool {
            let partition = key.prefix(KeyEncoder.partitionBytes).dropFirst(KeySpace.prefixBytes)
            if partition != self.lastPartition {
                self.partitionCount += 1
                self.lastPartition = partition
            }
            self.statistics.itemCount += 1
            self.statistics.sizeBytes += bytes
            return self.statistics.itemCount < TableStatistics.countMax
                && self.statistics.sizeBytes < TableStatistics.bytesMax
        }

        /// The extrapolated statistics of a table of which only the first part was counted.
        var estimate: TableStatistics {
            guard self.partitionCount >= TableStatistics.estimatedPartitionsMin else { return self.statistics }
            var place: UInt64 = 0
            for byte in self.lastPartition.prefix(8) { place = place << 8 | UInt64(byte) }
            guard place > 0 else { return self.statistics }
            let scale = 0x1p64 / Double(place)
            return TableStatistics(
                itemCount: Self.scaled(self.statistics.itemCount, scale),
                sizeBytes: Self.scaled(self.statistics.sizeBytes, scale)
            )
        }

        private static func scaled(_ count: Int, _ scale: Double) -> Int {
            Int(exactly: (Double(count) * scale).rounded()) ?? count
        }
    }
}

extension ItemStore {
    /// Counts the entries of a table or an index.
    ///
    /// `size` returns the size of a record; nil for a damaged one.
    func statistics(
        _ space: KeySpace, size: ([UInt8]) -> Int? = { AttributeMap(stored: $0)?.itemBytes }
    ) async throws(ServiceError) -> TableStatistics {
        var range = KeyRange(prefix: space.prefix)
        var counter = TableStatistics.Counter()
        while !range.isEmpty {
            let page = try await self.scan(
                range,
                limit: PageRequest.sliceCountMax,
                byteLimit: PageRequest.sliceBytesMax,
                reverse: false
            )
            for entry in page.entries {
                guard let bytes = size(entry.record.value) else { throw ServiceError(.corrupt("item")) }
                guard counter.add(entry.key, bytes) else { return counter.estimate }
            }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
            // The slices may come from memory, without suspension: this lets other tasks run between them.
            await Task.yield()
        }
        return counter.statistics
    }
}
