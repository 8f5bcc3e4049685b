package import DynamoDBStreamsModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
package import ServiceModel

extension DynamoDBStreamsService {
    /// "GetRecords can retrieve a maximum of 1 MB of data or 1000 stream records."
    static let recordCountMax = 1000
    static let recordBytesMax = 1 << 20
    /// Entries and bytes read at once; longer reads take several slices.
    private static let sliceCountMax = 100
    private static let sliceBytesMax = 64 << 10

    package func access(_ input: GetRecordsInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:GetRecords",
                resource: ShardIteratorSeal.streamARN(input.shardIterator) ?? "*"
            )
        ]
    }

    package func getRecords(
        _ input: GetRecordsInput, _ context: RequestContext
    ) async throws(ServiceError) -> GetRecordsOutput {
        let limit = try StreamLimit.check(input.limit, max: Self.recordCountMax)
        let iterator = try self.iterators.open(input.shardIterator)
        let name = try StreamNotes.Name(arn: iterator.streamARN, context)
        let now = try await self.streams.now()
        let stream = try await self.streams.stream(name, at: now)
        guard stream.tableNumber == iterator.tableNumber else { throw .streamNotFound(name) }
        let shards = StreamShards(stream: stream, milliseconds: self.shardMilliseconds)
        let shard = shards[iterator.shardIndex]
        // Determined before reading: what cannot be read then will never come.
        var isClosed = stream.end != nil
        if !isClosed { isClosed = try await self.streams.isSettled(shard.end) }
        let slice = try await self.slice(stream, shard, after: iterator.position, limit: limit, now)
        let isAtEnd = slice.isCut || (isClosed && !slice.hasMore)
        return GetRecordsOutput(
            records: try slice.entries.map { (entry) throws(ServiceError) in
                try Record(entry, of: stream, region: context.region)
            },
            nextShardIterator: isAtEnd
                ? nil
                : self.iterators.text(
                    ShardIterator(
                        streamARN: iterator.streamARN, tableNumber: iterator.tableNumber,
                        shardIndex: iterator.shardIndex, position: slice.position))
        )
    }

    /// The result of reading a part of a shard.
    private struct Slice {
        var entries: [LogEntry] = []
        /// The last position that was read.
        var position: LogPosition
        /// Whether more entries are readable already.
        var hasMore = false
        /// Whether an entry beyond the shard was read.
        var isCut = false
    }

    private func slice(
        _ stream: StoredStream, _ shard: StreamShards.Shard, after position: LogPosition, limit: Int, _ now: Timestamp
    ) async throws(ServiceError) -> Slice {
        var slice = Slice(position: position)
        var bytes = 0
        repeat {
            let page = try await self.streams.entries(
                stream.log, after: slice.position, limit: min(limit - slice.entries.count, Self.sliceCountMax),
                byteLimit: min(Self.recordBytesMax - bytes, Self.sliceBytesMax))
            slice.hasMore = page.hasMore
            // The log may continue without the stream; only now is it known where the stream ended.
            var end = stream.end
            if end == nil, !page.entries.isEmpty { end = try await self.streams.stream(stream.name, at: now).end }
            for entry in page.entries {
                guard entry.time < shard.end, entry.position.version <= end?.version ?? CommitVersion(.max) else {
                    slice.isCut = true
                    return slice
                }
                // The clock was set back: the entry belongs to the previous shard.
                guard entry.time >= shard.start else {
                    slice.position = entry.position
                    continue
                }
                guard entry.time >= now.streamHorizon else { throw .trimmed }
                slice.position = entry.position
                slice.entries.append(entry)
                bytes += entry.payload.count
            }
            // Lets other tasks on this thread run between the slices.
            if slice.hasMore { await Task.yield() }
        } while slice.hasMore && slice.entries.count < limit && bytes < Self.recordBytesMax
        return slice
    }
}

extension GetRecordsOutput: SizedOutput {
    package var heldBytes: Int {
        (self.records ?? []).reduce(0) { bytes, record in
            bytes + (record.dynamodb?.oldImage?.byteCount ?? 0) + (record.dynamodb?.newImage?.byteCount ?? 0)
        }
    }
}
